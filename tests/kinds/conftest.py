"""Kinds from outside: put where those of the house are, for tests and for the engine's process."""

from __future__ import annotations

import shutil
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.engine import exports, writers
from custom_components.med_exporter.engine.export_types import EXPORT_TYPES
from custom_components.med_exporter.engine.formats import FORMATS
from custom_components.med_exporter.engine.job import GivenTable
from custom_components.med_exporter.engine.readings.fields import Kind
from custom_components.med_exporter.engine.rows.tables import Column
from custom_components.med_exporter.engine.tariff import kinds
from custom_components.med_exporter.exports import engine_process
from custom_components.med_exporter.inventory import GIVEN
from tests.file_exports import set_up

if TYPE_CHECKING:
    from types import ModuleType

HERE = Path(__file__).parent
ENGINE = Path(engine_process.__file__).parents[1] / "engine"


@pytest.fixture
async def jobs(hass_with_recorder, tmp_path):
    jobs = await set_up(hass_with_recorder, tmp_path / "config")
    yield jobs
    await jobs.async_close()


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """Return the engine's own folder, to which a test adds, as the one that processes start."""
    copy = tmp_path / "engine"
    shutil.copytree(ENGINE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    # It asks for the words of the forms beside it.
    (tmp_path / "translations").symlink_to(ENGINE.with_name("translations"))
    monkeypatch.setattr(engine_process, "_ENGINE", copy / "__main__.py")
    return copy


def add(kind: str, package: ModuleType, engine: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Put a kind beside those of a package, for this process and for the engine's."""
    room = Path(*package.__name__.partition(".engine.")[2].split("."))
    shutil.copytree(HERE / room, engine / room, dirs_exist_ok=True)
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(HERE / room)])
    return import_module(f"{package.__name__}.{kind}")


def write(file: Path, *lines: str) -> None:
    """Add what stands in a list of the house to that of the engine's process."""
    with file.open("a") as list_:
        list_.writelines(f"{line}\n" for line in lines)


@pytest.fixture
def toy_format(engine, monkeypatch):
    module = add("toy", writers, engine, monkeypatch)
    write(engine / "formats.py", "from .writers import toy", "FORMATS[toy.FORMAT.id] = toy.FORMAT")
    monkeypatch.setitem(FORMATS, "toy", module.FORMAT)


@pytest.fixture
def toy_type(engine, monkeypatch):
    module = add("toy_answer", exports, engine, monkeypatch)
    write(
        engine / "export_types.py",
        "from .exports import toy_answer as toy",
        "EXPORT_TYPES[toy.EXPORT_TYPE.id] = toy.EXPORT_TYPE",
    )
    monkeypatch.setitem(EXPORT_TYPES, "toy_answer", module.EXPORT_TYPE)

    async def who_asks(hass, request, user):
        columns = (Column("who", Kind.TEXT),)
        name = "nobody" if user is None else "somebody"
        return (GivenTable(name="who", columns=columns, rows=((name,),)),)

    monkeypatch.setitem(GIVEN, "toy_answer", who_asks)


@pytest.fixture
def moon(engine, monkeypatch):
    module = add("moon", kinds, engine, monkeypatch)
    write(
        engine / "tariff" / "kinds" / "__init__.py",
        "from . import moon",
        "KINDS[moon.KIND.name] = moon.KIND",
    )
    monkeypatch.setitem(kinds.KINDS, "moon", module.KIND)

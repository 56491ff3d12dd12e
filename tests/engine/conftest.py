"""A recorder-like database and one plug, for the engine's tests."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from custom_components.med_exporter.engine.job import Job, JobDevice, Options
from custom_components.med_exporter.engine.readings.fields import FIELDS
from custom_components.med_exporter.engine.recorder.manner import USUAL, Manner
from custom_components.med_exporter.engine.run import run_job

from ..servers import KINDS, new_database
from .recorder_database import RecorderDatabase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from custom_components.med_exporter.engine.readings.part import Second
    from custom_components.med_exporter.engine.results import Result

FRIDGE = JobDevice(
    device_id="fridge-id",
    device_ip="192.0.2.10",
    device_name="Fridge",
    rated_power=150.0,
    plug_id="50c7bf000010",
    entities={
        "power_w": "sensor.fridge_power",
        "voltage": "sensor.fridge_voltage",
        "current": "sensor.fridge_current",
        "energy_total_kwh": "sensor.fridge_energy",
        "is_on": "switch.fridge",
    },
)
WASHER = JobDevice(
    device_id="washer-id",
    device_ip="192.0.2.11",
    device_name="Washing machine",
    entities={"power_w": "sensor.washer_power", "energy_total_kwh": "sensor.washer_energy"},
)
MUCH_LATER = 4_000_000_000.0


def at(text: str, zone: str = "UTC") -> float:
    """Return UTC seconds of a local time such as 2026-03-29 01:30."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[RecorderDatabase]:
    """An empty recorder database in a SQLite file."""
    database = RecorderDatabase.in_folder(tmp_path)
    yield database
    database.close()


@pytest.fixture(scope="module", params=["sqlite", *KINDS])
def any_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, database_server
):
    """A recorder-like database on each kind of server that is installed."""
    if request.param == "sqlite":
        database = RecorderDatabase.in_folder(tmp_path_factory.mktemp("sqlite"))
        yield database
        database.close()
        return
    with new_database(database_server(request.param)) as url:
        database = RecorderDatabase(url)
        yield database
        database.close()


@pytest.fixture
def database(any_database: RecorderDatabase) -> RecorderDatabase:
    """The same, empty."""
    any_database.clear()
    return any_database


class Exports:
    """Makes jobs and runs them.

    Args:
        recorder: where the states are.
        folder: where files go.
    """

    def __init__(self, recorder: RecorderDatabase, folder: Path) -> None:
        self.recorder = recorder
        self.folder = folder
        folder.mkdir()

    def job(self, **changes: Any) -> Job:
        """Return a job for one UTC day of the fridge, with changes."""
        values: dict[str, Any] = {
            "export_type": "device_data",
            "format": "json",
            "devices": (FRIDGE,),
            "start": at("2026-01-10 00:00"),
            "end": at("2026-01-11 00:00"),
            "timezone": "UTC",
            "aggregation": "raw",
            "fields": tuple(FIELDS),
            "path": str(self.folder / "export"),
        }
        return Job(**(values | changes))

    @staticmethod
    def options(**changes: Any) -> Options:
        """Return options with changes."""
        return Options(**changes)

    def run(
        self,
        job: Job,
        now: float = MUCH_LATER,
        manner: Manner = USUAL,
        second: Second | None = None,
    ) -> Result:
        """Make a job's file in this process."""
        return run_job(
            job, self.recorder.connect, lambda *_: None, lambda: False,
            now=now, manner=manner, second=second,
        )  # fmt: skip

    def content(self, now: float = MUCH_LATER, **changes: Any) -> bytes:
        """Return what is in the file of a job."""
        job = self.job(**changes)
        self.run(job, now)
        return Path(job.path).read_bytes()

    def rows(self, now: float = MUCH_LATER, **changes: Any) -> list[dict[str, Any]]:
        """Return the rows of a job's JSON file."""
        return json.loads(self.content(now, **changes))["data"]

    def left(self) -> list[str]:
        """Return the names of what lies in the folder."""
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def exports(recorder: RecorderDatabase, tmp_path: Path) -> Exports:
    """Exports from the recorder database."""
    return Exports(recorder, tmp_path / "exports")

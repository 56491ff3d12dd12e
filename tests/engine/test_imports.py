"""The engine stands alone: it runs where nothing of Home Assistant can be imported."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ENGINE = Path(__file__).parents[2] / "custom_components/med_exporter/engine"
ALLOWED = {
    *sys.stdlib_module_names, "sqlalchemy", "orjson", "openpyxl", "reportlab", "sqlglot",
    "arabic_reshaper", "bidi", "mashumaro",
}  # fmt: skip
MODULES = sorted(ENGINE.rglob("*.py"))


def absolute_imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add((node.module or "").partition(".")[0])
    return found


def run_alone(script: str) -> subprocess.CompletedProcess[str]:
    """Without this process's environment: a measurement of coverage would load libraries."""
    return subprocess.run(
        [sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True, env={}
    )


def test_the_rule_looks_at_all_modules():
    assert {"run.py", "worker.py", "codec.py", "content.py", "writer.py"} <= {
        p.name for p in MODULES
    }


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ENGINE)))
def test_a_module_imports_only_what_the_engine_may(path: Path):
    assert absolute_imports(path) <= ALLOWED


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ENGINE)))
def test_relative_imports_stay_inside_the_engine(path: Path):
    depth = len(path.relative_to(ENGINE).parts)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level <= depth


def test_loading_the_whole_engine_loads_no_home_assistant():
    script = f"""
import runpy, sys
runpy.run_path({str(ENGINE / "__main__.py")!r})["_load_package"]()
import importlib
for name in ("process.worker", "run", "database.connections", "codec"):
    importlib.import_module("med_exporter_engine." + name)
from med_exporter_engine.export_types import EXPORT_TYPES
from med_exporter_engine.formats import FORMATS
for one in EXPORT_TYPES.values():
    one.work()
for one in FORMATS.values():
    one.writer()
print([name for name in ("homeassistant", "voluptuous", "probatio") if name in sys.modules])
print([path for path in sys.path if "med_exporter" in path])
"""
    shown = run_alone(script)
    assert shown.stdout.splitlines() == ["[]", "[]"]


def test_describing_jobs_and_formats_loads_no_library():
    """The manager does so in the event loop."""
    script = f"""
import runpy, sys
runpy.run_path({str(ENGINE / "__main__.py")!r})["_load_package"]()
import med_exporter_engine.job, med_exporter_engine.formats, med_exporter_engine.export_types
libraries = ("sqlalchemy", "sqlite3", "orjson", "csv", "mashumaro")
print([name for name in libraries if name in sys.modules])
"""
    shown = run_alone(script)
    assert shown.stdout.strip() == "[]"


def test_a_process_of_the_engine_loads_no_numpy():
    """openpyxl would, and it weighs as much as all other libraries of a CSV."""
    script = f"""
import runpy, sys
runpy.run_path({str(ENGINE / "__main__.py")!r})["_load_package"]()
from med_exporter_engine.process import lines
lines.prepare("sqlite://", [], [])
from med_exporter_engine.formats import FORMATS
for one in FORMATS.values():
    one.writer()
print(bool(sys.modules.get("openpyxl")), bool(sys.modules.get("numpy")))
"""
    assert run_alone(script).stdout.strip() == "True False"


def test_home_assistant_starts_without_what_only_makes_files():
    script = f"""
import sys
sys.path.insert(0, {str(ENGINE.parents[2])!r})
import custom_components.med_exporter
makers = ("run", "spool", "output", "preview", "filling", "privacy")
print([name for name in makers if f"custom_components.med_exporter.engine.{{name}}" in sys.modules])
"""
    assert run_alone(script).stdout.strip() == "[]"

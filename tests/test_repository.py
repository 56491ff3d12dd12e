"""The rules that hold for the repository as a whole."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import tomllib
from graphlib import TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent

# Written in pieces, so that this file does not itself hold what it looks for.
PACKAGE_REGISTRIES = [
    ".".join(labels)
    for labels in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("crates", "io"),
        ("rubygems", "org"),
        ("docker", "io"),
        ("ghcr", "io"),
        ("quay", "io"),
        ("unpkg", "com"),
        ("jsdelivr", "net"),
    )
]
NOT_PART_OF_THE_PROJECT = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\.\./" + "shared",
        "/work/" + "(main|shared)",
        r"\b(CONTRACT|FACTS|DESIGN|brief)" + r"\.md\b",
        r"\bissues? " + r"#?\d",
        r"\b(clau" + "de|anthro" + "pic|chat" + "gpt|open" + r"ai)\b",
    )
]

MOST_LINES = 400
LONGER_FOR_A_REASON: dict[str, str] = {}


def _files() -> dict[str, str]:
    """Return the text of every file of the repository, by its path: tracked ones and new ones."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    files = {}
    for name in filter(None, listed.split("\0")):
        try:
            files[name] = (ROOT / name).read_text(encoding="utf-8")
        except (FileNotFoundError, IsADirectoryError, UnicodeDecodeError):
            continue
    return files


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return _files()


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_no_file_names_the_host_of_a_package_registry(files: dict[str, str]) -> None:
    naming = [
        f"{name}: {host}"
        for name, text in files.items()
        for host in PACKAGE_REGISTRIES
        if host in text.lower()
    ]
    assert naming == []


def test_no_file_speaks_of_what_is_not_part_of_the_project(files: dict[str, str]) -> None:
    speaking = [
        f"{name}: {found.group()}"
        for name, text in files.items()
        for pattern in NOT_PART_OF_THE_PROJECT
        if (found := pattern.search(text))
    ]
    assert speaking == []


def test_every_module_starts_with_the_future_import(files: dict[str, str]) -> None:
    """Annotations are then never evaluated, alike on every supported Python."""
    without = []
    for name, text in files.items():
        if not name.endswith(".py") or not text.strip():
            continue
        statements = ast.parse(text).body
        if ast.get_docstring(ast.Module(statements, [])) is not None:
            statements = statements[1:]
        first = statements[0] if statements else None
        # A package whose only content is its docstring has nothing to annotate.
        if first is not None and ast.unparse(first) != "from __future__ import annotations":
            without.append(name)
    assert without == []


def test_no_modules_import_each_other_in_a_circle(files: dict[str, str]) -> None:
    """Neither at run time nor for types: who wants to read one would have to read all of them."""
    paths = {
        name.removesuffix(".py").removesuffix("/__init__").replace("/", "."): name
        for name in files
        if name.startswith("custom_components/") and name.endswith(".py")
    }
    imports: dict[str, set[str]] = {module: set() for module in paths}
    for module, path in paths.items():
        package = module if path.endswith("__init__.py") else module.rpartition(".")[0]
        for node in ast.walk(ast.parse(files[path])):
            if isinstance(node, ast.ImportFrom):
                place = resolve_name("." * node.level + (node.module or ""), package)
                named = {f"{place}.{alias.name}" for alias in node.names}
                imports[module] |= {one if one in paths else place for one in named}
    assert sum(map(len, imports.values())) > len(paths)
    # Raises a CycleError that names the circle.
    TopologicalSorter(imports).prepare()


def test_each_table_is_described_once(files: dict[str, str]) -> None:
    """Our own and the recorder's: both sides of the house read the same description."""
    described: dict[str, list[str]] = {}
    for name, text in files.items():
        if not name.startswith("custom_components/") or not name.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(text)):
            match node:
                case ast.Call(
                    func=ast.Name(id="table" | "Table"), args=[ast.Constant(value=str(table)), *_]
                ):
                    described.setdefault(table, []).append(name)
    assert {"states", "statistics", "med_exporter_exports"} <= set(described)
    assert {table: names for table, names in described.items() if len(names) > 1} == {}


def test_the_threads_of_the_recorder_are_asked_only_where_the_stop_waits_for_them(
    files: dict[str, str],
) -> None:
    """It closes their connections under them as it ends, which takes the whole process down."""
    asked = re.compile(r"instance(?:\(.*\))?\.async_add_executor_job")
    assert {
        name
        for name, text in files.items()
        if name.startswith("custom_components/") and name.endswith(".py") and asked.search(text)
    } == {
        "custom_components/med_exporter/database/reading.py",
        "custom_components/med_exporter/exports/worker.py",
    }


def test_files_stay_short_enough_to_read(files: dict[str, str]) -> None:
    too_long = {
        name: lines
        for name, text in files.items()
        # A test reads as a specification, from top to bottom, however much there is to specify.
        if not name.startswith("tests/")
        and (name.endswith((".py", ".js", ".bash")) or name.startswith((".ci/", "scripts/")))
        and (lines := len(text.splitlines())) > MOST_LINES
        and name not in LONGER_FOR_A_REASON
    }
    assert too_long == {}


def test_hacs_knows_every_key_of_its_file_and_the_oldest_home_assistant(
    pyproject: dict[str, Any],
) -> None:
    hacs = json.loads((ROOT / "hacs.json").read_text(encoding="utf-8"))
    known = {"content_in_root", "country", "filename", "hacs", "hide_default_branch"}
    known |= {"homeassistant", "name", "persistent_directory", "render_readme", "zip_release"}
    assert set(hacs) <= known
    assert hacs["name"] == "MED Exporter"
    # What the branch and a tag hold can be installed as it is, before the first release too.
    assert "zip_release" not in hacs
    (tested,) = [
        requirement.removeprefix("homeassistant>=")
        for requirement in pyproject["project"]["dependencies"]
        if requirement.startswith("homeassistant")
    ]
    assert hacs["homeassistant"].split(".")[:2] == tested.split(".")[:2]


def test_the_licence_is_the_one_that_the_project_names(pyproject: dict[str, Any]) -> None:
    assert pyproject["project"]["license"] == "Apache-2.0"
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in licence
    assert "END OF TERMS AND CONDITIONS" in licence

"""What is left of the machine for engines, and for a second process of one."""

from __future__ import annotations

import os

import pytest

from custom_components.med_exporter.engine.process import processors as module
from custom_components.med_exporter.engine.process.processors import (
    is_there_room,
    places,
    yield_to_all,
)


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Return what makes a machine of so many processors, with a quota and free memory."""

    def make(processors=4, quota="max 100000", free="2000000 kB", limit="max", used=0):
        monkeypatch.setattr(os, "process_cpu_count", lambda: processors)
        for name, text in (
            ("_QUOTA", quota), ("_MEMORY", f"MemTotal:   3000000 kB\nMemAvailable:   {free}\n"),
            ("_LIMIT", f"{limit}\n"), ("_LIMITED", f"anon {used}\nfile 500000000\n"),
        ):  # fmt: skip
            path = tmp_path / name
            path.write_text(text)
            monkeypatch.setattr(module, name, path)

    return make


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        ({}, True),
        ({"processors": 2}, True),
        ({"processors": 1}, False),
        ({"processors": None}, False),
        ({"quota": "200000 100000"}, True),
        ({"quota": "150000 100000"}, False),
        ({"free": "100000 kB"}, False),
        ({"limit": "1000000000", "used": 400_000_000}, True),
        ({"limit": "1000000000", "used": 800_000_000}, False),
    ],
)
def test_room_is_two_processors_and_memory(machine, of, expected):
    machine(**of)
    assert is_there_room() is expected


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        ({"processors": 4}, 3),
        ({"processors": 2}, 1),
        ({"processors": 1}, 1),
        ({"processors": None}, 1),
        ({"quota": "300000 100000"}, 2),
        ({"quota": "250000 100000"}, 1),
        ({"quota": "50000 100000"}, 1),
    ],
)
def test_one_processor_is_left_to_home_assistant(machine, of, expected):
    machine(**of)
    assert places() == expected


def test_where_the_system_tells_nothing_there_is_room(machine, monkeypatch, tmp_path):
    machine()
    for name in ("_QUOTA", "_MEMORY", "_LIMIT", "_LIMITED"):
        monkeypatch.setattr(module, name, tmp_path / "missing")
    assert is_there_room()


@pytest.mark.parametrize(("processors", "expected"), [(2, False), (4, True)])
def test_without_idle_processes_a_third_processor_is_needed(
    machine, monkeypatch, processors, expected
):
    def refuse(*_):
        raise OSError(38, "Function not implemented")

    machine(processors)
    given = []
    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    monkeypatch.setattr(os, "nice", given.append)
    assert yield_to_all() is expected
    assert given == [19]

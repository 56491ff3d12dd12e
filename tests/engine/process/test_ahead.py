"""A second process makes things ahead, and where it does not, nothing is lost."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.med_exporter.engine.costs.plug_ledger import PlugLedger
from custom_components.med_exporter.engine.exports.device_data import rows as rows_module
from custom_components.med_exporter.engine.job import Job, JobDevice, Options
from custom_components.med_exporter.engine.process import ahead
from custom_components.med_exporter.engine.process.ahead import can_work_ahead, made_ahead
from custom_components.med_exporter.engine.readings import gathered as module
from custom_components.med_exporter.engine.readings.from_states import readings
from custom_components.med_exporter.engine.readings.gathered import gathered
from custom_components.med_exporter.engine.recorder.states import Recorder
from custom_components.med_exporter.engine.rows.spool import Spool

from ..recorder_database import RecorderDatabase

POWER = "sensor.power"
START, END = 1000.0, 3000.0
DEVICE = JobDevice(device_id="one", device_ip="", device_name="one", entities={"power_w": POWER})
VALUES = st.none() | st.floats(allow_nan=False) | st.text(max_size=5)

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")


@settings(deadline=None, max_examples=10)
@given(st.lists(st.tuples(st.lists(VALUES, max_size=9), st.floats(0, 9))))
def test_what_is_made_there_comes_here(values):
    with made_ahead(lambda: values) as made:
        assert list(made) == values


def test_it_is_made_by_another_process_that_is_gone_afterwards():
    with made_ahead(lambda: [os.getpid()]) as made:
        (there,) = made
    assert there != os.getpid()
    with pytest.raises(ProcessLookupError):
        os.kill(there, 0)


def test_one_that_nobody_waits_for_ends():
    def endless():
        while True:
            yield "x" * 100_000

    with made_ahead(endless) as made:
        next(made)
    with pytest.raises(ZeroDivisionError), made_ahead(endless):
        raise ZeroDivisionError


def test_where_it_fails_what_came_is_there():
    def broken():
        yield 1
        yield 2
        raise ZeroDivisionError

    with made_ahead(broken) as made:
        assert list(made) == [1, 2]


@pytest.fixture
def _judged_anew():
    """Let the load be looked at again, which a process does once."""
    ahead._was_idle.cache_clear()
    yield
    ahead._was_idle.cache_clear()


@pytest.mark.usefixtures("_judged_anew")
@pytest.mark.parametrize(
    ("processors", "quota", "load", "expected"),
    [
        (2, None, 0.9, True),
        (2, None, 1.1, False),
        (4, "max 100000", 2.9, True),
        (4, "150000 100000", 0.9, False),
        (4, "300000 100000", 0.9, True),
        (1, None, 0.1, False),
    ],
)
def test_only_an_idle_processor_is_used(monkeypatch, tmp_path, processors, quota, load, expected):
    """A container may have less than the machine; one is what this process itself takes."""
    limit = tmp_path / "cpu.max"
    if quota is not None:
        limit.write_text(f"{quota}\n")
    monkeypatch.setattr(ahead, "_QUOTA", limit)
    monkeypatch.setattr(os, "process_cpu_count", lambda: processors)
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0))
    assert can_work_ahead() is expected
    # What this process does meanwhile is load too.
    monkeypatch.setattr(os, "getloadavg", lambda: (99.0, 0.0, 0.0))
    assert can_work_ahead() is expected
    # In Home Assistant itself the main thread has other things to do.
    with ThreadPoolExecutor() as executor:
        assert executor.submit(can_work_ahead).result() is False


class TestStates:
    @pytest.fixture
    def recorder(self, tmp_path, monkeypatch):
        for name, value in {"_LEAST_STATES": 1, "_LEAST_AHEAD": 1, "_PAGE_SIZE": 50}.items():
            monkeypatch.setattr(module, name, value)
        database = RecorderDatabase.in_folder(tmp_path)
        database.add(POWER, [(START + n, n) for n in range(2000)], "W")
        yield Recorder(database.connect)
        database.close()

    def asked(self, recorder, monkeypatch, *, ahead):
        monkeypatch.setattr(module, "can_work_ahead", lambda: ahead)
        span = (START, END)
        with gathered(recorder, (DEVICE,), *span, None) as one_pass:
            found = readings(recorder, DEVICE, PlugLedger(), span, lambda _: None, None, one_pass)
            return list(found)

    def test_are_read_by_a_second_process_with_the_same_readings(self, recorder, monkeypatch):
        here = self.asked(recorder, monkeypatch, ahead=False)
        assert len(here) == 2000
        calls = []

        def notice(make):
            calls.append(make)
            return made_ahead(make)

        monkeypatch.setattr(module, "made_ahead", notice)
        assert self.asked(recorder, monkeypatch, ahead=True) == here
        assert len(calls) == 1

    def test_are_read_here_from_where_the_second_process_fails(self, recorder, monkeypatch):
        def failing(make):
            def some():
                for number, value in enumerate(make()):
                    if number == 3:
                        os._exit(9)
                    yield value

            return made_ahead(some)

        here = self.asked(recorder, monkeypatch, ahead=False)
        monkeypatch.setattr(module, "made_ahead", failing)
        assert self.asked(recorder, monkeypatch, ahead=True) == here


class TestRows:
    COUNT = 45

    @pytest.fixture
    def made(self, tmp_path, monkeypatch):
        """Return the rows of a shelf as a table has them, made ahead or here."""
        monkeypatch.setattr(rows_module, "_LEAST_AHEAD", self.COUNT)
        job = Job(
            export_type="device_data", format="csv", devices=(DEVICE,), start=START, end=END,
            timezone="UTC", aggregation="raw", fields=("timestamp", "device_name", "energy_kwh"),
            path=str(tmp_path / "out.csv"), options=Options(chunk_size=10, decimal_places=1),
        )  # fmt: skip

        def make(*, ahead):
            monkeypatch.setattr(rows_module, "can_work_ahead", lambda: ahead)
            with Spool(job, END, tmp_path / "spool") as spool:
                # The first piece is larger than a buffer, the last is not on the disk.
                spool.put([(START + n, 0, n / 7) for n in range(self.COUNT)])
                return list(rows_module.table_of(job, spool, self.COUNT).chunks)

        return make

    def test_are_rounded_by_a_second_process_to_the_same(self, made, monkeypatch):
        here = made(ahead=False)
        assert sum(len(chunk[0]) for chunk in here) == self.COUNT
        calls = []

        def notice(make):
            calls.append(make)
            return made_ahead(make)

        monkeypatch.setattr(rows_module, "made_ahead", notice)
        assert made(ahead=True) == here
        assert len(calls) == 1

    def test_are_rounded_here_from_where_the_second_process_fails(self, made, monkeypatch):
        """What was rounded there counts in the running totals of what is rounded here."""

        def failing(make):
            def some():
                for number, value in enumerate(make()):
                    if number == 2:
                        os._exit(9)
                    yield value

            return made_ahead(some)

        here = made(ahead=False)
        monkeypatch.setattr(rows_module, "made_ahead", failing)
        assert made(ahead=True) == here

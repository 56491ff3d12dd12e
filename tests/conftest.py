"""What all tests share: Home Assistant with a recorder, loopback sockets, emulated plugs."""

from __future__ import annotations

import asyncio
import logging
import socket
from shutil import rmtree
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
import pytest_socket
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from hypothesis import HealthCheck, settings
from pytest_homeassistant_custom_component import common

import custom_components.med_exporter  # noqa: F401  (else Home Assistant does not find it)
from custom_components.med_exporter.clocks import certain as certain_clock
from custom_components.med_exporter.delivery.records import Delivery
from custom_components.med_exporter.engine import codec
from custom_components.med_exporter.engine.job import Job
from custom_components.med_exporter.exports import files
from custom_components.med_exporter.history.records import ExportRecord
from custom_components.med_exporter.schedules.records import Schedule
from tests.file_exports import add_plug, set_up
from tests.pushing import House

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from freezegun.api import FrozenDateTimeFactory
    from homeassistant.core import HomeAssistant

    from custom_components.med_exporter.exports.jobs import JobManager
    from tests.file_exports import Plug

pytest_plugins = [
    "tests.metering_points",
    "tests.mosquitto",
    "tests.other_home",
    "tests.plug_emulator.fixtures",
    "tests.servers",
    "tests.influxdb",
    "tests.victoriametrics",
]

# A busy machine is no mistake of the code.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# New examples each time, on a machine where somebody sees what they find.
settings.register_profile("house", _PATIENT, derandomize=False)
# A change is judged by itself: always the same examples.
settings.register_profile("push", _PATIENT, derandomize=True)
# New examples from a seed that the run prints.
settings.register_profile("nightly", _PATIENT, derandomize=False, print_blob=True)
settings.load_profile("house")

# What reads a time is made for the class of times that it meets: not for that of a stopped clock.
codec.prepare(Job, ExportRecord, files._About, Schedule, Delivery)

_REAL_GETADDRINFO = socket.getaddrinfo


@pytest.fixture(autouse=True)
def name_resolution(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tests resolve names, which the test kit forbids before each one."""
    monkeypatch.setattr(socket, "getaddrinfo", _REAL_GETADDRINFO)


@pytest.fixture(autouse=True)
async def enable_event_loop_debug(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the loop check who calls it, but keep no stack of where each future was made: slow."""
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    # The loop's own checks do not ask; futures, tasks and handles do, and keep a whole stack each.
    monkeypatch.setattr(loop, "get_debug", lambda: False)


@pytest.fixture(autouse=True)
def time_server(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Say that the machine's clock is kept by a time server, whichever runs the tests.

    Nor does the machine go on where the Home Assistant of a test stops: its clock is a false one.
    """
    kept = [True]
    monkeypatch.setattr(certain_clock, "machine_run", lambda: None)
    monkeypatch.setattr(certain_clock, "is_set_by_time_server", lambda: kept[-1])
    return kept


@pytest.fixture(autouse=True)
def hass_config_dir(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Give each Home Assistant a folder of its own: files and keys of another are adopted."""
    folder = tmp_path_factory.mktemp("configuration")
    # The oldest test kit asks for no fixture.
    monkeypatch.setattr(common, "get_test_config_dir", lambda *more: str(folder.joinpath(*more)))
    yield str(folder)
    rmtree(folder, ignore_errors=True)


@pytest.fixture
def persistent_database(request: pytest.FixtureRequest) -> bool:
    """Keep the recorder's database in a file, as a house does; a mark lets it be in memory."""
    return request.node.get_closest_marker("engine_in_thread") is None


@pytest.fixture
async def recorder_mock(recorder_config, async_test_recorder, hass):
    """A recorder that is closed as in a house: after the integration has heard of the stop."""
    async with async_test_recorder(hass, recorder_config) as instance:
        yield instance
        hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
        await hass.async_block_till_done()


@pytest.fixture
def hass_with_recorder(recorder_mock, enable_custom_integrations, hass):
    """Home Assistant with a recorder, and custom integrations."""
    return hass


@pytest.fixture(autouse=True)
def broadcast_addresses() -> Iterator[list[str]]:
    """Search for plugs on loopback only; a test adds addresses to the list it gets."""
    addresses: list[str] = []

    async def loopback(hass):
        return set(addresses)

    with patch("homeassistant.components.network.async_get_ipv4_broadcast_addresses", loopback):
        yield addresses


# What is the same on every Home Assistant: it knows of none, or shows what our own code endures.
# Elsewhere each destination and each server of the recorder's database is met on both.
_CANNOT_DIFFER = (
    "tests/costs/test_costs_servers.py",
    "tests/dashboards/",
    "tests/destinations/home_assistant/test_accidents.py::test_killed",
    "tests/destinations/home_assistant/test_whole.py",
    "tests/destinations/influxdb/",
    "tests/destinations/jeedom/",
    "tests/destinations/mqtt/test_bad_lines.py",
    "tests/destinations/mqtt/test_opening.py",
    "tests/destinations/test_hostile_servers.py",
    "tests/destinations/victoriametrics/",
    "tests/engine/",
    "tests/flows/test_contract_kinds.py::TestPeakOffPeak::test_mistakes",
    "tests/flows/test_contract_kinds.py::TestTempo::test_a_wrong_price",
    "tests/flows/test_contract_kinds.py::TestTiers::test_mistakes",
    "tests/flows/test_period_options.py::TestTimeOfUse::test_mistakes",
    "tests/ledger/test_conservation.py",
    "tests/ledger/test_ledger_conservation.py",
    "tests/ledger/test_ledger_servers.py",
    "tests/ledger/test_weight.py",
    "tests/live/test_demo.py::TestCheckOfSums::test_a_changed_row",
    "tests/live/test_push_home.py",
    "tests/live/test_real_home.py::test_a_",
    "tests/live/test_real_home.py::test_sigkill",
    "tests/meters/test_meters_servers.py",
    "tests/plug_emulator_test/",
    "tests/pushes/test_closed.py",
    "tests/pushes/test_corrections.py",
    "tests/pushes/test_date_range.py",
    "tests/pushes/test_lost.py",
    "tests/pushes/test_outage.py",
    "tests/pushes/test_servers.py",
    "tests/pushes/test_watermarks.py",
    "tests/pushes/test_zones.py",
    "tests/real_home_test/",
    "tests/schedules/test_scheduler.py::test_a_year",
    "tests/sources/test_ecowatt.py",
    "tests/sources/test_rte.py",
    "tests/sources/test_tempo",
    "tests/test_documentation",
)
# But what is asked of SQLite, whose release comes with the Python, and how the engine starts.
_CAN_DIFFER = (
    "tests/engine/formulas/test_against_python.py",
    "tests/engine/database/test_connections.py",
    "tests/engine/test_imports.py",
    "tests/engine/ledger/",
    "tests/engine/readings/test_from_states.py",
    "tests/engine/recorder/test_states.py",
    "tests/engine/test_run.py",
    "tests/engine/recorder/test_statistics.py",
    "tests/engine/process/test_worker.py::TestFailures",
    "tests/engine/process/test_worker.py::TestRefusals",
    "tests/engine/process/test_worker.py::TestWork::test_gives_the_same",
    "tests/test_documentation_examples.py::TestActions",
)
# Of one test's examples the first will do, but where they are platforms, actions, servers or kinds.
_EACH_CAN_DIFFER = (
    "tests/database/",
    "tests/destinations/test_",
    "tests/live/",
    "tests/pushes/test_runtime.py",
    "tests/test_blueprints.py",
    "tests/test_device_trigger.py",
    "tests/test_doors.py",
    "tests/test_rights.py",
    "tests/test_services.py",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run on the oldest Home Assistant leave out what cannot differ there."""
    parser.addoption(
        "--what-can-differ", action="store_true", help="leave out what knows no Home Assistant"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the longest tests first, so that no processor waits for them at the end."""
    if config.getoption("what_can_differ"):
        left_out = list(_left_out(items))
        config.hook.pytest_deselected(items=left_out)
        out = set(left_out)
        items[:] = [item for item in items if item not in out]
    items.sort(key=lambda item: item.get_closest_marker("live") is None)


def _left_out(items: list[pytest.Item]) -> Iterator[pytest.Item]:
    """Yield what runs on one Home Assistant alone."""
    met: set[str] = set()
    for item in items:
        name, _, example = item.nodeid.partition("[")
        is_one_more = example and name in met and not name.startswith(_EACH_CAN_DIFFER)
        met.add(name)
        if is_one_more or (name.startswith(_CANNOT_DIFFER) and not name.startswith(_CAN_DIFFER)):
            yield item


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):  # pytest gives it by its name
    """Let reports be sent between processes, whatever Home Assistant has logged."""
    report = yield
    report.sections = [
        (name, text.encode("utf-8", "replace").decode()) for name, text in report.sections
    ]
    return report


def pytest_configure() -> None:
    """Open the sockets that the test kit closes: tests speak to real servers on loopback."""
    pytest_socket.disable_socket = pytest_socket.socket_allow_hosts = lambda *_, **__: None
    # Keep the database's own log out of failure reports.
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


@pytest.fixture
async def jobs(hass_with_recorder: HomeAssistant, tmp_path: Path) -> AsyncIterator[JobManager]:
    """The exports of an installation, whose files lie below `tmp_path`."""
    jobs = await set_up(hass_with_recorder, tmp_path)
    yield jobs
    # The test kit closes the recorder before it stops Home Assistant.
    await jobs.async_close()


@pytest.fixture
def fridge(jobs: JobManager, hass: HomeAssistant) -> Plug:
    """A plug that is on and draws 80 W."""
    plug = add_plug(hass, "Fridge", "192.168.1.100")
    plug.reads(power_w=80, energy_total_kwh=1, is_on="on")
    return plug


@pytest.fixture
async def paper_house(
    hass_with_recorder: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> House:
    """The integration without entries, at noon in Paris on 20 November 2026."""
    house = House(hass_with_recorder, freezer, monkeypatch)
    await house.set_up()
    return house

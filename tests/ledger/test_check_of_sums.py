"""scripts/check_sums, on a night of a plug that is read, cut off, and read again."""

from __future__ import annotations

import json
import sqlite3
import struct
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import Mock

import pytest
from homeassistant.components.recorder.tasks import StatisticsTask
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import get_instance

from custom_components.med_exporter.database.commit import async_commit
from custom_components.med_exporter.ledger import DATA_LEDGER
from scripts.sum_books import Books
from scripts.sum_states import Sensor
from tests.metering_points import PARIS, HouseClock, add_metering_point, poll, settle
from tests.plug_emulator import EmulatedPlug, Fridge, PlugNetwork

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

CHECK_SUMS = Path(__file__).parents[2] / "scripts" / "check_sums"
EVENING = datetime(2026, 11, 20, 22, 20, tzinfo=PARIS)
NIGHT = EVENING + timedelta(hours=3, minutes=31)
MIDNIGHT = datetime(2026, 11, 21, tzinfo=PARIS)

pytestmark = pytest.mark.usefixtures("brief_waits")


@pytest.fixture
def recorder_db_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'home-assistant_v2.db'}"


async def live(hass: HomeAssistant, network: PlugNetwork, clock: HouseClock) -> None:
    """Read a plug every minute over midnight; for half an hour of it, nothing answers."""
    clock.move_to(EVENING)
    plug = EmulatedPlug(
        mac="50:C7:BF:00:00:01", alias="Fridge", load=Fridge(),
        installed_at=EVENING - timedelta(days=3),
    )  # fmt: skip
    await network.start(plug)
    entry = await add_metering_point(hass, plug.address)
    while datetime.now(PARIS) < NIGHT:
        now = datetime.now(PARIS)
        if (now.hour, now.minute) == (22, 40):
            await plug.cut_off()
            clock.tick(60)
            await poll(hass, entry)
            clock.tick(29 * 60)
            await plug.restore()
        clock.tick(60)
        plug.use(0.02 if datetime.now(PARIS).minute % 7 == 0 else 0.0)
        await poll(hass, entry)
    await settle(hass)
    await async_commit(hass)
    first = EVENING.replace(minute=0).astimezone(UTC)
    for number in range(int((NIGHT - first) / timedelta(minutes=5))):
        start = first + timedelta(minutes=5 * number)
        get_instance(hass).queue_task(StatisticsTask(start, fire_events=False))
    await async_commit(hass)
    await hass.data[DATA_LEDGER].async_write_statistics()
    await async_commit(hass)


@pytest.fixture
async def database(
    hass_with_recorder: HomeAssistant,
    plug_network: PlugNetwork,
    clock: HouseClock,
    tmp_path: Path,
) -> Path:
    hass = hass_with_recorder
    await hass.config.async_set_time_zone("Europe/Paris")
    await live(hass, plug_network, clock)
    entities = {one.unique_id: one.entity_id for one in er.async_get(hass).entities.values()}

    def keep() -> None:
        storage = tmp_path / ".storage"
        storage.mkdir()
        (storage / "core.config_entries").write_text('{"data": {"entries": []}}')
        (tmp_path / "entities.json").write_text(json.dumps(entities))

    await hass.async_add_executor_job(keep)
    return tmp_path / "home-assistant_v2.db"


def check(database: Path) -> tuple[int, str]:
    done = subprocess.run(
        [
            *(sys.executable, CHECK_SUMS, database, "--time-zone", "Europe/Paris"),
            *("--entities", database.parent / "entities.json"),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def misdate(database: Path, off: timedelta, *, since: datetime, minutes: int) -> None:
    """Date what the recorder has of some minutes as a clock would have done that was off."""
    start = since.timestamp()
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "UPDATE states SET last_updated_ts = last_updated_ts + ?"
            " WHERE last_updated_ts >= ? AND last_updated_ts < ?",
            (off.total_seconds(), start, start + 60 * minutes),
        )


def move_energy(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.create_function("moved", 1, moved)
        last = "day = (SELECT MAX(day) FROM med_exporter_quarters)"
        connection.execute(f"UPDATE med_exporter_quarters SET energy = moved(energy) WHERE {last}")


def moved(energy: bytes) -> bytes:
    """Return a day's packed energies with 30 Wh moved within its first hour."""
    first, second = struct.unpack_from("<ii", energy)
    return struct.pack("<ii", first + 30_000, second - 30_000) + energy[8:]


def test_all_that_is_known_of_a_night_agrees(database: Path) -> None:
    status, shown = check(database)
    assert status == 0, shown
    compared = {
        line[: line.index(" = ") + 40].strip(): line for line in shown.splitlines() if " = " in line
    }
    for what in (
        "quarter-hours = growth of its states",
        "quarter-hours = its statistics by 5 minutes",
        "quarter-hours = its statistics by the hour",
        "quarter-hours by day = growth of its states",
        "quarter-hours by day = its energy today",
        "statistics by hour = quarter-hours",
    ):
        assert any(what in line for line in compared), (what, shown)

    # A quarter-hour that is wrong is found where its hour is right.
    move_energy(database)
    status, shown = check(database)
    assert status == 1
    differing = [line for line in shown.splitlines() if line.startswith("DIFFERS")]
    assert {"growth of its states", "its statistics by 5 minutes"} <= {
        what
        for what in ("growth of its states", "its statistics by 5 minutes")
        for line in differing
        if f"quarter-hours = {what}" in line
    }, differing


async def test_what_a_wrong_clock_has_dated_makes_no_sum_wrong(database: Path) -> None:
    for off in (timedelta(days=365), timedelta(days=-365), timedelta(hours=2), -timedelta(hours=2)):
        misdated = database.with_name(f"{off.total_seconds():.0f}.db")
        with closing(sqlite3.connect(database)) as right, closing(sqlite3.connect(misdated)) as own:
            right.backup(own)
        misdate(misdated, off, since=MIDNIGHT - timedelta(minutes=8), minutes=20)
        status, shown = check(misdated)
        assert status == 0, (off, shown)
        # Quarter-hours that it did not date are compared.
        move_energy(misdated)
        assert check(misdated)[0] == 1


@pytest.mark.parametrize(
    ("states", "doubt"),
    [
        ([(-42.0, 777), (24.5, 786), (90.0, 800)], 9),  # A busy machine has read it late.
        ([(-1.0, 777), (0.5, 779), (1.5, 780), (6.0, 785)], 3),  # Two states were written late.
        ([(-1.0, 777)], 0),
        ([(1.0, 777)], 0),
    ],
)
def test_what_the_states_around_a_moment_have_between_them_may_be_of_either_side(
    states: list[tuple[float, int]], doubt: int
) -> None:
    books = Mock(Books, states=lambda _: states, stops=list)
    assert Sensor(books, "sensor.fridge_energy").doubt(0.0) == doubt

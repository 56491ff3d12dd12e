"""A machine whose clock is wrong for a while: what its house has used stands where it was used."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from homeassistant.util import dt as dt_util

from custom_components.med_exporter.clocks import certain as certain_clock
from custom_components.med_exporter.clocks.certain import DATA_CERTAIN_CLOCK, certain_time
from custom_components.med_exporter.clocks.local import add_clock
from custom_components.med_exporter.const import PlugRole
from custom_components.med_exporter.database.commit import async_commit
from custom_components.med_exporter.ledger import DATA_LEDGER, PlugSeries, PointSeries
from tests.metering_points import NOON, PARIS, PDL, add_metering_point, entity_of, poll, settle
from tests.plug_emulator import EmulatedPlug
from tests.plug_emulator.smart import EmulatedSmartPlug

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from tests.metering_points import HouseClock
    from tests.plug_emulator import PlugNetwork

pytestmark = pytest.mark.usefixtures("brief_waits", "paris")

HEATER = "50c7bf000001"
DAILY, MONTHLY = (f"sensor.med_{PDL}_consumption_{name}" for name in ("daily", "monthly"))
INSTALLED = datetime(2026, 11, 1, tzinfo=PARIS)
YEAR = timedelta(days=365)


class Home:
    """A house with 1 kW since 1 November, read every two minutes."""

    def __init__(self, hass: HomeAssistant, clock: HouseClock, heater: EmulatedPlug) -> None:
        self.hass, self.clock, self.heater = hass, clock, heater
        self.entry: ConfigEntry

    async def live(self, minutes: float) -> None:
        for _ in range(int(minutes / 2)):
            self.clock.tick(120)
            await poll(self.hass, self.entry)

    def put_clock(self, by: timedelta) -> None:
        """Put the machine's clock off; the plug has one of its own."""
        self.clock.jump(by)
        self.heater.advance(-by)

    async def restart(
        self, by: timedelta = timedelta(), *, off_for: timedelta = timedelta(minutes=2)
    ) -> None:
        await self.hass.config_entries.async_unload(self.entry.entry_id)
        await certain_time(self.hass).async_stop()
        # What runs on here is stopped in a house.
        stopped_at = dt_util.utcnow()
        go_on = add_clock(self.hass, lambda: stopped_at)
        self.clock.tick(off_for.total_seconds())
        self.put_clock(by)
        del self.hass.data[DATA_CERTAIN_CLOCK]
        await certain_time(self.hass).async_setup()
        go_on()
        await self.hass.config_entries.async_setup(self.entry.entry_id)
        await settle(self.hass)

    async def shown(self) -> dict[str, float]:
        """Return what the entities show, in kWh, once the ledger holds all that was told."""
        await async_commit(self.hass)
        await settle(self.hass)
        ids = {"today": entity_of(self.hass, HEATER, "energy_today"), "daily": DAILY}
        ids |= {"monthly": MONTHLY}
        return {
            name: float(self.hass.states.get(entity_id).state) for name, entity_id in ids.items()
        }

    def true(self) -> dict[str, float]:
        """Return what they should show."""
        now = self.heater.clock.local()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        first = midnight.replace(day=1)
        today, month = (
            (now.timestamp() - max(one, INSTALLED).timestamp()) / 3600 for one in (midnight, first)
        )
        return {"today": today, "daily": today, "monthly": month}

    async def halves(self) -> dict[datetime, float]:
        """Return the half-hours of the ledger in which there is energy."""
        await settle(self.hass)
        await async_commit(self.hass)
        periods = await self.hass.data[DATA_LEDGER].async_half_hours(
            PlugSeries(HEATER), INSTALLED, INSTALLED + timedelta(days=399)
        )
        return {period.start: period.kwh for period in periods if period.kwh}

    async def is_closed(self, what: str) -> bool:
        """Return whether the last hour, day or month of November is told as over."""
        await settle(self.hass)
        ledger = self.hass.data[DATA_LEDGER]
        await ledger.async_write_statistics()
        await async_commit(self.hass)
        read = getattr(ledger, f"async_{what}")
        end = datetime(2026, 12, 1, tzinfo=PARIS)
        series = PointSeries(PDL, PlugRole.CONSUMPTION)
        periods = await read(series, datetime(2026, 11, 1, tzinfo=PARIS), end)
        return any(one.end == end and one.closed for one in periods)

    async def closed(self) -> list[bool]:
        """Return `is_closed` of the last hour, day and month."""
        return [await self.is_closed(one) for one in ("hours", "days", "months")]

    async def hours(self) -> dict[datetime, float]:
        """Return the hours of the long-term statistics in which there is energy."""
        ledger = self.hass.data[DATA_LEDGER]
        await ledger.async_write_statistics()
        await async_commit(self.hass)
        periods = await ledger.async_hours(
            PlugSeries(HEATER), INSTALLED, INSTALLED + timedelta(days=399)
        )
        return {period.start: period.kwh for period in periods if period.kwh}


@pytest.fixture
async def home(
    hass: HomeAssistant, paris: None, clock: HouseClock, plug_network: PlugNetwork
) -> Home:
    heater = EmulatedPlug(alias="Heater", load=1000.0, installed_at=INSTALLED)
    await plug_network.start(heater)
    home = Home(hass, clock, heater)
    home.entry = await add_metering_point(hass, heater.address)
    await home.live(10)
    return home


async def late_on_the_last_day(home: Home, hour: int) -> None:
    """Live on until twenty past an hour of 30 November."""
    home.clock.move_to(datetime(2026, 11, 30, hour, 10, tzinfo=PARIS))
    await poll(home.hass, home.entry)
    await home.live(10)


async def all_is_right(home: Home) -> None:
    shown = await home.shown()
    assert shown == {name: pytest.approx(kwh, abs=0.01) for name, kwh in home.true().items()}
    now = home.heater.clock().astimezone(UTC)
    held = await home.halves()
    since = NOON.astimezone(UTC)
    lived = [kwh for start, kwh in held.items() if since <= start <= now - timedelta(minutes=45)]
    assert lived == [pytest.approx(0.5, abs=0.05)] * len(lived)
    assert len(lived) >= int((now - since).total_seconds() // 1800) - 1
    assert sum(held.values()) == pytest.approx(home.true()["monthly"], abs=0.15)
    hours = await home.hours()
    assert max(hours) < now
    closed = sum(kwh for start, kwh in held.items() if start < max(hours) + timedelta(hours=1))
    assert sum(hours.values()) == pytest.approx(closed, abs=0.001)


@pytest.mark.parametrize(
    ("by", "wrong_for"),
    [
        (timedelta(minutes=40), 20),
        (timedelta(days=3), 100),
        (timedelta(days=40), 20),
        (-timedelta(hours=14), 20),
        (-timedelta(days=54), 100),
    ],
)
async def test_a_clock_that_is_wrong_from_a_restart_on_leaves_no_trace(
    home: Home, by: timedelta, wrong_for: int
) -> None:
    await home.restart(by)
    await home.live(wrong_for)
    home.put_clock(-by)
    await home.live(30)
    await all_is_right(home)


@pytest.mark.parametrize(
    ("by", "wrong_for", "again_for"),
    [
        (timedelta(minutes=40), 20, 20),
        (timedelta(days=3), 20, 100),
        (-timedelta(hours=14), 20, 20),
        (-timedelta(days=54), 20, 20),
        (-timedelta(days=54), 100, 20),
    ],
)
async def test_a_restart_while_the_clock_is_wrong_forgets_nothing_of_it(
    home: Home, by: timedelta, wrong_for: int, again_for: int
) -> None:
    home.put_clock(by)
    await home.live(wrong_for)
    await home.restart()
    await home.live(again_for)
    home.put_clock(-by)
    await home.live(30)
    await all_is_right(home)


@pytest.mark.parametrize("by", [timedelta(days=3), -timedelta(hours=14), -timedelta(days=54)])
async def test_a_restart_that_puts_the_clock_right_finds_what_was_wrong_before(
    home: Home, by: timedelta
) -> None:
    await home.restart(by)
    await home.live(100)
    await home.restart(-by)
    await home.live(30)
    await all_is_right(home)


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("by", [timedelta(days=3), -timedelta(hours=14), -timedelta(days=54)])
async def test_a_plug_that_is_added_by_a_wrong_clock_began_at_its_right_time(
    hass: HomeAssistant,
    clock: HouseClock,
    plug_network: PlugNetwork,
    by: timedelta,
    restarts: bool,
) -> None:
    heater = EmulatedPlug(alias="Heater", load=1000.0, installed_at=INSTALLED)
    await plug_network.start(heater)
    home = Home(hass, clock, heater)
    home.put_clock(by)
    home.entry = await add_metering_point(hass, heater.address)
    await home.live(30)
    if restarts:
        await home.restart()
        await home.live(20)
    home.put_clock(-by)
    await home.live(70)
    await all_is_right(home)


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "America/New_York"])
@pytest.mark.parametrize("by", [timedelta(days=3), timedelta(hours=9), -timedelta(hours=14)])
async def test_the_past_of_a_plug_of_another_zone_that_is_added_by_a_wrong_clock_is_whole(
    hass: HomeAssistant, clock: HouseClock, plug_network: PlugNetwork, by: timedelta, zone: str
) -> None:
    heater = EmulatedPlug(
        alias="Heater", load=1000.0, installed_at=INSTALLED, timezone=ZoneInfo(zone)
    )
    await plug_network.start(heater)
    home = Home(hass, clock, heater)
    home.put_clock(by)
    home.entry = await add_metering_point(hass, heater.address)
    await home.live(30)
    home.put_clock(-by)
    await home.live(70)
    await settle(hass)
    await async_commit(hass)
    used = (heater.clock() - INSTALLED).total_seconds() / 3600
    # By the date of its own, what it used first may be of the day before.
    days = await hass.data[DATA_LEDGER].async_days(
        PlugSeries(HEATER), INSTALLED - timedelta(days=1), INSTALLED + timedelta(days=399)
    )
    assert sum(day.kwh for day in days) == pytest.approx(used, abs=0.15)


@pytest.mark.parametrize("by", [-timedelta(hours=14), timedelta(hours=9), timedelta(days=3)])
async def test_hours_that_a_plug_tells_by_a_wrong_clock_are_there_no_longer_when_it_is_right(
    hass: HomeAssistant, clock: HouseClock, by: timedelta
) -> None:
    """Nor in the long-term statistics, which had them already: they began earlier by that clock."""
    off = [by]
    plug = EmulatedSmartPlug(
        host="127.0.76.45", mac="5C:62:8B:76:00:45", alias="Heater", load=1000.0,
        clock=lambda: datetime.now(PARIS) - off[0], timezone=PARIS, installed_at=INSTALLED,
    )  # fmt: skip
    async with plug:
        clock.jump(by)
        entry = await add_metering_point(
            hass, plug.address, username="me@example.com", password="secret"
        )
        for minutes in (30, 70):
            for _ in range(minutes // 2):
                clock.tick(120)
                await poll(hass, entry)
            await settle(hass)
            ledger = hass.data[DATA_LEDGER]
            await ledger.async_write_statistics()
            await async_commit(hass)
            if off[0]:
                clock.jump(-off[0])
                off[0] = timedelta()
    used = (dt_util.now(PARIS) - INSTALLED).total_seconds() / 3600
    days = await ledger.async_days(
        PlugSeries("5c628b760045"), INSTALLED - timedelta(days=4), INSTALLED + timedelta(days=399)
    )
    assert sum(day.kwh for day in days) == pytest.approx(used, abs=0.15)
    assert [day.kwh for day in days if day.start < INSTALLED and day.kwh] == []


@pytest.mark.parametrize("by", [timedelta(days=3), -timedelta(days=20)])
async def test_a_clock_that_is_wrong_for_hours_over_the_end_of_a_month_leaves_no_trace(
    home: Home, by: timedelta
) -> None:
    home.clock.move_to(datetime(2026, 11, 30, 21, tzinfo=PARIS))
    await poll(home.hass, home.entry)
    await home.live(60)
    home.put_clock(by)
    await home.live(150)
    home.put_clock(-by)
    await home.live(10)
    true = {name: pytest.approx(kwh, abs=0.01) for name, kwh in home.true().items()}
    assert await home.shown() == true
    held = await home.halves()
    last = datetime(2026, 11, 30, 21, tzinfo=PARIS)
    assert [held[last + timedelta(minutes=30 * number)] for number in range(7)] == [
        pytest.approx(0.5, abs=0.05)
    ] * 7


@pytest.mark.parametrize("by", [timedelta(days=1), timedelta(days=3), timedelta(days=40)])
async def test_a_clock_that_is_ahead_for_a_moment_closes_nothing_that_goes_on(
    home: Home, by: timedelta
) -> None:
    await late_on_the_last_day(home, 23)
    home.put_clock(by)
    await home.live(4)
    assert await home.closed() == [False] * 3
    home.put_clock(-by)
    await home.live(60)
    assert await home.closed() == [True] * 3


@pytest.mark.parametrize("off_for", [timedelta(minutes=2), timedelta(minutes=20)])
@pytest.mark.parametrize("by", [timedelta(hours=1), timedelta(days=1), timedelta(days=40)])
async def test_a_clock_that_is_ahead_from_a_start_on_closes_nothing_that_goes_on(
    home: Home, time_server: list[bool], by: timedelta, off_for: timedelta
) -> None:
    time_server.append(False)
    await late_on_the_last_day(home, 23)
    await home.restart(by, off_for=off_for)
    await home.live(10)
    assert await home.closed() == [False] * 3
    home.put_clock(-by)
    await home.live(60)
    assert await home.closed() == [True] * 3


@pytest.mark.parametrize("known_by", ["time server", "plug", "an hour without a jump"])
async def test_what_ended_during_a_stop_is_closed_as_soon_as_the_clock_is_confirmed(
    home: Home, time_server: list[bool], known_by: str
) -> None:
    time_server.append(False)
    home.clock.move_to(datetime(2026, 11, 30, 23, 10, tzinfo=PARIS))
    await poll(home.hass, home.entry)
    await home.restart(off_for=timedelta(hours=8))
    await home.live(10)
    assert not await home.is_closed("months")
    match known_by:
        case "time server":
            time_server.append(True)
        case "plug":
            certain_time(home.hass).confirm(home.heater.clock())
        case _:
            await home.live(60)
    assert await home.is_closed("months")


@pytest.mark.parametrize(("runs", "is_closed"), [("one", True), ("another", False)])
async def test_a_machine_that_went_on_knows_how_long_home_assistant_was_stopped(
    home: Home,
    time_server: list[bool],
    monkeypatch: pytest.MonkeyPatch,
    runs: str,
    is_closed: bool,
) -> None:
    time_server.append(False)
    home.clock.move_to(datetime(2026, 11, 30, 23, 10, tzinfo=PARIS))
    await poll(home.hass, home.entry)
    began = dt_util.utcnow()

    def machine_run() -> tuple[str, float]:
        lasted = (dt_util.utcnow() - began).total_seconds()
        return ("one" if lasted < 3600 else runs), lasted

    monkeypatch.setattr(certain_clock, "machine_run", machine_run)
    await home.restart(off_for=timedelta(hours=8))
    await home.live(10)
    assert await home.is_closed("months") == is_closed


@pytest.fixture
def goes_on(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the machine go on while Home Assistant is stopped."""
    began = home.hass.loop.time()
    monkeypatch.setattr(
        certain_clock, "machine_run", lambda: ("one", home.hass.loop.time() - began)
    )


@pytest.mark.parametrize("machine", ["reboots", "goes_on"])
async def test_a_start_a_year_ahead_that_is_right_after_a_minute_leaves_no_trace_at_once(
    home: Home, time_server: list[bool], request: pytest.FixtureRequest, machine: str
) -> None:
    time_server.append(False)
    if machine == "goes_on":
        request.getfixturevalue("goes_on")
    await home.live(60)
    await home.restart(YEAR, off_for=timedelta(minutes=7))
    await home.live(2)
    home.put_clock(-YEAR)
    await home.live(4)
    await all_is_right(home)
    await home.restart(-YEAR, off_for=timedelta(minutes=7))
    await home.live(2)
    home.put_clock(YEAR)
    await home.live(4)
    await all_is_right(home)


async def test_a_start_at_the_time_of_the_last_stop_gives_the_night_to_its_days(
    home: Home, time_server: list[bool]
) -> None:
    time_server.append(False)
    await late_on_the_last_day(home, 20)
    off_for = timedelta(hours=10)
    await home.restart(-off_for, off_for=off_for)
    await home.live(4)
    home.put_clock(off_for)
    await home.live(4)
    # Nobody knows yet whether it is that late.
    assert await home.closed() == [False] * 3
    await home.live(30)
    shown = {name: pytest.approx(kwh, abs=0.05) for name, kwh in home.true().items()}
    assert await home.shown() == shown
    held = await home.halves()
    midnight = datetime(2026, 12, 1, tzinfo=PARIS)
    november = sum(kwh for start, kwh in held.items() if start < midnight)
    assert november == pytest.approx(30 * 24, abs=0.2)
    assert sum(held.values()) == pytest.approx(home.true()["monthly"] + 30 * 24, abs=0.15)


async def test_a_day_that_ends_after_a_wrong_start_is_closed_with_all_that_was_used(
    home: Home, time_server: list[bool], goes_on: None
) -> None:
    time_server.append(False)
    await late_on_the_last_day(home, 22)
    await home.restart(YEAR, off_for=timedelta(minutes=7))
    await home.live(2)
    home.put_clock(-YEAR)
    await home.restart(off_for=timedelta(hours=7))
    await home.live(2)
    assert await home.closed() == [True] * 3
    midnight = datetime(2026, 12, 1, tzinfo=PARIS)
    held = await home.halves()
    november = sum(kwh for start, kwh in held.items() if start < midnight)
    assert november == pytest.approx(30 * 24, abs=0.2)

"""Newer plugs are asked for their own past, through the library's general query."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import count
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from aiohttp import ClientSession
from homeassistant.util import dt as dt_util
from kasa import Credentials
from kasa.httpclient import get_cookie_jar
from kasa.protocols import SmartProtocol

from custom_components.med_exporter.engine.times import midnight
from custom_components.med_exporter.sources.connection import Connection, KasaError
from custom_components.med_exporter.sources.kasa import KasaHost
from tests.metering_points import PARIS
from tests.plug_emulator import EmulatedPlug
from tests.plug_emulator.smart import NO_HISTORY, P304M, EmulatedSmartPlug, EnergyHistory

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from custom_components.med_exporter.sources.plug import PlugStatistics
    from tests.metering_points import HouseClock
    from tests.plug_emulator import PlugNetwork

pytestmark = pytest.mark.usefixtures("brief_waits", "paris")

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=PARIS)
HOUR = timedelta(hours=1)
INSTALLED = datetime(2026, 9, 28, 18, tzinfo=PARIS)


@pytest.fixture
async def paris(clock: HouseClock) -> AsyncIterator[None]:
    """Noon and a half in Paris, a month after the clocks went back."""
    before = dt_util.get_default_time_zone()
    dt_util.set_default_time_zone(PARIS)
    clock.move_to(NOW)
    yield
    dt_util.set_default_time_zone(before)


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession(cookie_jar=get_cookie_jar()) as session:
        yield session


def plug_at(host: str, **options: Any) -> EmulatedSmartPlug:
    options = {"load": 1000.0, "installed_at": INSTALLED, "timezone": PARIS, **options}
    ahead = options.pop("ahead", timedelta(0))
    return EmulatedSmartPlug(host=host, clock=lambda: NOW + ahead, **options)


async def connected(session: ClientSession, plug: EmulatedSmartPlug) -> KasaHost:
    host = KasaHost(Connection(host=plug.address), lambda: session)
    await host.connect(Credentials("me@example.com", "secret"))
    return host


async def past_of(
    session: ClientSession, plug: EmulatedSmartPlug, since: date = date(2025, 10, 16)
) -> PlugStatistics:
    async with plug:
        host = await connected(session, plug)
        (past,) = (await host.statistics(since, NOW.date())).values()
        await host.close()
    return past


def questions(plug: EmulatedSmartPlug, minutes: int) -> list[dict[str, Any]]:
    return [
        one["params"]
        for one in plug.received
        if one["method"] == "get_energy_data" and one["params"]["interval"] == minutes
    ]


async def test_hours_days_and_months(session: ClientSession) -> None:
    past = await past_of(session, plug_at("127.0.83.1"))
    assert past.months == {date(2026, 9, 1): 54, date(2026, 10, 1): 745, date(2026, 11, 1): 468.5}
    assert past.days[date(2026, 9, 28)] == 6
    assert past.days[date(2026, 10, 25)] == 25
    assert past.days[date(2026, 11, 20)] == 12.5
    assert min(past.days) == date(2026, 9, 28)
    assert len(past.days) == 54
    hours = {at: kwh for at, (kwh, _) in past.hours.items()}
    assert min(at for at, kwh in hours.items() if kwh) == INSTALLED.astimezone(UTC)
    assert max(hours) == datetime(2026, 11, 20, 11, tzinfo=UTC)
    assert hours[max(hours)] == 0.5
    assert sum(hours.values()) == pytest.approx(sum(past.days.values()))


async def test_days_are_asked_by_the_quarter_and_months_by_the_year(session: ClientSession) -> None:
    plug = plug_at("127.0.83.2")
    await past_of(session, plug)
    days = [datetime.fromtimestamp(one["start_timestamp"], PARIS) for one in questions(plug, 1440)]
    assert [(at.year, at.month, at.day, at.hour) for at in days] == [
        (2025, 10, 1, 0),
        (2026, 1, 1, 0),
        (2026, 4, 1, 0),
        (2026, 7, 1, 0),
        (2026, 10, 1, 0),
    ]
    months = [
        datetime.fromtimestamp(one["start_timestamp"], PARIS) for one in questions(plug, 43200)
    ]
    assert [(at.year, at.month) for at in months] == [(2025, 1), (2026, 1)]


@pytest.mark.parametrize("most", [48, 96, 168])
async def test_an_answer_that_falls_short_is_asked_on_from_its_end(
    session: ClientSession, most: int
) -> None:
    whole = await past_of(session, plug_at("127.0.83.3"))
    short = await past_of(session, plug_at("127.0.83.3", history=EnergyHistory(most=most)))
    # An answer may end within the day that has 25 hours: that day then stays without hours.
    missing = {at.astimezone(PARIS).date() for at in whole.hours.keys() - short.hours.keys()}
    assert missing <= {date(2026, 10, 25)}
    assert short.hours.items() <= whole.hours.items()
    assert (short.days, short.months) == (whole.days, whole.months)


@pytest.mark.parametrize(
    "history",
    [
        {"most_days": 31},
        {"most_days": 7, "most_months": 3},
        {"most_days": 7, "as_asked": True},
        {"intervals": (60,)},
        {"intervals": (60, 43200)},
    ],
)
async def test_days_that_are_not_told_are_those_of_their_hours(
    session: ClientSession, history: dict[str, Any]
) -> None:
    """A plug that begins with the quarter whatever is asked, and ends early, tells no more days."""
    whole = await past_of(session, plug_at("127.0.83.17"))
    part = await past_of(session, plug_at("127.0.83.17", history=EnergyHistory(**history)))
    # The first day with hours may have been forgotten in part.
    missing = whole.days.keys() - part.days.keys()
    assert missing <= {INSTALLED.date()}
    assert part.days == pytest.approx({d: one for d, one in whole.days.items() if d not in missing})
    assert part.hours.items() <= whole.hours.items()
    lost = whole.hours.keys() - part.hours.keys()
    assert {at.astimezone(PARIS).date() for at in lost} <= {INSTALLED.date()}


async def test_hours_that_are_forgotten_are_no_days_without_energy(session: ClientSession) -> None:
    history = EnergyHistory(most_days=15, kept_hours=10)
    past = await past_of(session, plug_at("127.0.83.17", history=history))
    november = [day.day for day in past.days if day.month == 11]
    # Of the tenth, its hours since half past twelve are left.
    assert november == list(range(11, 21))
    assert past.days[date(2026, 11, 11)] == 24
    assert past.months[date(2026, 11, 1)] == 468.5


async def test_hours_that_are_more_than_their_month_are_not_believed(
    session: ClientSession,
) -> None:
    def change(told: dict[str, Any], _: int) -> dict[str, Any]:
        return told | {"data": [2 * wh for wh in told["data"]]} if told["interval"] == 60 else told

    plug = plug_at("127.0.83.17", history=EnergyHistory(most_days=31))
    with telling(plug, change):
        past = await past_of(session, plug)
    assert max(past.days) == date(2026, 10, 31)
    assert not past.hours


async def test_a_day_with_an_hour_that_no_socket_passes_is_not_made_up_of_its_hours(
    session: ClientSession,
) -> None:
    def change(told: dict[str, Any], _: int) -> dict[str, Any]:
        return told | {"data": [60_000 if at == 30 else wh for at, wh in enumerate(told["data"])]}

    plug = plug_at("127.0.83.17", history=EnergyHistory(intervals=(60,)))
    with telling(plug, change):
        past = await past_of(session, plug)
    assert past.days
    assert max(past.days.values()) <= 25
    assert max(one.kwh for one in past.hours.values()) <= 1


@pytest.mark.parametrize("hole", [None, -1])
async def test_a_hole_in_an_answer_is_a_hole(session: ClientSession, hole: Any) -> None:
    """The day that has it stays without hours; a day that is one is made up of its hours."""

    def change(told: dict[str, Any], _: int) -> dict[str, Any]:
        data = [*told["data"]]
        start = datetime.fromtimestamp(told["start_timestamp"], PARIS)
        length = {60: HOUR, 1440: 24 * HOUR}.get(told["interval"])
        for day in (10, 12):
            place = (datetime(2026, 11, day, 5, tzinfo=PARIS) - start) // length if length else -1
            if 0 <= place < len(data) and (length == HOUR) == (day == 10):
                data[place] = hole
        return told | {"data": data}

    plug = plug_at("127.0.83.17")
    with telling(plug, change):
        past = await past_of(session, plug)
    days = {at.astimezone(PARIS).date() for at in past.hours}
    assert date(2026, 11, 10) not in days
    assert {date(2026, 11, day) for day in (9, 11, 12, 13)} <= days
    assert [past.days[date(2026, 11, day)] for day in (9, 10, 11, 12)] == [24] * 4


@pytest.mark.parametrize("minutes", [60, 1440, 43200])
async def test_an_answer_that_tells_less_than_it_says_is_asked_on(
    session: ClientSession, minutes: int
) -> None:
    def change(told: dict[str, Any], _: int) -> dict[str, Any]:
        few = {60: 48, 1440: 20, 43200: 2}[minutes]
        return told | {"data": told["data"][:few]} if told["interval"] == minutes else told

    whole = await past_of(session, plug_at("127.0.83.17"))
    plug = plug_at("127.0.83.17", history=EnergyHistory(as_asked=True))
    with telling(plug, change):
        past = await past_of(session, plug)
    assert (past.days, past.months) == (whole.days, whole.months)
    lost = whole.hours.keys() - past.hours.keys()
    assert {at.astimezone(PARIS).date() for at in lost} <= {date(2026, 10, 25)}


async def test_a_day_of_which_an_hour_was_not_told_stays_without_hours(
    session: ClientSession,
) -> None:
    plug = plug_at("127.0.83.3", load=24.0, history=EnergyHistory(most=24))
    days = {at.astimezone(PARIS).date() for at in (await past_of(session, plug)).hours}
    assert date(2026, 10, 25) not in days
    assert {date(2026, 10, 24), date(2026, 10, 26)} <= days


async def test_an_end_that_equals_the_start_says_nothing(session: ClientSession) -> None:
    whole = await past_of(session, plug_at("127.0.83.4"))
    told = await past_of(session, plug_at("127.0.83.4", history=EnergyHistory(end_is_start=True)))
    assert told == whole


async def test_energy_that_comes_at_once_is_told_by_its_hour(session: ClientSession) -> None:
    plug = plug_at("127.0.83.5", load=0.0)
    plug.clock.set(datetime(2026, 11, 19, 8, 20, tzinfo=PARIS))
    plug.outlets[0].use(0.75)
    plug.clock.set(NOW)
    past = await past_of(session, plug)
    used = {at: kwh for at, (kwh, _) in past.hours.items() if kwh}
    assert used == {datetime(2026, 11, 19, 7, tzinfo=UTC): 0.75}


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(seconds=-400), timedelta(hours=9)])
async def test_hours_by_a_clock_that_is_wrong_have_their_true_time(
    session: ClientSession, ahead: timedelta
) -> None:
    at = datetime(2026, 11, 19, 8, 20, tzinfo=PARIS)
    plug = plug_at("127.0.83.11", load=0.0, ahead=ahead)
    plug.clock.set(at + ahead)
    plug.outlets[0].use(0.75)
    plug.clock.set(NOW + ahead)
    plug.outlets[0].use(0.25)
    plug.clock.advance(timedelta(seconds=2))
    past = await past_of(session, plug, date(2026, 11, 18))
    hours = {
        start.astimezone(PARIS).strftime("%d %H"): kwh for start, (kwh, _) in past.hours.items()
    }
    assert sum(hours.values()) == pytest.approx(1.0)
    shared = {hour: kwh for hour, kwh in hours.items() if kwh}
    # The plug's hour from 08:06:40 on is shared by time.
    assert list(shared) == ["19 08", *(["19 09"] if ahead % HOUR else []), "20 12"]
    assert shared["20 12"] == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("ahead", "wh", "begins"),
    [
        # 100 s of an hour lie beyond its edge: more than 1 Wh of 37, and less of 35.
        (-100, 37, "08:15"),
        (-100, 35, None),
        (100, 37, "07:45"),
        (-400, 750, "08:15"),
        # Half an hour off, the other edge of half-hours is near.
        (-1900, 750, "08:45"),
        # Where its hours begin at a quarter past, none is.
        (-1000, 750, None),
        (0, 750, None),
    ],
)
async def test_what_was_shared_by_time_is_told_with_the_whole_it_is_of(
    session: ClientSession, ahead: int, wh: int, begins: str | None
) -> None:
    off = timedelta(seconds=ahead)
    plug = plug_at("127.0.83.16", load=0.0, ahead=off)
    plug.clock.set(datetime(2026, 11, 19, 8, 20, tzinfo=PARIS))
    plug.outlets[0].use(wh / 1000)
    plug.clock.set(NOW + off)
    past = await past_of(session, plug, date(2026, 11, 18))
    assert sum(one.kwh for one in past.hours.values()) == pytest.approx(wh / 1000)
    told = [
        one.whole.astimezone(PARIS).strftime("%H:%M") for one in past.hours.values() if one.whole
    ]
    assert told == ([] if begins is None else [begins])


@pytest.mark.parametrize(("ahead", "begins"), [(20, "07:45"), (-20, "08:15"), (-40, "07:45")])
async def test_hours_by_a_clock_that_is_far_off_stay_whole_where_they_lie(
    session: ClientSession, ahead: int, begins: str
) -> None:
    """An edge of an hour of the house then splits a whole, which is an estimate that is told."""
    at = datetime(2026, 11, 19, 8, 25, tzinfo=PARIS)
    plug = plug_at("127.0.83.13", load=0.0, ahead=timedelta(minutes=ahead))
    plug.clock.set(at + timedelta(minutes=ahead))
    plug.outlets[0].use(0.75)
    plug.clock.set(NOW + timedelta(minutes=ahead))
    past = await past_of(session, plug, date(2026, 11, 18))
    most = max(past.hours, key=lambda start: past.hours[start])
    assert most.astimezone(PARIS).strftime("%H:%M") == begins
    assert past.hours[most].kwh == pytest.approx(0.75 * 55 / 60)
    assert sum(one.kwh for one in past.hours.values()) == pytest.approx(0.75)


async def test_hours_of_a_plug_in_another_time_zone_have_their_true_time(
    session: ClientSession,
) -> None:
    plug = plug_at("127.0.83.12", load=0.0, timezone=ZoneInfo("Asia/Kathmandu"))
    plug.clock.set(datetime(2026, 11, 19, 8, 20, tzinfo=PARIS))
    plug.outlets[0].use(0.75)
    plug.clock.set(NOW)
    past = await past_of(session, plug, date(2026, 11, 18))
    used = {start: kwh for start, (kwh, _) in past.hours.items() if kwh}
    assert used == {datetime(2026, 11, 19, 8, 15, tzinfo=PARIS): 0.75}


@pytest.mark.parametrize(
    ("name", "ahead", "ends"),
    [
        ("Europe/Paris", timedelta(0), time(0)),
        ("Europe/Paris", timedelta(minutes=2), time(0)),
        ("America/New_York", timedelta(0), time(6)),
        ("Europe/Paris", timedelta(hours=-1), time(1)),
        ("Asia/Kathmandu", timedelta(days=-3), time(0)),
    ],
)
async def test_where_an_older_plugs_days_end(
    plug_network: PlugNetwork,
    session: ClientSession,
    name: str,
    ahead: timedelta,
    ends: time,
) -> None:
    """Where its clock shows midnight, to a quarter-hour, unless that is not set."""
    zone = await zone_of_older(plug_network, session, lambda: NOW + ahead, ZoneInfo(name))
    assert midnight(NOW.date(), zone) == datetime.combine(NOW.date(), ends, PARIS)


@pytest.mark.parametrize("moment", [NOW, NOW.replace(month=7)])
async def test_days_of_an_older_plug_on_eastern_time_end_by_summer_time(
    plug_network: PlugNetwork, session: ClientSession, clock: HouseClock, moment: datetime
) -> None:
    clock.move_to(moment)
    zone = await zone_of_older(plug_network, session, lambda: moment, ZoneInfo("America/New_York"))
    for day in (date(2026, 7, 10), date(2026, 11, 10)):
        assert midnight(day, zone) == datetime.combine(day, time(6), PARIS)


async def zone_of_older(
    network: PlugNetwork, session: ClientSession, clock: Callable[[], datetime], zone: ZoneInfo
) -> tzinfo:
    """Return the zone in which the days of an older plug end."""
    plug = EmulatedPlug(load=1000.0, clock=clock, timezone=zone, installed_at=INSTALLED)
    await network.start(plug)
    host = KasaHost(Connection(host=plug.address), lambda: session)
    await host.poll(NOW.date())
    (past,) = (await host.statistics(NOW.date(), NOW.date())).values()
    await host.close()
    assert past.zone is not None
    return past.zone


async def test_a_firmware_without_history_is_asked_once(session: ClientSession) -> None:
    plug = plug_at("127.0.83.6", history=NO_HISTORY)
    async with plug:
        host = await connected(session, plug)
        for _ in range(2):
            (past,) = (await host.statistics(date(2026, 10, 1), NOW.date())).values()
            assert not past.hours | past.days | past.months
        await host.close()
    assert len(questions(plug, 43200)) == len(questions(plug, 1440)) == 1


async def test_a_firmware_that_knows_only_days(session: ClientSession) -> None:
    plug = plug_at("127.0.83.7", history=EnergyHistory(intervals=(1440,)))
    past = await past_of(session, plug)
    assert len(past.days) == 54
    assert not past.hours
    assert not past.months


@pytest.mark.parametrize("answer", [{}, {"data": None}, [], "no"])
async def test_nonsense_is_no_history(session: ClientSession, answer: Any) -> None:
    plug = plug_at("127.0.83.8")
    with patch.object(EnergyHistory, "answer", lambda *_: answer):
        past = await past_of(session, plug, date(2026, 10, 1))
    assert not past.days


def telling(plug: EmulatedSmartPlug, change: Callable[[dict[str, Any], int], Any]) -> Any:
    """Let a plug answer something else than it would; what it is given counts the questions."""
    right, asked = EnergyHistory.answer, count(1)

    def answer(history: EnergyHistory, *question: Any) -> Any:
        told = right(history, *question)
        return None if told is None else change(told, next(asked))

    return patch.object(EnergyHistory, "answer", answer)


def later(told: dict[str, Any], seconds: int) -> dict[str, Any]:
    return {**told, "start_timestamp": told["start_timestamp"] + seconds}


STRANGE: Final[dict[str, Callable[[dict[str, Any], int], Any]]] = {
    "the same end for ever": lambda told, _: {**told, "end_timestamp": 1_700_000_000},
    "an end that nobody lives to see": lambda told, _: {**told, "end_timestamp": 10**18},
    "no buckets": lambda told, _: {**told, "data": []},
    "no buckets and no end": lambda told, _: told | {"data": [], "end_timestamp": 0},
    "another interval": lambda told, _: {**told, "interval": 15},
    "no interval": lambda told, _: {key: told[key] for key in told if key != "interval"},
    "a text of digits": lambda told, _: {**told, "data": "1" * len(told["data"])},
    "buckets by name": lambda told, _: {**told, "data": dict.fromkeys("123456", 1000)},
    "a beginning that is no time": lambda told, _: {**told, "start_timestamp": "today"},
    "a beginning that is none": lambda told, _: {**told, "start_timestamp": 10**18},
    "refused in the middle": lambda told, asked: None if asked > 3 else told,
    "refused every other time": lambda told, asked: None if asked % 2 else told,
    "less than nothing": lambda told, _: {**told, "data": [-wh for wh in told["data"]]},
    "more than a socket passes": lambda told, _: {**told, "data": [wh * 99 for wh in told["data"]]},
    "no numbers": lambda told, _: {**told, "data": [float("nan")] * len(told["data"])},
    "words": lambda told, _: {**told, "data": ["much"] * len(told["data"])},
    "a future": lambda told, _: {**told, "data": told["data"] + [1000] * 2000},
    "buckets that overlap": lambda told, _: {**told, "end_timestamp": told["end_timestamp"] - 7200},
    "a midnight beside the truth": lambda told, _: later(told, 7),
    "an end beside midnight": lambda told, _: {**told, "end_timestamp": told["end_timestamp"] - 1},
}


@pytest.mark.parametrize("strange", STRANGE)
async def test_no_answer_makes_more_of_a_day_than_was_used(
    session: ClientSession, strange: str
) -> None:
    plug = plug_at("127.0.83.13", history=EnergyHistory(most=96))
    with telling(plug, STRANGE[strange]):
        past = await past_of(session, plug, date(2026, 10, 20))
    for day, kwh in past.days.items():
        assert kwh in (24.0, 25.0 if day == date(2026, 10, 25) else 24.0, 12.5)
    assert all(one.kwh in (1.0, 0.5) for one in past.hours.values())
    assert all(at < NOW for at in past.hours)
    assert max(past.days, default=NOW.date()) <= NOW.date()
    assert len(plug.received) < 120


async def test_what_was_told_before_a_refusal_stays_and_is_asked_again(
    session: ClientSession,
) -> None:
    plug = plug_at("127.0.83.14")
    async with plug:
        host = await connected(session, plug)
        with telling(plug, lambda told, asked: None if asked > 3 else told):
            (part,) = (await host.statistics(date(2026, 10, 20), NOW.date())).values()
        (whole,) = (await host.statistics(date(2026, 10, 20), NOW.date())).values()
        await host.close()
    assert part.days == whole.days
    assert part.hours.items() < whole.hours.items()


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Paris", date(2026, 10, 25), 25),
        ("Europe/Paris", date(2027, 3, 28), 23),
        ("Asia/Kathmandu", date(2026, 10, 25), 24),
        ("America/St_Johns", date(2026, 11, 1), 25),
        ("Australia/Lord_Howe", date(2027, 4, 4), 24.5),
    ],
)
async def test_hours_fill_the_days_of_every_zone(
    session: ClientSession, clock: HouseClock, zone: str, day: date, hours: float
) -> None:
    here = ZoneInfo(zone)
    dt_util.set_default_time_zone(here)
    now = datetime.combine(day, time(12), here) + timedelta(days=3)
    clock.move_to(now)
    installed = datetime.combine(day, time(), here) - timedelta(days=3)
    plug = plug_at("127.0.83.15", timezone=here, installed_at=installed)
    plug.clock.set(now)
    async with plug:
        host = await connected(session, plug)
        (past,) = (await host.statistics(day - timedelta(days=2), now.date())).values()
        await host.close()
    assert past.days[day] == hours
    for whole in (day - timedelta(days=1), day, day + timedelta(days=1)):
        start, end = (
            datetime.combine(one, time(), here) for one in (whole, whole + timedelta(days=1))
        )
        mine = {at: kwh for at, (kwh, _) in past.hours.items() if start <= at < end}
        if whole == day and hours % 1:
            # Whole hours do not make up that day: the day itself tells.
            assert not mine
            continue
        assert min(mine) == start
        assert sum(mine.values()) == pytest.approx(hours if whole == day else 24, abs=0.001)


async def test_a_plug_that_falls_silent_is_not_taken_for_one_without(
    session: ClientSession,
) -> None:
    plug = plug_at("127.0.83.9")
    async with plug:
        host = await connected(session, plug)
        await plug.cut_off()
        with pytest.raises(KasaError, match="timed_out"):
            await host.statistics(date(2026, 10, 1), NOW.date())
        await plug.restore()
        await host.close()
        await host.poll(NOW.date())
        (past,) = (await host.statistics(date(2026, 10, 1), NOW.date())).values()
        assert past.days
        await host.close()


async def test_each_socket_of_a_strip_tells_its_own(session: ClientSession) -> None:
    strip = plug_at("127.0.83.10", kind=P304M, load=0.0, loads=[1000.0, 500.0])
    async with strip:
        host = await connected(session, strip)
        past = await host.statistics(date(2026, 11, 19), NOW.date())
        await host.close()
    day = date(2026, 11, 19)
    told = [past[f"{strip.plain_mac}_0{number}"].days.get(day) for number in range(4)]
    assert told == [24, 12, None, None]


def test_the_library_still_has_the_query_that_reaches_it() -> None:
    """Where this fails, the one place that asks has to follow."""
    assert callable(SmartProtocol.query)

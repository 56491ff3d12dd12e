"""Days of quarter-hours: packed to the byte, and added up by any period."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.engine.ledger import (
    CUT,
    QUARTERS_A_DAY,
    UNKNOWN,
    Day,
    accounts_of,
    energies_between,
    hours_between,
    is_readable,
    known_range,
    sums_between,
)
from custom_components.med_exporter.engine.times import HOUR, QUARTER, boundaries, day_bounds
from custom_components.med_exporter.ledger.quarters import account_id, add_quarters
from custom_components.med_exporter.ledger.tables import SCHEMA
from tests.ledger.stories import ZONES

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

energies = st.lists(
    st.one_of(st.just(UNKNOWN), st.integers(0, 10**7), st.integers(0, 2**40)),
    min_size=QUARTERS_A_DAY,
    max_size=QUARTERS_A_DAY,
)


@given(energies, st.sampled_from(["nothing", "all", "some", "few"]))
def test_a_day_comes_back_as_it_was_packed(energy: list[int], filled: str) -> None:
    part = {
        "nothing": None,
        "all": [max(mwh, 0) for mwh in energy],
        "some": [max(mwh, 0) // 3 for mwh in energy],
        "few": [max(mwh, 0) // 3 if place < 9 else 0 for place, mwh in enumerate(energy)],
    }[filled]
    back = Day.unpacked(*Day(energy, part).packed())
    assert list(back.energy) == energy
    assert list(back.filled or [0] * QUARTERS_A_DAY) == (part or [0] * QUARTERS_A_DAY)
    assert back.known() == sum(mwh != UNKNOWN for mwh in energy)
    known = [place for place, mwh in enumerate(energy) if mwh != UNKNOWN]
    assert back.ends() == ([known[0], known[-1]] if known else [])
    assert back.mwh() == sum(max(mwh, 0) for mwh in energy)
    assert back.mwh(3, 17) == sum(max(mwh, 0) for mwh in energy[3:17])
    assert back.hours() == [back.mwh(first, first + 4) for first in range(0, QUARTERS_A_DAY, 4)]


def test_of_an_unknown_day_nothing_is_known() -> None:
    assert (Day.unknown().known(), Day.unknown().ends()) == (0, [])


def test_a_day_takes_384_bytes_and_no_more_where_all_of_it_was_filled() -> None:
    energy = [500_000] * QUARTERS_A_DAY
    assert [len(part or b"") for part in Day(energy, energy).packed()] == [384, 0, 0]
    assert Day(energy, energy).packed()[1] is not None
    assert Day(energy, [0] * QUARTERS_A_DAY).packed()[1] is None


def test_the_few_quarter_hours_that_were_filled_take_5_bytes_each() -> None:
    filled = [0] * QUARTERS_A_DAY
    filled[95], filled[3] = 400_000, -7
    _, packed, _ = Day([500_000] * QUARTERS_A_DAY, filled).packed()
    assert len(packed) == 10
    assert list(Day.unpacked(bytes(384), packed).filled) == filled
    with pytest.raises(ValueError, match="no number 96"):
        Day.unpacked(bytes(384), bytes([96, 1, 0, 0, 0]))


def test_a_quarter_hour_without_energy_is_not_one_that_is_not_known() -> None:
    day = Day.unknown().adding([(5, 0, 0)])
    assert list(day.entries()) == [(5, 0, 0)]


def test_what_was_cut_from_an_hour_is_an_estimate_but_not_of_the_hour() -> None:
    day = Day.unknown().replacing((place, 5, CUT) for place in range(4, 8))
    _, filled, _ = day.running()
    assert filled[6] - filled[4] == 10
    assert list(day.entries()) == [(place, 5, 5) for place in range(4, 8)]
    assert list(day.entries(cut=False)) == [(place, 5, 0) for place in range(4, 8)]
    energy, filled, _ = day.packed()
    assert len(filled) == 1
    again = Day.unpacked(energy, filled)
    assert list(again.parts()) == list(day.parts())
    told = again.replacing([(4, 5, 0)])
    assert [Day.unpacked(*told.packed()).is_cut(place) for place in (4, 5)] == [False, True]
    assert list(day.adding([(4, 2, 1), (5, 3, CUT)]).parts())[:2] == [(4, 7, 6), (5, 8, CUT)]
    assert list(day.emptied().parts()) == [(place, 0, 0) for place in range(4, 8)]


@given(energies, st.sampled_from(["nothing", "all", "some", "cut"]))
def test_all_of_a_day_is_what_it_has_up_to_its_end(energy: list[int], kind: str) -> None:
    filled = {
        "nothing": None,
        "all": energy if UNKNOWN not in energy else [max(mwh, 0) for mwh in energy],
        "some": [max(mwh, 0) // 2 for mwh in energy],
        "cut": [0 if mwh == UNKNOWN else CUT for mwh in energy],
    }[kind]
    day = Day(energy, filled)
    assert day.whole() == tuple(one[-1] for one in day.running())


@pytest.mark.parametrize("place", [0, 5, 6, 96])
def test_a_day_is_parted_without_loss(place: int) -> None:
    day = Day.unknown().replacing([(4, 5, CUT), (5, -7, 0), (6, 2**40, 3)]).joining(1 << 5 | 1 << 6)
    until, since = (Day.unpacked(*one.packed()) for one in day.parted(place))
    parts = list(day.parts())
    gone = [(at, 0, 0) for at, *_ in parts if at >= place]
    assert list(until.parts()) == [one for one in parts if one[0] < place] + gone
    assert list(since.parts()) == [one for one in parts if one[0] >= place]
    joints = [at for at in range(96) if (until.joints() | since.joints()) >> at & 1]
    assert joints == [at for at in (5, 6) if at != place]


@pytest.mark.parametrize("data", [b"", b"abc", bytes(96), bytes(383)])
def test_what_is_no_day_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no day"):
        Day.unpacked(data, None)


@pytest.fixture
def account(database):
    """An account of one plug, and what adds energies to it."""
    with database.engine.begin() as connection:
        assert not is_readable(connection)
        SCHEMA.create(connection)
        number = account_id(connection, "plug", "house", "consumption")
        assert account_id(connection, "plug", "house", "consumption") == number
        assert account_id(connection, "plug", "house", "production") != number

    def add(energies: dict[int, tuple[int, int]]) -> None:
        with database.engine.begin() as connection:
            add_quarters(connection, number, energies)

    return add


def test_energies_of_the_same_quarter_hour_add_up(database, account) -> None:
    start = 1_795_000_500 // QUARTER * QUARTER
    account({start: (5, 0), start + QUARTER: (0, 0)})
    account({start: (7, 7), start + 86400: (2**40, 3)})
    with database.connect() as connection:
        assert is_readable(connection)
        mine = accounts_of(connection, plug_ids=["plug"], roles=["consumption"])
        assert energies_between(connection, mine, 0, 2**32) == {
            start: (12, 7),
            start + QUARTER: (0, 0),
            start + 86400: (2**40, 3),
        }
        assert known_range(connection, mine) == (start, start + 86400 + QUARTER)
        assert known_range(connection, accounts_of(connection, metering_point="other")) is None


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_local_days_are_the_sums_of_their_quarter_hours(database, account, zone) -> None:
    """A plug whose days are 4.8 and 0 kWh in turn, around both clock changes."""
    truth: dict[date, int] = {}
    for first in (date(2026, 3, 1), date(2026, 9, 25)):
        for number in range(46):
            day = first + timedelta(days=number)
            start, end = day_bounds(day, zone)
            quarters = range(start, end, QUARTER)
            truth[day] = 4_800_000 * (number % 2)
            account(
                {
                    quarter: (
                        truth[day] * (place + 1) // len(quarters)
                        - truth[day] * place // len(quarters),
                        0,
                    )
                    for place, quarter in enumerate(quarters)
                }
            )
    with database.connect() as connection:
        accounts = accounts_of(connection)
        for aggregation, key in (
            ("daily", "%Y-%m-%d"),
            ("monthly", "%Y-%m"),
            ("hourly", "%Y-%m-%d"),
            ("half_hourly", "%Y-%m-%d"),
        ):
            expected: defaultdict[str, int] = defaultdict(int)
            for day, mwh in truth.items():
                expected[f"{day:{key}}"] += mwh
            edges = boundaries(
                aggregation,
                day_bounds(min(truth), zone)[0],
                day_bounds(max(truth), zone)[1],
                zone,
            )
            found: defaultdict[str, int] = defaultdict(int)
            for place, one in sums_between(connection, accounts, edges).items():
                found[f"{local(edges[place], zone):{key}}"] += one.mwh
            assert {k: v for k, v in found.items() if v} == {k: v for k, v in expected.items() if v}


def test_hours_are_the_sums_of_their_quarter_hours(database, account) -> None:
    midnight = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp())
    account({midnight + place * QUARTER: (place % 5, place % 2) for place in range(10, 300)})
    account({midnight + place * QUARTER: (1, 0) for place in range(250, 310)})
    with database.connect() as connection:
        accounts = accounts_of(connection)
        for start, hours in ((-4, 100), (0, 24), (5, 3), (20, 70), (200, 3), (7, 0)):
            first = midnight + start * HOUR
            sums = sums_between(connection, accounts, range(first, first + hours * HOUR + 1, HOUR))
            found = hours_between(connection, accounts, first, first + hours * HOUR)
            assert found == {first + n * HOUR: one.mwh for n, one in sums.items() if one.mwh}


def local(moment: float, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(moment, UTC).astimezone(zone)

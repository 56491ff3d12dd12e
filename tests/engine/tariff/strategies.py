"""Generated contracts, zones, colours and intervals."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

ZONES = [
    ZoneInfo(name)
    for name in (
        "Europe/Paris",
        "America/New_York",
        "Asia/Kolkata",
        "Australia/Lord_Howe",  # the clock changes by half an hour
        "Africa/Cairo",  # the clock changes at midnight
        "UTC",
    )
]
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri"]
WEEKEND = ["sat", "sun"]

# Around both clock changes of a year, where it is hardest.
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
_CHANGES = [
    datetime(2026, month, day, tzinfo=UTC)
    for month, day in ((3, 8), (3, 29), (4, 5), (4, 24), (10, 4), (10, 25), (10, 30), (11, 1))
]

prices = st.integers(0, 100_000).map(lambda units: units / 10_000)
energies = st.floats(0, 500)


def zones():
    return st.sampled_from(ZONES)


def colours():
    """Return colours of all days of the year; one in four is missing."""
    days = [date(2026, 2, 27) + timedelta(days=n) for n in range(300)]
    return st.lists(st.sampled_from(["blue", "white", "red", None]), min_size=1, max_size=7).map(
        lambda cycle: {
            day: cycle[n % len(cycle)] for n, day in enumerate(days) if cycle[n % len(cycle)]
        }
    )


@st.composite
def instants(draw):
    near = draw(st.sampled_from(_CHANGES))
    return near + timedelta(minutes=draw(st.integers(-2 * 1440, 3 * 1440)))


@st.composite
def intervals(draw, longest_hours: int = 60):
    start = draw(instants())
    return start, start + timedelta(minutes=draw(st.integers(1, longest_hours * 60)))


@st.composite
def _hours(draw, first: int, days: list[str]):
    """Return periods that hold 24 hours from the minute `first` of each of the days."""
    steps = draw(st.sets(st.integers(1, 1439), max_size=3))
    edges = [first, *(first + step for step in sorted(steps)), first + 1440]
    periods = []
    for start, end in itertools.pairwise(edges):
        price = draw(st.sampled_from([0.0, 0.1, 0.25]))
        day_shift, start_minute = divmod(start, 1440)
        week = [*WEEKDAYS, *WEEKEND]
        periods.append(
            {
                "name": f"at {price}",
                "price": price,
                "days": [week[(week.index(day) + day_shift) % 7] for day in days],
                "start": _clock(start_minute),
                "end": _clock(end % 1440),
            }
        )
    return periods


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


@st.composite
def _time_of_use(draw):
    first = draw(st.integers(0, 1439))
    groups = draw(
        st.sampled_from(
            [[[*WEEKDAYS, *WEEKEND]], [WEEKDAYS, WEEKEND], [WEEKDAYS, ["sat"], ["sun"]]]
        )
    )
    return {
        "kind": "time_of_use",
        "periods": [period for days in groups for period in draw(_hours(first, days))],
    }


def _tempo():
    pair = st.fixed_dictionaries({"peak": prices, "off_peak": prices})
    return st.fixed_dictionaries(
        {
            "kind": st.just("tempo"),
            "prices": st.fixed_dictionaries({"blue": pair, "white": pair, "red": pair}),
        }
    )


@st.composite
def _tiers(draw):
    bounds = sorted(draw(st.sets(st.integers(1, 900), max_size=3)))
    tiers = [{"up_to": bound, "price": draw(prices)} for bound in bounds]
    return {"kind": "tiers", "tiers": [*tiers, {"price": draw(prices)}]}


def _flat():
    return st.fixed_dictionaries({"kind": st.just("flat"), "price": prices})


def _sensor_price():
    return st.fixed_dictionaries(
        {
            "kind": st.just("sensor_price"),
            "entity_id": st.just("sensor.spot"),
            "factor": st.sampled_from([0.5, 1, 1.2]),
            "fixed": st.sampled_from([-0.02, 0, 0.09]),
            "tax": st.sampled_from([0, 5.5, 20]),
        }
    )


PRICINGS = {
    "flat": _flat(),
    "time_of_use": _time_of_use(),
    "tempo": _tempo(),
    "tiers": _tiers(),
    "sensor_price": _sensor_price(),
}


@st.composite
def contract_lists(draw, kinds: tuple[str, ...] = tuple(PRICINGS)):
    """Return contracts that begin before and during the intervals of `intervals()`."""
    starts = draw(
        st.sets(
            st.sampled_from(["2020-01-01", "2026-03-08", "2026-03-29", "2026-10-25", "2026-11-01"]),
            min_size=1,
            max_size=3,
        )
    )
    return [
        {
            "valid_from": start,
            **draw(st.one_of([PRICINGS[kind] for kind in kinds])),
            "standing_charge": draw(prices),
            "feed_in": draw(prices),
        }
        for start in sorted(starts)
    ]

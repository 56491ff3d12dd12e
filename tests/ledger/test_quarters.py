"""Many quarter-hours at once come to the same as each by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, select

from custom_components.med_exporter.engine.ledger import (
    CUT,
    QUARTERS_A_DAY,
    Day,
    metadata,
    quarters_table,
)
from custom_components.med_exporter.engine.times import QUARTER, UTC_DAY
from custom_components.med_exporter.ledger.quarters import AllFilled, add_quarters, by_stretches

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

FIRST = 20_000 * UTC_DAY
# Whole days, parts of them, holes: of three days, in any order.
PLACES = st.one_of(
    st.sets(st.integers(0, 3 * QUARTERS_A_DAY - 1), min_size=1),
    st.tuples(st.integers(0, 150), st.integers(1, 130)).map(
        lambda one: set(range(one[0], one[0] + one[1]))
    ),
    st.just(set(range(3 * QUARTERS_A_DAY))),
)
QUARTERS = PLACES.flatmap(
    lambda places: st.fixed_dictionaries(
        {FIRST + place * QUARTER: st.integers(0, 2**33) for place in places}
    )
)


def rows(*added: tuple[Mapping[int, tuple[int, int]], Collection[int] | None]) -> list[tuple]:
    """Return the days of an account to which some energies were added in turn."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    columns = quarters_table.c
    with engine.begin() as connection:
        for energies, joined in added:
            add_quarters(connection, 1, energies, joined)
        days = select(columns.day, columns.energy, columns.filled, columns.joined)
        return [tuple(row) for row in connection.execute(days.order_by(columns.day))]


@given(mwh=QUARTERS, joined=PLACES)
def test_what_is_filled_as_a_whole_is_booked_as_pairs_of_it_are(
    mwh: dict[int, int], joined: set[int]
) -> None:
    shared = {FIRST + place * QUARTER for place in joined} & mwh.keys()
    pairs = {quarter: (one, one) for quarter, one in mwh.items()}
    assert rows((AllFilled(mwh), shared)) == rows((pairs, shared))
    one_by_one = [({quarter: pair}, shared & {quarter}) for quarter, pair in pairs.items()]
    assert rows((AllFilled(mwh), shared)) == rows(*one_by_one)


@given(mwh=QUARTERS, length=st.sampled_from([UTC_DAY, 32 * UTC_DAY]))
def test_stretches_have_each_once_in_its_place(mwh: dict[int, int], length: int) -> None:
    energies = {quarter: (one, one // 2) for quarter, one in mwh.items()}
    found = {
        stretch.number * length + place * QUARTER: (one, filled)
        for stretch in by_stretches(energies, length)
        for place, one, filled in zip(*stretch[1:], strict=True)
    }
    assert found == energies
    assert list(found) == sorted(energies)


@pytest.mark.parametrize("place", [0, 50, QUARTERS_A_DAY - 1])
def test_a_day_that_is_told_as_a_whole_is_told_quarter_by_quarter_beside_another(
    place: int,
) -> None:
    parts = [(number, 10 * number, CUT) for number in range(QUARTERS_A_DAY)]
    whole = Day.unknown().adding(parts)
    rest = [one for one in parts if one[0] != place]
    assert whole.packed() == Day.unknown().adding(rest).adding([parts[place]]).packed()
    # One that is told twice is no whole day.
    twice = Day.unknown().adding([*rest, parts[0 if place else 1]])
    assert twice.known() == QUARTERS_A_DAY - 1

"""Which contract prices which day, over any history of changes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.engine.tariff import Eras, Tariff, parse_contracts

FIRST = date(2026, 1, 1)
DAYS = [FIRST + timedelta(days=number) for number in range(30)]


def contract(number: int, price: int) -> dict[str, Any]:
    return {"valid_from": DAYS[number].isoformat(), "kind": "flat", "price": price / 100}


tariffs = st.none() | st.dictionaries(
    st.integers(0, 29), st.integers(0, 4), min_size=1, max_size=4
).map(lambda prices: parse_contracts([contract(*item) for item in sorted(prices.items())]))
histories = st.lists(st.tuples(tariffs, st.integers(0, 29)), min_size=1, max_size=5).map(
    lambda changes: sorted(changes, key=lambda change: change[1])
)


def price(eras: Eras, day: date) -> float | None:
    held = eras.contract_on(day)
    return None if held is None else held.pricing.price


def lived(history: list[tuple[Tariff | None, int]]) -> Eras:
    eras = Eras()
    for tariff, number in history:
        eras = eras.followed_by(Eras.of(tariff), DAYS[number])
    return eras


@given(histories, tariffs, st.integers(0, 29))
def test_a_change_counts_from_today_and_for_days_that_had_no_contract(
    history: list[tuple[Tariff | None, int]], tariff: Tariff | None, number: int
) -> None:
    before, wanted, today = lived(history), Eras.of(tariff), DAYS[number]
    after = before.followed_by(wanted, today)
    for day in DAYS:
        known = price(before, day)
        expected = known if day < today and known is not None else price(wanted, day)
        assert price(after, day) == expected


@given(histories, tariffs, st.integers(0, 29))
def test_the_first_difference_is_the_first_day_with_another_price(
    history: list[tuple[Tariff | None, int]], tariff: Tariff | None, number: int
) -> None:
    before = lived(history)
    after = before.followed_by(Eras.of(tariff), DAYS[number])
    different = [day for day in DAYS if price(before, day) != price(after, day)]
    assert before.first_difference(after) == min(different, default=None)


@given(histories)
def test_the_same_tariff_again_changes_nothing(history: list[tuple[Tariff | None, int]]) -> None:
    eras = lived(history)
    tariff, number = history[-1]
    for later in DAYS[number:]:
        again = eras.followed_by(Eras.of(tariff), later)
        assert again.first_difference(eras) is None
        assert again.to_stored() == eras.to_stored()


@given(histories)
def test_eras_are_kept_as_json(history: list[tuple[Tariff | None, int]]) -> None:
    eras = lived(history)
    assert Eras.parse(eras.to_stored()) == eras

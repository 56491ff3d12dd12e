"""A formula behaves as the same expression in Python, where None is what SQL calls NULL."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import add, eq, ge, gt, le, lt, mul, ne, sub
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.med_exporter.engine.formulas import compile_formula

from .table import KNOWN, Row, values

if TYPE_CHECKING:
    from collections.abc import Callable

ZONE = "Europe/Paris"
OR, AND, NOT, COMPARISON, SUM, PRODUCT, ATOM = range(7)


@dataclass(frozen=True)
class Expression:
    """A text, how tightly it binds, and what it is worth for a row among its device's rows."""

    text: str
    binds: int
    value: Callable[[Row, list[Row]], Any]

    def inside(self, least: int) -> str:
        """Return the text as a part of one that binds so tightly."""
        return self.text if self.binds >= least else f"({self.text})"


def known(function):
    """Give nothing where an argument is not known, or where floats have no answer."""

    def computed(*arguments):
        if None in arguments:
            return None
        result = function(*arguments)
        return None if isinstance(result, float) and math.isnan(result) else result

    return computed


def binary(sign: str, binds: int, function) -> Callable[[Expression, Expression], Expression]:
    # Comparisons cannot be chained, so both sides of one bind tighter.
    least = binds + 1 if binds == COMPARISON else binds

    def joined(left: Expression, right: Expression) -> Expression:
        return Expression(
            f"{left.inside(least)} {sign} {right.inside(binds + 1)}",
            binds,
            lambda row, rows: function(left.value(row, rows), right.value(row, rows)),
        )

    return joined


def call(name: str, function) -> Callable[..., Expression]:
    return lambda *arguments: Expression(
        f"{name}({', '.join(argument.text for argument in arguments)})",
        ATOM,
        lambda row, rows: function(*(argument.value(row, rows) for argument in arguments)),
    )


def total(name: str, function) -> Callable[[Expression], Expression]:
    def over_rows(inner: Expression) -> Expression:
        def computed(_: Row, rows: list[Row]):
            found = [inner.value(row, rows) for row in rows]
            return function([value for value in found if value is not None])

        return Expression(name.format(inner.text), ATOM, computed)

    return over_rows


def both(left, right):
    if (left is not None and not left) or (right is not None and not right):
        return False
    return None if None in (left, right) else True


def either(left, right):
    if left or right:
        return True
    return None if None in (left, right) else False


def case(condition: Expression, then: Expression, otherwise: Expression) -> Expression:
    return Expression(
        f"CASE WHEN {condition.text} THEN {then.text} ELSE {otherwise.text} END",
        ATOM,
        lambda row, rows: (then if condition.value(row, rows) else otherwise).value(row, rows),
    )


def local(row: Row) -> datetime | None:
    if row["timestamp"] is None:
        return None
    return datetime.fromtimestamp(row["timestamp"], UTC).astimezone(ZoneInfo(ZONE))


NUMBERS = st.one_of(
    st.sampled_from(("0", "1", "2", "3", "0.5", "100", "7.25", "1e3", "2.5E-2", "10.")).map(
        lambda text: Expression(text, ATOM, lambda *_: float(text))
    ),
    st.sampled_from(("power_w", "voltage", "current", "rated_power")).map(
        lambda name: Expression(name, ATOM, lambda row, _: row[name])
    ),
)
HOURS = st.just(
    Expression("HOUR(timestamp)", ATOM, lambda row, _: known(lambda t: t.hour)(local(row)))
)
DAYS = st.sampled_from(("2026-03-29", "2026-10-25", "2026-01-01")).map(
    lambda day: Expression(
        f"DATE(timestamp) >= '{day}'",
        COMPARISON,
        lambda row, _: known(lambda t: t.date().isoformat() >= day)(local(row)),
    )
)
ARITHMETIC = (
    binary("+", SUM, known(add)),
    binary("-", SUM, known(sub)),
    binary("*", PRODUCT, known(mul)),
    binary("/", PRODUCT, known(lambda left, right: left / right if right else None)),
    binary("%", PRODUCT, known(lambda left, right: left % right if right else None)),
)
COMPARISONS = tuple(
    binary(sign, COMPARISON, known(function))
    for sign, function in (
        ("<", lt), ("<=", le), (">", gt), (">=", ge), ("=", eq), ("==", eq), ("<>", ne), ("!=", ne)
    )
)  # fmt: skip


def negative(inner: Expression) -> Expression:
    return Expression(
        f"- {inner.inside(ATOM)}", PRODUCT, lambda *at: known(lambda v: -v)(inner.value(*at))
    )


def opposite(inner: Expression) -> Expression:
    return Expression(
        f"NOT {inner.inside(COMPARISON)}", NOT, lambda *at: known(lambda v: not v)(inner.value(*at))
    )


def unknown(inner: Expression) -> Expression:
    return Expression(
        f"{inner.inside(ATOM)} IS NULL", COMPARISON, lambda *at: inner.value(*at) is None
    )


def rounding(inner: Expression, digits: int) -> Expression:
    return Expression(
        f"ROUND({inner.text}, {digits})",
        ATOM,
        lambda *at: known(lambda v: v if math.isinf(v) else float(round(v, digits)))(
            inner.value(*at)
        ),
    )


def shortly(strategy):
    """Return the same strategy with a short name, for hypothesis writes it out."""
    return st.deferred(lambda: strategy)


def conditions(numbers):
    numbers = shortly(numbers)
    simple = st.one_of(
        DAYS,
        numbers.map(unknown),
        st.builds(
            lambda join, *sides: join(*sides), st.sampled_from(COMPARISONS), numbers, numbers
        ),
    )
    return st.recursive(
        simple,
        lambda inner: st.one_of(
            inner.map(opposite),
            st.builds(binary("AND", AND, both), inner, inner),
            st.builds(binary("OR", OR, either), inner, inner),
        ),
        max_leaves=3,
    )


def larger(numbers):
    numbers = shortly(numbers)
    return st.one_of(
        st.builds(lambda join, *sides: join(*sides), st.sampled_from(ARITHMETIC), numbers, numbers),
        numbers.map(negative),
        numbers.map(call("ABS", known(abs))),
        st.builds(rounding, numbers, st.integers(-3, 6)),
        st.builds(call("MIN", known(min)), numbers, numbers),
        st.builds(call("max", known(max)), numbers, numbers, numbers),
        st.builds(
            call("COALESCE", lambda *found: next((v for v in found if v is not None), None)),
            numbers,
            numbers,
        ),
        st.builds(case, conditions(numbers), numbers, numbers),
    )


ROW_EXPRESSIONS = shortly(st.recursive(st.one_of(NUMBERS, HOURS), larger, max_leaves=12))
# Sums of these are exact, in whatever order they are added.
EXACT = st.one_of(
    NUMBERS.filter(lambda number: number.text[0].isalpha()),
    st.builds(case, conditions(NUMBERS), NUMBERS, NUMBERS),
)
TOTALS = st.one_of(
    EXACT.map(total("SUM({})", lambda found: math.fsum(found) if found else None)),
    EXACT.map(total("AVG({})", lambda found: math.fsum(found) / len(found) if found else None)),
    ROW_EXPRESSIONS.map(total("MIN({})", lambda found: min(found, default=None))),
    ROW_EXPRESSIONS.map(total("MAX({})", lambda found: max(found, default=None))),
    ROW_EXPRESSIONS.map(total("COUNT({})", lambda found: float(len(found)))),
    ROW_EXPRESSIONS.map(total("COUNT(DISTINCT {})", lambda found: float(len(set(found))))),
)
EXPRESSIONS = st.one_of(
    ROW_EXPRESSIONS,
    st.recursive(st.one_of(NUMBERS, TOTALS), larger, max_leaves=8),
    conditions(st.one_of(NUMBERS, TOTALS, ROW_EXPRESSIONS)),
)

QUANTITIES = st.none() | st.integers(-8000, 8000).map(lambda eighths: eighths / 8)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "device": st.integers(0, 1),
            "timestamp": st.none() | st.integers(1_767_200_000, 1_798_800_000).map(float),
            "power_w": QUANTITIES,
            "voltage": QUANTITIES,
            "current": QUANTITIES,
        }
    ),
    min_size=1,
    max_size=6,
)


def evaluated(expression: Expression, rows: list[Row], rated: list[float | None]) -> list[Any]:
    rows = [{**row, "rated_power": rated[row["device"]]} for row in rows]
    found = [
        expression.value(row, [other for other in rows if other["device"] == row["device"]])
        for row in rows
    ]
    return [None if isinstance(v, float) and math.isinf(v) else v for v in found]


@given(
    EXPRESSIONS.filter(lambda expression: len(expression.text) < 600),
    ROWS,
    st.lists(QUANTITIES, min_size=2, max_size=2),
)
@settings(max_examples=300, deadline=None)
def test_a_formula_gives_what_python_gives(expression, rows, rated):
    devices = [{"rated_power": power} for power in rated]
    found = values(expression.text, rows, devices=devices, zone=ZONE)
    assert found == evaluated(expression, rows, rated)
    if compile_formula(expression.text, KNOWN).is_whole:
        assert all(value is None or value.is_integer() for value in found)

"""The cost of a metering point's consumption as a running sum, hour by hour."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Final

from ..engine.costs.costing import price_point
from ..engine.costs.energy_source import closed_until, first_known
from ..engine.costs.terms import read_terms
from ..engine.tariff.energy import CONSUMPTION
from ..engine.times import HOUR, hour_of
from ..statistics import RunningSum
from .change import cost_statistic_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from sqlalchemy.engine import Connection

    from ..engine.costs.terms import Terms

# Money as whole hundred-millionths, so that sums come out the same each time.
_PARTS: Final = 100_000_000


def running_sums(
    connection: Connection, missing_colours: Callable[[Iterable[date]], None]
) -> dict[str, RunningSum]:
    """Return the running sums of all metering points that have a contract, by their slugs.

    Args:
        connection: to the recorder's database.
        missing_colours: called with dates whose Tempo colour prices lack.

    """
    return {
        slug: RunningSum(
            statistic_id=cost_statistic_id(slug),
            unit=terms.currency,
            unit_class=None,
            parts_per_unit=_PARTS,
            hours=partial(_hours, terms, missing_colours),
            first_hour=partial(_first_hour, slug),
            closed_until=partial(closed_until, metering_point=slug),
        )
        for slug, terms in read_terms(connection).items()
    }


def _hours(
    terms: Terms,
    missing_colours: Callable[[Iterable[date]], None],
    connection: Connection,
    start: int,
    end: int,
) -> dict[int, int]:
    """Return what hours cost, in parts."""
    edges = range(start, end + 1, HOUR)
    priced = price_point(connection, terms, edges, past=True)
    missing_colours(priced.missing_colours)
    costs: defaultdict[int, float] = defaultdict(float)
    for part, amount in priced.sums.items():
        if part.role == CONSUMPTION and amount.cost is not None:
            costs[edges[part.place]] += amount.cost
    return {hour: round(cost * _PARTS) for hour, cost in costs.items()}


def _first_hour(metering_point: str, connection: Connection) -> int | None:
    first = first_known(connection, metering_point)
    return None if first is None else hour_of(first)

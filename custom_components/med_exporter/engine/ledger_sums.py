"""Sums over the ledger's half-hours, by period, plug and tariff period.

The database adds up; what comes here is small, and a few periods at a time. A half-hour belongs to
the period in which it begins.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
    Double,
    Integer,
    String,
    bindparam,
    case,
    column,
    func,
    inspect,
    literal,
    select,
    table,
)

from .ledger import HALF_HOUR

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import FromClause, TableClause

    from .recorder import Connect

CONSUMPTION = "consumption"
PRODUCTION = "production"

_AT_ONCE = 48
"""Periods of one query: a row is compared with the edges of all of them."""
_NEGLIGIBLE = 5e-7
"""kWh; the ledger has six decimals."""

_HALF_HOURS = table(
    "med_exporter_half_hours",
    column("plug_id", String),
    column("start_ts", BigInteger),
    column("role", String),
    column("kwh", Double),
)
_COSTS = table(
    "med_exporter_costs",
    column("plug_id", String),
    column("start_ts", BigInteger),
    column("role", String),
    column("period", String),
    column("tier", Integer),
    column("kwh", Double),
    column("cost", Double),
)


@dataclass(slots=True)
class EnergySum:
    """The energy of one plug in one role and period: `half_hours` of it are known."""

    place: int
    plug_id: str
    role: str
    kwh: float
    half_hours: int


@dataclass(slots=True)
class CostSum:
    """What a plug's energy cost in one tariff period and tier of one period.

    Attributes:
        place: of the period, from 0.
        plug_id: of the plug.
        role: `consumption`, or `production`, of which `cost` is what the feed-in brings.
        period: the tariff period, "" for none.
        tier: from 1; 0 for none.
        kwh: all energy.
        cost: of the priced part, None where none of it is.
        unpriced_kwh: the part without a known price.
        unpriced: half-hours with such a part.

    """

    place: int
    plug_id: str
    role: str
    period: str
    tier: int
    kwh: float
    cost: float | None
    unpriced_kwh: float
    unpriced: int


def energy_sums(
    connect: Connect, plug_ids: Sequence[str], edges: Sequence[float]
) -> Iterator[list[EnergySum]]:
    """Yield the energy of plugs, some periods at a time, ascending.

    Args:
        connect: opens a connection to the recorder's database; asked for anew for each query.
        plug_ids: of the plugs.
        edges: UTC seconds; period i runs from edge i to before edge i + 1.

    """
    if not _has(connect, _HALF_HOURS):
        return
    for first, some in _windows(edges):
        source = _placed(_HALF_HOURS, some)
        columns = source.c
        query = select(
            columns.place, columns.plug_id, columns.role, func.sum(columns.kwh), func.count()
        ).group_by(columns.place, columns.plug_id, columns.role)
        with connect() as connection:
            rows = connection.execute(query, {"plugs": list(plug_ids)}).fetchall()
        yield [EnergySum(first + place, *rest) for place, *rest in rows]


def cost_sums(
    connect: Connect, plug_ids: Sequence[str], edges: Sequence[float]
) -> Iterator[list[CostSum]]:
    """Yield what the counted energy of plugs cost, some periods at a time, ascending.

    Energy that the ledger has and that nobody has priced yet has a sum of its own; so has no
    energy, without a cost. Arguments are those of `energy_sums`.
    """
    has_costs = _has(connect, _COSTS)
    windows = _windows(edges)
    for energies in energy_sums(connect, plug_ids, edges):
        first, some = next(windows)
        found = _priced(connect, plug_ids, first, some) if has_costs else []
        known: dict[tuple[int, str, str], float] = {}
        for one in found:
            key = (one.place, one.plug_id, one.role)
            known[key] = known.get(key, 0.0) + one.kwh
        for energy in energies:
            if energy.role not in {CONSUMPTION, PRODUCTION}:
                continue
            place, plug_id, role = energy.place, energy.plug_id, energy.role
            priced = known.get((place, plug_id, role))
            rest = energy.kwh - (priced or 0.0)
            if rest > _NEGLIGIBLE:
                count = energy.half_hours if priced is None else 1
                found.append(CostSum(place, plug_id, role, "", 0, rest, None, rest, count))
            elif priced is None:
                found.append(CostSum(place, plug_id, role, "", 0, 0.0, None, 0.0, 0))
        yield found


def half_hour_energies(
    connect: Connect, plug_ids: Sequence[str], start: float, end: float
) -> Iterator[list[tuple[int, float]]]:
    """Yield what plugs consumed together in each half-hour of a range, some days at a time.

    Args:
        connect: as for `energy_sums`.
        plug_ids: of the plugs.
        start: UTC seconds; half-hours that begin from here on.
        end: UTC seconds; half-hours that are over by then.

    """
    if not _has(connect, _HALF_HOURS):
        return
    columns = _HALF_HOURS.c
    query = (
        select(columns.start_ts, func.sum(columns.kwh))
        .where(
            columns.plug_id.in_(bindparam("plugs", expanding=True)),
            columns.role == CONSUMPTION,
            columns.start_ts >= bindparam("low"),
            columns.start_ts < bindparam("high"),
        )
        .group_by(columns.start_ts)
    )
    low, last = _whole(start), _whole(end - HALF_HOUR) + 1
    step = 28 * 48 * HALF_HOUR
    while low < last:
        limits = {"plugs": list(plug_ids), "low": low, "high": min(low + step, last)}
        with connect() as connection:
            rows = connection.execute(query, limits).fetchall()
        yield [(int(moment), float(kwh)) for moment, kwh in rows]
        low += step


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger has of a plug: its first half-hour ever, and how many in a range."""

    first: int | None
    half_hours: int


def known_half_hours(
    connect: Connect, plug_ids: Sequence[str], start: float, end: float
) -> dict[str, Known]:
    """Return what the ledger has of each plug.

    Args:
        connect: as for `energy_sums`.
        plug_ids: of the plugs.
        start: UTC seconds, included.
        end: UTC seconds, not included.

    """
    if not _has(connect, _HALF_HOURS):
        return {plug_id: Known(None, 0) for plug_id in plug_ids}
    columns = _HALF_HOURS.c
    here = columns.plug_id == bindparam("plug_id")
    first = select(func.min(columns.start_ts)).where(here)
    count = select(func.count(columns.start_ts.distinct())).where(
        here, columns.start_ts >= _whole(start), columns.start_ts < _whole(end)
    )
    known = {}
    with connect() as connection:
        for plug_id in plug_ids:
            values = {"plug_id": plug_id}
            known[plug_id] = Known(
                connection.execute(first, values).scalar(),
                int(connection.execute(count, values).scalar() or 0),
            )
    return known


def _priced(
    connect: Connect, plug_ids: Sequence[str], first: int, edges: Sequence[int]
) -> list[CostSum]:
    source = _placed(_COSTS, edges)
    columns = source.c
    keys = (columns.place, columns.plug_id, columns.role, columns.period, columns.tier)
    unpriced = columns.cost.is_(None)
    query = select(
        *keys,
        func.sum(columns.kwh),
        func.sum(columns.cost),
        func.sum(case((unpriced, columns.kwh), else_=0.0)),
        func.sum(case((unpriced, 1), else_=0)),
    ).group_by(*keys)
    with connect() as connection:
        rows = connection.execute(query, {"plugs": list(plug_ids)}).fetchall()
    return [
        CostSum(first + place, plug_id, role, period, tier, kwh, cost, float(without), int(count))
        for place, plug_id, role, period, tier, kwh, cost, without, count in rows
    ]


def _placed(source: TableClause, edges: Sequence[int]) -> FromClause:
    """Return the rows of plugs between edges, each with the place of its period."""
    start = source.c.start_ts
    # Literals, so that each database sees the same expression wherever it stands.
    place = case(
        *((start < literal(edge), number) for number, edge in enumerate(edges[1:-1])),
        else_=len(edges) - 2,
    ) if len(edges) > 2 else literal(0, Integer)  # fmt: skip
    return (
        select(place.label("place"), *source.c)
        .where(
            source.c.plug_id.in_(bindparam("plugs", expanding=True)),
            start >= edges[0],
            start < edges[-1],
        )
        .subquery()
    )


def _windows(edges: Sequence[float]) -> Iterator[tuple[int, Sequence[int]]]:
    """Yield the edges of some periods at a time, with the place of the first."""
    for first in range(0, len(edges) - 1, _AT_ONCE):
        yield first, [_whole(edge) for edge in edges[first : first + _AT_ONCE + 1]]


def _whole(moment: float) -> int:
    """Return the first whole second at or after a moment: half-hours begin at such."""
    return math.ceil(moment)


def _has(connect: Connect, source: TableClause) -> bool:
    with connect() as connection:
        return inspect(connection).has_table(source.name)

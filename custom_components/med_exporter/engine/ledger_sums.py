"""Sums over the ledger's quarter-hours, by period, plug and tariff period.

They come a few periods at a time. A quarter-hour belongs to the period in which it begins.
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

from .energy import to_kwh
from .ledger import (
    Account,
    accounts_of,
    energies_between,
    is_readable,
    known_range,
    sums_by_account,
)
from .times import QUARTER, UTC_DAY, ceil_to, floor_to

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
_PATTERN_DAYS = 28
"""Days of quarter-hours in memory at a time."""

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
    """The energy of one plug in one role and period.

    `filled_kwh` of `kwh` was filled, and `quarters` of its quarter-hours are known.
    """

    place: int
    plug_id: str
    role: str
    kwh: float
    filled_kwh: float
    quarters: int


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
    accounts = _accounts(connect, plug_ids)
    for first, some in _windows(edges):
        with connect() as connection:
            sums = sums_by_account(connection, list(accounts.values()), some)
        found: dict[tuple[int, str, str], EnergySum] = {}
        for (place, account_id), part in sorted(sums.items()):
            account = accounts[account_id]
            key = (first + place, account.plug_id, account.role)
            one = found.setdefault(key, EnergySum(*key, kwh=0.0, filled_kwh=0.0, quarters=0))
            one.kwh = round(one.kwh + to_kwh(part.mwh), 6)
            one.filled_kwh = round(one.filled_kwh + to_kwh(part.filled), 6)
            one.quarters += part.quarters
        yield list(found.values())


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
                count = math.ceil(energy.quarters / 2) if priced is None else 1
                found.append(CostSum(place, plug_id, role, "", 0, rest, None, rest, count))
            elif priced is None:
                found.append(CostSum(place, plug_id, role, "", 0, 0.0, None, 0.0, 0))
        yield found


def quarter_energies(
    connect: Connect, plug_ids: Sequence[str], start: float, end: float
) -> Iterator[list[tuple[int, float, float]]]:
    """Yield what plugs consumed together in each quarter-hour of a range, some days at a time.

    Each is given as its start in UTC seconds, the kWh, and the part of these that was filled.

    Args:
        connect: as for `energy_sums`.
        plug_ids: of the plugs.
        start: UTC seconds; quarter-hours that begin from here on.
        end: UTC seconds; quarter-hours that are over by then.

    """
    accounts = [
        account for account in _accounts(connect, plug_ids).values() if account.role == CONSUMPTION
    ]
    low, last = ceil_to(start, QUARTER), floor_to(end, QUARTER)
    while low < last:
        high = min(low + _PATTERN_DAYS * UTC_DAY, last)
        with connect() as connection:
            found = energies_between(connection, accounts, low, high)
        yield [(start, to_kwh(mwh), to_kwh(filled)) for start, (mwh, filled) in found.items()]
        low = high


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger has of a plug.

    Attributes:
        first: when its first quarter-hour ever begins, None where there is none.
        quarters: how many of a range are known.
        filled: when the filled ones of the range begin and end, None where none is.
        filled_kwh: their filled energy.

    """

    first: int | None
    quarters: int = 0
    filled: tuple[int, int] | None = None
    filled_kwh: float = 0.0


def known_quarters(
    connect: Connect, plug_ids: Sequence[str], start: float, end: float
) -> dict[str, Known]:
    """Return what the ledger has of each plug.

    Args:
        connect: as for `energy_sums`.
        plug_ids: of the plugs.
        start: UTC seconds, included.
        end: UTC seconds, not included.

    """
    accounts = _accounts(connect, plug_ids)
    # By day, so that what was filled is found without all quarter-hours in memory.
    edges = [start, *range(ceil_to(start + 1, UTC_DAY), ceil_to(end, UTC_DAY), UTC_DAY), end]
    known = {}
    for plug_id in plug_ids:
        own = [account for account in accounts.values() if account.plug_id == plug_id]
        if not own:
            known[plug_id] = Known(None)
            continue
        with connect() as connection:
            first = known_range(connection, own)
            sums = sums_by_account(connection, own, edges) if start < end else {}
        filled = [place for (place, _), one in sums.items() if one.filled]
        known[plug_id] = Known(
            None if first is None else first[0],
            sum(one.quarters for one in sums.values()),
            (int(edges[min(filled)]), int(edges[max(filled) + 1])) if filled else None,
            to_kwh(sum(one.filled for one in sums.values())),
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
        yield first, [math.ceil(edge) for edge in edges[first : first + _AT_ONCE + 1]]


def _accounts(connect: Connect, plug_ids: Sequence[str]) -> dict[int, Account]:
    """Return the accounts of plugs by id; none where the ledger has no tables."""
    with connect() as connection:
        if not is_readable(connection):
            return {}
        return {account.id: account for account in accounts_of(connection, plug_ids=plug_ids)}


def _has(connect: Connect, source: TableClause) -> bool:
    with connect() as connection:
        return inspect(connection).has_table(source.name)

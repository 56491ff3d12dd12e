"""Sums over the ledger's quarter-hours, by period and plug.

They come a few periods at a time. A quarter-hour belongs to the period in which it begins.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

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

    from .recorder import Connect

CONSUMPTION = "consumption"
PRODUCTION = "production"

_AT_ONCE = 48
"""Periods of one query: a row is compared with the edges of all of them."""
_PATTERN_DAYS = 28
"""Days of quarter-hours in memory at a time."""


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


def quarter_energies(
    connect: Connect, plug_ids: Sequence[str], start: float, end: float
) -> Iterator[list[tuple[int, float, float]]]:
    """Yield what plugs consumed together in each quarter-hour of a range, some days at a time.

    Each is given as its start in UTC seconds, the kWh, and the part of these that was filled, but
    for what was cut from an hour: of hours it tells what there is to tell.

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
            found = energies_between(connection, accounts, low, high, cut=False)
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

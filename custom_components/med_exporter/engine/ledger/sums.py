"""Sums over the ledger's quarter-hours, by period and plug.

They come a few periods at a time. A quarter-hour belongs to the period in which it begins.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..energy import to_kwh
from ..lazy_dataclass import dataclass
from ..times import QUARTER, UTC_DAY, ceil_to, floor_to
from . import (
    QUARTERS_A_DAY,
    Account,
    accounts_of,
    days_between,
    energies_between,
    is_readable,
    known_range,
    sums_by_account,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from ..database.connections import Connect
    from . import Day

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
    connect: Connect,
    plug_ids: Sequence[str],
    edges: Sequence[float],
    *,
    slugs: Collection[str] | None = None,
) -> Iterator[list[EnergySum]]:
    """Yield the energy of plugs, some periods at a time, ascending.

    Args:
        connect: opens a connection to the recorder's database; asked for anew for each query.
        plug_ids: of the plugs.
        edges: UTC seconds; period i runs from edge i to before edge i + 1.
        slugs: only what was counted for these metering points; None for all.

    """
    accounts = _accounts(connect, plug_ids, slugs)
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
    connect: Connect,
    plug_ids: Sequence[str],
    start: float,
    end: float,
    *,
    slugs: Collection[str] | None = None,
) -> Iterator[list[tuple[int, float, float]]]:
    """Yield what plugs consumed together in each quarter-hour of a range, some days at a time.

    Each is given as its start in UTC seconds, the kWh, and the part of these that was filled, but
    for what was cut from an hour: of hours it tells what there is to tell.

    Args:
        connect: as for `energy_sums`.
        plug_ids: of the plugs.
        start: UTC seconds; quarter-hours that begin from here on.
        end: UTC seconds; quarter-hours that are over by then.
        slugs: as for `energy_sums`.

    """
    accounts = [
        account
        for account in _accounts(connect, plug_ids, slugs).values()
        if account.role == CONSUMPTION
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
        last: when its last one ends, likewise.
        quarters: how many of a range are known.
        guessed: when the quarter-hours of the range begin and end whose energy is only known
            together with others, on the other side of an edge; None where there are none.
        guessed_kwh: their energy.

    """

    first: int | None
    quarters: int = 0
    guessed: tuple[int, int] | None = None
    guessed_kwh: float = 0.0
    last: int | None = None


def known_quarters(
    connect: Connect,
    plug_ids: Sequence[str],
    start: float,
    end: float,
    edges: Iterable[float] = (),
) -> dict[str, Known]:
    """Return what the ledger has of each plug.

    Args:
        connect: as for `energy_sums`.
        plug_ids: of the plugs.
        start: UTC seconds, included.
        end: UTC seconds, not included.
        edges: UTC seconds at which the range is cut, beside its ends: what was told as a whole
            and lies on both sides of one is guessed.

    """
    accounts = _accounts(connect, plug_ids)
    cuts = frozenset(ceil_to(edge, QUARTER) for edge in (start, *edges, end))
    known = {}
    for plug_id in plug_ids:
        own = [account for account in accounts.values() if account.plug_id == plug_id]
        if not own:
            known[plug_id] = Known(None)
            continue
        wholes = _Wholes(start, end, cuts)
        with connect() as connection:
            first, last = known_range(connection, own) or (None, None)
            if start < end:
                # What goes on behind the end is cut there.
                wholes.read(days_between(connection, own, start, end + QUARTER))
        known[plug_id] = Known(
            first, wholes.known, wholes.guessed, to_kwh(wholes.guessed_mwh), last
        )
    return known


class _Wholes:
    """What of a range is known, and what of it a cut makes a guess."""

    def __init__(self, start: float, end: float, cuts: Collection[int]) -> None:
        self._low, self._high = ceil_to(start, QUARTER), ceil_to(end, QUARTER)
        self._cuts = cuts
        self._is_cut = False
        self._filled, self._all = _Part(), _Part()
        self.known = 0
        self.guessed: tuple[int, int] | None = None
        self.guessed_mwh = 0

    def read(self, days: Iterable[tuple[int, int, Day]]) -> None:
        """Take days, account by account, ascending."""
        following = None
        for account, midnight, day in days:
            if following != (account, midnight):
                self._finish()
            following = (account, midnight + UTC_DAY)
            first = max(self._low - midnight, 0) // QUARTER
            after = min((self._high - midnight) // QUARTER, QUARTERS_A_DAY)
            if first < after:
                self.known += day.known(first, after)
            joints = day.joints()
            if not joints:
                self._finish()
            for place in range(QUARTERS_A_DAY) if joints else (QUARTERS_A_DAY - 1,):
                self._take(day, midnight, place, joints >> place & 1)
        self._finish()

    def _take(self, day: Day, midnight: int, place: int, joint: int) -> None:
        moment = midnight + place * QUARTER
        if not joint:
            self._finish()
        elif moment in self._cuts:
            self._is_cut = True
        if self._low <= moment < self._high:
            self._filled.add(moment, day.estimated(place))
            self._all.add(moment, day.mwh(place, place + 1))

    def _finish(self) -> None:
        """End the whole that was read."""
        # Between what was filled lies what was measured; what a meter told by the hour is neither.
        part = self._filled if self._filled.mwh else self._all
        if self._is_cut and part.quarters is not None:
            self.guessed = _around(self.guessed, part.quarters)
            self.guessed_mwh += part.mwh
        self._is_cut = False
        self._filled, self._all = _Part(), _Part()


class _Part:
    """The energy of a whole, and between which moments it lies."""

    __slots__ = ("mwh", "quarters")

    def __init__(self) -> None:
        self.mwh = 0
        self.quarters: tuple[int, int] | None = None

    def add(self, quarter: int, mwh: int) -> None:
        """Take what a quarter-hour has."""
        if mwh:
            self.mwh += mwh
            self.quarters = _around(self.quarters, (quarter, quarter + QUARTER))


def _around(one: tuple[int, int] | None, other: tuple[int, int]) -> tuple[int, int]:
    return other if one is None else (min(one[0], other[0]), max(one[1], other[1]))


def _windows(edges: Sequence[float]) -> Iterator[tuple[int, Sequence[int]]]:
    """Yield the edges of some periods at a time, with the place of the first."""
    for first in range(0, len(edges) - 1, _AT_ONCE):
        yield first, [math.ceil(edge) for edge in edges[first : first + _AT_ONCE + 1]]


def _accounts(
    connect: Connect, plug_ids: Sequence[str], slugs: Collection[str] | None = None
) -> dict[int, Account]:
    """Return the accounts of plugs by id; none where the ledger has no tables."""
    with connect() as connection:
        if not is_readable(connection):
            return {}
        return {
            account.id: account
            for account in accounts_of(connection, plug_ids=plug_ids)
            if slugs is None or account.metering_point in slugs
        }

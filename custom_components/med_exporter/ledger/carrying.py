"""Corrections that go along with their energy, where that is dated anew."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from ..const import PlugRole
from ..engine import ledger as held
from ..engine.database.own_tables import exists
from ..engine.lazy_dataclass import dataclass
from ..engine.times import QUARTER, hour_of
from ..statistics import mark_dirty
from .quarters import take_back_quarters
from .removed import note_removed, removed_between, removed_table
from .series import COUNTED_ROLES, PlugSeries, PointSeries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.engine import Connection

    from .receipts import Added
    from .series import Series


@dataclass(frozen=True, slots=True)
class _Part:
    """Energy (mWh) that was taken back from a quarter-hour, and what corrections added to it."""

    account: int
    quarter: int
    mwh: int
    filled: int
    added: int


@dataclass(frozen=True, slots=True)
class Carried:
    """What corrections have added to energy of a plug that was taken back, the earliest first.

    `until` is when the last of it was read, in ticks. Until the energy is booked anew, they stand
    where they stood.
    """

    until: float
    parts: tuple[_Part, ...]


def carried_with(connection: Connection, plug_id: str, taken: Sequence[Added]) -> Carried | None:
    """Return the corrections of energy that is about to be taken back; None where there are none.

    Args:
        connection: to the recorder's database.
        plug_id: whose energy.
        taken: what postings have added, the latest first.

    """
    energies = [
        (one.account_id, quarter, mwh, filled)
        for one in reversed(taken)
        for quarter, (mwh, filled) in sorted(one.quarters.items())
        if mwh > 0
    ]
    if not energies:
        return None
    first, end = min(one[1] for one in energies), max(one[1] for one in energies) + QUARTER
    corrected = held.corrections_between(connection, plug_id, first, end)
    if not corrected:
        return None
    accounts = held.accounts_of(connection, plug_ids=[plug_id])
    standing = held.energies_between(connection, accounts, first, end)
    given: defaultdict[int, int] = defaultdict(int)
    parts = []
    for account, quarter, mwh, filled in energies:
        delta = corrected.get(quarter, 0)
        counted = standing.get(quarter, (0, 0))[0] - delta
        before = given[quarter]
        given[quarter] = after = min(before + mwh, max(counted, 0))
        added = delta * after // counted - delta * before // counted if counted > 0 else 0
        parts.append(_Part(account, quarter, mwh, filled, added))
    ticks = taken[0].receipt.ticks
    if ticks is None or not any(part.added for part in parts):
        return None
    return Carried(ticks, tuple(parts))


def carry(
    connection: Connection,
    plug_id: str,
    carried: Carried,
    account: int,
    booked: Mapping[int, tuple[int, int]],
    known_until: float,
) -> Carried:
    """Let corrections follow their energy to where it has just been booked; return what is left.

    Args:
        connection: with a transaction of which this becomes a part.
        plug_id: whose energy.
        carried: the corrections, in the order in which their energy was counted.
        account: to which it was booked.
        booked: mWh, and how many of these were filled, by quarter-hour.
        known_until: UTC seconds; of quarter-hours that begin later nothing is known without them.

    """
    waiting = list(reversed(carried.parts))
    moved: defaultdict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    for quarter, (mwh, filled) in sorted(booked.items()):
        left, here = mwh, 0
        while left > 0 and waiting:
            part = waiting.pop()
            used = min(left, part.mwh)
            added, share = part.added * used // part.mwh, part.filled * used // part.mwh
            if used < part.mwh:
                waiting.append(
                    replace(
                        part,
                        mwh=part.mwh - used,
                        filled=part.filled - share,
                        added=part.added - added,
                    )
                )
            there = moved[part.account, part.quarter]
            there[0] -= added
            there[1] -= added * share // used
            here += added
            left -= used
        if here:
            change = moved[account, quarter]
            change[0] += here
            change[1] += here * filled // mwh
    changed = {at: (one[0], one[1]) for at, one in moved.items() if any(one)}
    if changed:
        _move(connection, plug_id, changed, known_until)
    return Carried(carried.until, tuple(reversed(waiting)))


def _move(
    connection: Connection,
    plug_id: str,
    moved: Mapping[tuple[int, int], tuple[int, int]],
    known_until: float,
) -> None:
    added: defaultdict[int, int] = defaultdict(int)
    by_account: defaultdict[int, dict[int, tuple[int, int]]] = defaultdict(dict)
    for (number, quarter), (mwh, filled) in moved.items():
        added[quarter] += mwh
        by_account[number][quarter] = (mwh, filled)
    held.note_corrections(connection, plug_id, added)
    accounts = {one.id: one for one in held.accounts_of(connection, plug_ids=[plug_id])}
    for number, changes in by_account.items():
        if (account := accounts.get(number)) is None:
            continue
        take_back_quarters(connection, number, changes, known_until)
        _note_removed(connection, account, changes)
        for series in _series(account):
            mark_dirty(connection, series.statistic_id, None, hour_of(min(changes)))


def _note_removed(
    connection: Connection, account: held.Account, changes: Mapping[int, tuple[int, int]]
) -> None:
    """Let what a correction has emptied be known where it is empty now, and nowhere else."""
    if not exists(connection, removed_table):
        return
    first, end = min(changes), max(changes) + QUARTER
    marked = {at for _, at in removed_between(connection, {account.id}, first, end)}
    standing = held.energies_between(connection, [account], first, end)
    noted: dict[int, tuple[int, int] | None] = dict.fromkeys(marked & changes.keys())
    for quarter, (mwh, filled) in changes.items():
        if mwh < 0 and not standing.get(quarter, (0, 0))[0]:
            noted[quarter] = (-mwh, -filled)
    note_removed(connection, account.id, noted)


def _series(account: held.Account) -> Iterable[Series]:
    yield PlugSeries(account.plug_id)
    if account.role in COUNTED_ROLES:
        yield PointSeries(account.metering_point, PlugRole(account.role))

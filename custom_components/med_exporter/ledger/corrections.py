"""Energy that a user puts right: set, scaled or removed in a range, in one transaction."""

from __future__ import annotations

from collections import defaultdict
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import func, select

from ..engine import ledger as held
from ..engine.energy import to_mwh
from ..engine.lazy_dataclass import dataclass
from ..engine.ledger import quarters_table
from ..engine.times import HOUR, QUARTER, UTC_DAY, floor_to, hour_of
from ..statistics import hours_added, mark_dirty, shift
from .backfill import KEPT_DAYS
from .quarters import account_id, replace_quarters
from .removed import note_removed, removed_between
from .series import COUNTED_ROLES, PlugSeries, PointSeries
from .undoing import note_done, taken_back

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy.engine import Connection

    from .series import LedgerPlug, Series


class Operation(StrEnum):
    """What is done to the energy of a range."""

    SET = "set"
    SCALE = "scale"
    REMOVE = "remove"


class CorrectionError(ValueError):
    """A range that cannot be corrected; `key` of the words that say why."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


@dataclass(frozen=True, kw_only=True, slots=True)
class Correction:
    """What is to be put right.

    Attributes:
        plug: whose energy.
        start: UTC seconds of the first quarter-hour.
        end: UTC seconds at which the last one ends, after start.
        operation: what is done.
        value: kWh of the whole range to set, or the factor to scale by, which is not negative.

    """

    plug: LedgerPlug
    start: int
    end: int
    operation: Operation
    value: float = 0.0


@dataclass(frozen=True, slots=True)
class Corrected:
    """The energy of a corrected range before and after, in mWh.

    The long-term statistics follow by themselves; `statistics_pending` while they have not.
    """

    before: int
    after: int
    statistics_pending: bool = False


class _Cell(NamedTuple):
    """A quarter-hour of an account, or an hour of statistics (account 0), as it stands."""

    account: int
    start: int
    mwh: int
    filled: int


def correct(connection: Connection, correction: Correction, now: float) -> Corrected:
    """Correct a range; statistics, and all who are told of changed hours, follow.

    What takes a correction back brings what stood before it. What else is set is spread by the
    shape that is there; where nothing is, by that of what corrections have removed, so that it can
    be put back as it was, or evenly. Quarter-hours are changed in the ledger; where these are not
    kept any more, hours in the long-term statistics.

    Args:
        connection: with a transaction of which this becomes a part.
        correction: what to do.
        now: UTC seconds.

    Raises CorrectionError, before anything is changed.

    """
    accounts = {
        one.id: one for one in held.accounts_of(connection, plug_ids=[correction.plug.plug_id])
    }
    kept_from = _kept_from(connection, accounts, now)
    kept_from = min(correction.end, max(correction.start, kept_from))
    hours = _hours(connection, correction, kept_from)
    quarters = [
        _Cell(account.id, start, *energy)
        for account in accounts.values()
        for start, energy in held.energies_between(
            connection, [account], kept_from, correction.end
        ).items()
    ]
    cells = sorted([*hours, *quarters], key=lambda cell: (cell.start, cell.account))
    before = sum(cell.mwh for cell in cells)
    after = _total(correction, before)
    changed = _taken_back(connection, correction, cells, before, after)
    is_empty = changed is None and correction.operation is Operation.SET and not before
    shape = _removed(connection, correction, cells, kept_from) if is_empty else []
    is_even = is_empty and not shape
    if is_even:
        cells = _evenly(connection, correction, cells, kept_from)
    if changed is None:
        changed = _put_back(cells, shape, after) if shape else _changed(cells, before, after)
    stood = _stood(connection, accounts.values(), changed)
    stretch = correction.start, correction.end
    note_done(connection, correction.plug.plug_id, stretch, (before, after), stood)
    _note_removed(connection, changed, stood)
    added: defaultdict[int, int] = defaultdict(int)
    for old, new in changed:
        added[old.start] += new.mwh - old.mwh
    by_account: defaultdict[int, dict[int, tuple[int, int]]] = defaultdict(dict)
    for _, new in changed:
        if new.account:
            by_account[new.account][new.start] = (new.mwh, new.filled)
    for account, energies in by_account.items():
        # What has the shape of nothing is one whole.
        joined = sorted(energies)[1:] if is_even else None
        replace_quarters(connection, account, energies, joined)
    held.note_corrections(connection, correction.plug.plug_id, added)
    _let_statistics_follow(connection, correction.plug, changed)
    return Corrected(before, after if changed else before)


def _kept_from(connection: Connection, accounts: Collection[int], now: float) -> int:
    """Return from when on quarter-hours of accounts are kept, at the beginning of a day of UTC."""
    kept = floor_to(now - KEPT_DAYS * UTC_DAY, UTC_DAY)
    columns = quarters_table.c
    first = connection.execute(
        select(func.min(columns.day)).where(columns.account_id.in_(list(accounts)))
    ).scalar()
    return kept if first is None else min(kept, first * UTC_DAY)


def _hours(connection: Connection, correction: Correction, kept_from: int) -> list[_Cell]:
    """Return the hours of statistics that stand for what is older than quarter-hours are kept."""
    if correction.start >= kept_from:
        return []
    if correction.start % HOUR or kept_from % HOUR:
        raise CorrectionError("not_full_hours")
    series = PlugSeries(correction.plug.plug_id)
    added = hours_added(connection, series.statistic_id, correction.start, kept_from, to_mwh(1))
    if not added:
        raise CorrectionError("nothing_kept")
    return [_Cell(0, hour, mwh, 0) for hour, mwh in added.items()]


def _removed(
    connection: Connection, correction: Correction, cells: Sequence[_Cell], kept_from: int
) -> list[_Cell]:
    """Return what corrections have removed of a range in which there is no energy."""
    accounts = {cell.account for cell in cells if cell.account}
    quarters = removed_between(connection, accounts, kept_from, correction.end)
    # What is older has no marks, and is told by what was corrected.
    added = held.corrections_between(
        connection, correction.plug.plug_id, correction.start, kept_from
    )
    old = [cell.start for cell in cells if not cell.account]
    hours = [_Cell(0, start, -added.get(start, 0), 0) for start in old]
    found = [_Cell(*place, *energy) for place, energy in quarters.items()]
    return [cell for cell in [*hours, *found] if cell.mwh]


def _put_back(
    cells: Sequence[_Cell], shape: Sequence[_Cell], after: int
) -> list[tuple[_Cell, _Cell]]:
    """Return the cells with the energy that they had, scaled to another sum where one is asked."""
    shape = sorted(shape, key=lambda cell: (cell.start, cell.account))
    whole = sum(cell.mwh for cell in shape)
    if after != whole:
        known = [c._replace(filled=c.mwh if c.filled == held.CUT else c.filled) for c in shape]
        shape = [new for _, new in _changed(known, whole, after)]
    back = {(cell.account, cell.start): cell for cell in shape}
    return [(cell, back.get((cell.account, cell.start), cell)) for cell in cells]


def _taken_back(
    connection: Connection,
    correction: Correction,
    cells: Sequence[_Cell],
    before: int,
    after: int,
) -> list[tuple[_Cell, _Cell]] | None:
    """Return the cells as they stood before the correction that this one takes back.

    None where it takes none back, or where something else has changed since.
    """
    if correction.operation is not Operation.SET:
        return None
    stretch = correction.start, correction.end
    stood = taken_back(connection, correction.plug.plug_id, stretch, (before, after))
    if stood is None or stood.keys() - {(cell.account, cell.start) for cell in cells}:
        return None
    found = []
    for cell in cells:
        mwh, filled = stood.get((cell.account, cell.start), (cell.mwh, cell.filled))
        found.append((cell, cell._replace(mwh=mwh, filled=filled)))
    return found if sum(new.mwh for _, new in found) == after else None


def _stood(
    connection: Connection,
    accounts: Collection[held.Account],
    changed: Sequence[tuple[_Cell, _Cell]],
) -> dict[tuple[int, int], tuple[int, int]]:
    """Return what stands, by account and start, in what is about to be changed."""
    found = {(old.account, old.start): (old.mwh, old.filled) for old, new in changed if old != new}
    starts = [start for account, start in found if account]
    if starts:
        for account, midnight, day in held.days_between(
            connection, accounts, min(starts), max(starts) + QUARTER
        ):
            for place, mwh, filled in day.parts():
                if (key := (account, midnight + place * QUARTER)) in found:
                    found[key] = (mwh, filled)
    return found


def _note_removed(
    connection: Connection,
    changed: Sequence[tuple[_Cell, _Cell]],
    stood: Mapping[tuple[int, int], tuple[int, int]],
) -> None:
    """Keep what stands in quarter-hours that are about to be emptied."""
    of_account: defaultdict[int, dict[int, tuple[int, int] | None]] = defaultdict(dict)
    for old, new in changed:
        if new.account and (old.mwh or new.mwh):
            emptied = None if new.mwh else stood[new.account, new.start]
            of_account[new.account][new.start] = emptied
    for account, quarters in of_account.items():
        note_removed(connection, account, quarters)


def _evenly(
    connection: Connection, correction: Correction, cells: Sequence[_Cell], kept_from: int
) -> list[_Cell]:
    """Return a cell for each piece of a range in which there is no energy."""
    plug = correction.plug
    known = {cell.start: cell for cell in cells}
    account = account_id(connection, plug.plug_id, plug.metering_point, plug.role.value)
    return [
        *(cell for cell in known.values() if not cell.account),
        *(
            known.get(quarter, _Cell(account, quarter, 0, 0))
            for quarter in range(kept_from, correction.end, QUARTER)
        ),
    ]


def _total(correction: Correction, before: int) -> int:
    match correction.operation:
        case Operation.SET:
            return to_mwh(correction.value)
        case Operation.SCALE:
            return round(before * correction.value)
        case Operation.REMOVE:
            return 0


def _changed(cells: Sequence[_Cell], before: int, after: int) -> list[tuple[_Cell, _Cell]]:
    """Return the cells with their new energy; it adds up exactly."""
    lengths = [QUARTER if cell.account else HOUR for cell in cells]
    weights = [cell.mwh for cell in cells] if before else lengths
    whole, passed, given = sum(weights), 0, 0
    found = []
    for cell, weight in zip(cells, weights, strict=True):
        passed += weight
        due = after * passed // whole
        mwh, given = due - given, due
        # What has the shape of nothing is an estimate.
        filled = (cell.filled * mwh // cell.mwh if cell.mwh else 0) if before else mwh
        found.append((cell, cell._replace(mwh=mwh, filled=filled)))
    return found


def _let_statistics_follow(
    connection: Connection, plug: LedgerPlug, changed: Sequence[tuple[_Cell, _Cell]]
) -> None:
    hours = {old.start: new.mwh - old.mwh for old, new in changed if not old.account}
    accounts = held.accounts_of(connection, plug_ids=[plug.plug_id])
    if hours:
        for series in _series_of_old(connection, plug, accounts):
            shift(connection, series.statistic_id, hours, to_mwh(1))
    for account in accounts:
        starts = [old.start for old, _ in changed if old.account == account.id]
        if not starts:
            continue
        many: list[Series] = [PlugSeries(plug.plug_id)]
        many += [
            PointSeries(account.metering_point, role)
            for role in COUNTED_ROLES
            if role.value == account.role
        ]
        for series in many:
            mark_dirty(connection, series.statistic_id, None, hour_of(min(starts)))


def _series_of_old(
    connection: Connection, plug: LedgerPlug, accounts: Sequence[held.Account]
) -> list[Series]:
    """Return what the oldest energy of a plug counts towards: as the oldest that is kept does."""
    found: list[Series] = [PlugSeries(plug.plug_id)]
    first = connection.execute(
        select(quarters_table.c.account_id)
        .where(quarters_table.c.account_id.in_([one.id for one in accounts]))
        .order_by(quarters_table.c.day)
        .limit(1)
    ).scalar()
    oldest = next((one for one in accounts if one.id == first), None)
    point, role = plug.metering_point, plug.role.value
    if oldest is not None:
        point, role = oldest.metering_point, oldest.role
    found += [PointSeries(point, one) for one in COUNTED_ROLES if one.value == role]
    return found

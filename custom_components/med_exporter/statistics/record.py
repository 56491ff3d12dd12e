"""How far a sum is known to be right in the long-term statistics."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, update

from ..engine.lazy_dataclass import dataclass
from ..engine.times import HOUR, hour_of
from .tables import sums_table

if TYPE_CHECKING:
    from sqlalchemy import Update
    from sqlalchemy.engine import Connection

    from .bulk import BulkSums
    from .sums import RunningSum


@dataclass(slots=True)
class SumRecord:
    """A row of the table of sums."""

    statistic_id: str
    name: str
    dirty_from_ts: int
    written_until_ts: int | None
    changed_from_ts: int | None

    def note(self, connection: Connection, **values: int | None) -> None:
        """Change the row."""
        changed = {name: value for name, value in values.items() if getattr(self, name) != value}
        if not changed:
            return
        connection.execute(_of_sum(*changed), {"of": self.statistic_id, **changed})
        for name, value in changed.items():
            setattr(self, name, value)


@cache
def _of_sum(*names: str) -> Update:
    """Return what changes columns of a sum, made once: it is done hundreds of times."""
    here = sums_table.c.statistic_id == bindparam("of")
    return update(sums_table).where(here).values({name: bindparam(name) for name in names})


class Looked(NamedTuple):
    """What is to be done about some hours of a sum.

    `rows` are those that Home Assistant's import is to write; where it has to make the statistic
    first, `is_unknown` says so, and they are only the first. `is_settled` tells whether nothing is
    left to look at.
    """

    rows: list[tuple[int, float]]
    is_settled: bool = False
    is_unknown: bool = False


def compare(
    connection: Connection,
    record: SumRecord,
    running_sum: RunningSum,
    now: float,
    hours: int,
    bulk: BulkSums,
) -> Looked:
    """Look at the next hours of a sum, so many or up to twice that, and note how far it is right.

    Many that are not right are given to `bulk`.
    """
    start, written = record.dirty_from_ts, record.written_until_ts or 0
    if start >= hour_of(now):
        return Looked([], is_settled=True)
    until = running_sum.closed_until(connection)
    if until is None or until <= start:
        return Looked([], is_settled=True)
    before = running_sum.sum_before(connection, start)
    if before is None:
        # The first hours of all, or statistics that a user has deleted: all of it anew.
        first = running_sum.first_hour(connection)
        if first is None:
            return Looked([], is_settled=True)
        if first < start or not running_sum.stands_at(connection, start):
            start = first if first < until else start
        # Statistics may tell of hours that the ledger keeps no longer. The first of all that has
        # changed is none of them: all that it had was taken back.
        before = running_sum.sum_before(connection, start)
    # Never a short rest of a past, which would be left to Home Assistant's import.
    stretch = hours * HOUR
    end = start + stretch if until - start >= 2 * stretch else until
    found = running_sum.compare(connection, start, end, before=before or 0, written_until=written)
    changed_from = record.changed_from_ts
    if found.changed is not None:
        changed_from = min(found.changed, changed_from or found.changed)
    is_many = len(found.wrong) >= bulk.least
    if found.wrong and not (
        is_many and bulk.take(record.statistic_id, found.wrong, found.sums, found.stored)
    ):
        record.note(connection, dirty_from_ts=start, changed_from_ts=changed_from)
        rows = list(zip(found.wrong, found.sums, strict=True))
        return Looked(rows[:1] if is_many else rows, is_unknown=is_many)
    record.note(
        connection,
        dirty_from_ts=end,
        written_until_ts=max(end, written),
        changed_from_ts=changed_from,
    )
    return Looked([], is_settled=end >= until)

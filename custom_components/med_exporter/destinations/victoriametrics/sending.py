"""Rows on their way to a VictoriaMetrics server: written with care, and looked for afterwards."""

from __future__ import annotations

import asyncio
from dataclasses import field, replace
from datetime import datetime
from functools import partial
from math import fsum, inf, nan
from typing import TYPE_CHECKING

from ...engine.lazy_dataclass import dataclass
from ...web.answers import in_turn
from ..base import DestinationError, Outcome
from ..databases.outcomes import stretches_of
from .notes import Note, moments_of
from .retention import Retention
from .rows import NAME, Found, Rows, is_same, lines_of_rows
from .visibility import SHOWN_AFTER, until_shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..base import Settle
    from .server import Flags, VictoriaMetrics
    from .whereabouts import Whereabouts


@dataclass(slots=True)
class Batch:
    """Rows of one series that are on their way; `due` is the loop's time to settle them.

    `sent` are the moments of those that it lacked, `given` those that a connection test had sent.
    `is_missing` tells that the first one to be written did not appear, `is_alone` that all of them
    were sent to where nothing was.
    """

    labels: dict[str, str]
    rows: Rows
    too_old: set[int]
    sent: Sequence[int]
    due: float
    is_missing: bool
    is_alone: bool
    given: set[int] = field(default_factory=set)

    @property
    def is_plain(self) -> bool:
        """Return whether all of it was sent, to where nothing was."""
        return self.is_alone and not (self.too_old or self.is_missing)

    def joined(self, other: Batch) -> Batch:
        """Return this and the batch of the same series that comes after it, both plain, as one."""
        rows = self.rows + other.rows
        return replace(
            self, rows=rows, sent=rows.stamps, due=other.due, given=self.given | other.given
        )


class Sender:
    """Writes rows and looks what has become of them; every method raises DestinationError.

    Attributes:
        retention: how far back the server keeps samples.
        last_sent: the loop's time at which something was last written.
        is_unconfirmed: whether that may not be readable yet.
        longest_line: bytes of the longest line that the server takes, where it tells that.

    """

    def __init__(self, server: VictoriaMetrics, whereabouts: Whereabouts) -> None:
        self._server = server
        # How many imports have begun, how many are under way, and when the last one broke off.
        self._begun = self._under_way = 0
        self._broken_off = -inf
        self._whereabouts = whereabouts
        self.retention = Retention(whereabouts, self.write)
        self.last_sent = _now()
        self.is_unconfirmed = False
        self.longest_line: int | None = None

    async def send(
        self,
        labels: dict[str, str],
        rows: Rows,
        flags: Flags,
        *,
        disk_time: float,
        is_proved: bool = False,
    ) -> Batch:
        """Write what a server lacks of the rows of one series.

        `disk_time` is after how many seconds a server has a row on its disk; `is_proved` tells that
        this run has seen the series appear as it should.
        """
        limit = self.retention.limit(flags)
        kept = rows.since(limit)
        wanted = rows[:0]
        is_missing = is_alone = False
        lines: bytes | None = None
        if kept:
            # Mostly all of them are lacking; meanwhile the server would have nothing to do.
            making = self._lines(labels, kept) if is_proved else _nothing()
            found, lines = await asyncio.gather(self._whereabouts.async_find(labels, kept), making)
            is_alone = not found.read
            wanted = kept if is_alone else await in_turn(partial(found.lacks, kept))
            if len(wanted) < len(kept):
                self.retention.witness(labels, kept, found)
        if wanted and is_proved:
            # It is asked to show them when it is asked for them.
            if lines is None or len(wanted) < len(kept):
                lines = await self._lines(labels, wanted)
            await self._import(lines)
        elif wanted:
            is_missing = not await self.write(labels, wanted)
        return Batch(
            labels=labels,
            rows=rows,
            too_old=set() if kept is rows else set(rows.stamps).difference(kept.stamps),
            sent=wanted.stamps,
            # What is found may be as young as the last thing that was sent from here, or from
            # the life before this one.
            due=self.last_sent + disk_time,
            is_missing=is_missing,
            is_alone=is_alone,
        )

    async def write(self, labels: dict[str, str], rows: Rows) -> bool:
        """Write rows, one before all others, and return whether that one was seen shortly after.

        Of a series that does not appear as it should, no more than that one row is written.
        """
        trial = await self._whereabouts.async_trial(labels, rows)
        first = Rows.of([trial.row])
        await self._import(await self._lines(labels, first))
        _, missing = await self._shown(labels, first)
        if not missing:
            self._whereabouts.seen(labels)
        else:
            try:
                is_ours = await self._whereabouts.async_lost(labels, trial)
            except DestinationError as err:
                self.is_unconfirmed = err.code != "SERIES_CHANGED"
                raise
            if not is_ours:
                return False
        if len(rows) > 1:
            await self._import(await self._lines(labels, rows.but(trial.row.stamp)))
        await self._flush()
        return True

    async def confirm(self) -> None:
        """Have the server show what it was given, or wait until it has had the time to."""
        # Of a request that broke off, the server may still be taking rows.
        may_take_rows = _now() < self._broken_off + SHOWN_AFTER
        is_flushed = await self._flush()
        if may_take_rows or (self.is_unconfirmed and not is_flushed):
            await asyncio.sleep(max(0.0, self.last_sent + SHOWN_AFTER - _now()))
            await self._flush()

    async def _flush(self) -> bool:
        """Make what was written readable; return False where that is not offered."""
        begun = self._begun
        is_flushed = await self._server.flush()
        if is_flushed and begun == self._begun and not self._under_way:
            self.is_unconfirmed = False
        return is_flushed

    async def _lines(self, labels: dict[str, str], rows: Rows) -> bytes:
        return await in_turn(partial(lines_of_rows, labels, rows, self.longest_line))

    async def _import(self, lines: bytes) -> None:
        self.is_unconfirmed = True
        self._begun += 1
        self._under_way += 1
        self.last_sent = _now()
        try:
            await self._server.write(lines)
        except BaseException:
            self._broken_off = _now()
            raise
        finally:
            self._under_way -= 1
            self.last_sent = _now()

    async def _shown(self, labels: dict[str, str], rows: Rows) -> tuple[Found, Rows]:
        """Return what is seen of rows that the server should show by now, and which are not."""
        found, missing = Found(), rows

        async def look() -> bool:
            nonlocal found, missing
            found = await self._whereabouts.async_find(labels, rows)
            missing = await in_turn(partial(found.lacks, rows))
            self.retention.witness(labels, rows, found)
            return not missing

        if rows:
            is_flushed = not self.is_unconfirmed or await self._flush()
            await until_shown(self._server, look, is_flushed=is_flushed)
        return found, missing

    async def _is_whole(self, labels: dict[str, str], rows: Rows) -> bool:
        """Return whether a server has as many samples where these rows are, and the same sum.

        Where nothing was before they are these: to read them all takes both sides longer than to
        send them.
        """
        if self.is_unconfirmed and not await self._flush():
            return False
        there = await self._server.totals(labels, rows.stamps[0], rows.stamps[-1])
        if there is None or there[0] != len(rows):
            return False
        return is_same(there[1], fsum(rows.values), self._whereabouts.relative)

    async def look(self, batch: Batch, flags: Flags) -> tuple[Note | None, DestinationError | None]:
        """Look for a batch; returns a note of its first rows, and `ROWS_MISSING` for the rest."""
        kept = batch.rows
        if batch.too_old:
            kept = Rows.of([row for row in kept if row.stamp not in batch.too_old])
        if batch.is_alone and await self._is_whole(batch.labels, kept):
            found, missing = Found([(kept.stamps, kept.values)], read=len(kept)), kept[:0]
            self.retention.witness(batch.labels, kept, found)
        else:
            found, missing = await self._shown(batch.labels, kept)
        if missing and await self.retention.async_drops(batch.labels, missing, flags):
            self.is_unconfirmed = False
            batch.too_old.update(missing.stamps)
            missing = missing[:0]
        count = batch.rows.stamps.index(missing.stamps[0]) if missing else len(batch.rows)
        note = await in_turn(partial(_note, batch, kept, found, count)) if count else None
        if not missing:
            return note, None
        return note, self._missing(batch.labels, len(missing), missing[0].measurement.date)

    async def settle(self, notes: Sequence[Note], settle: Settle) -> None:
        """Settle what notes of a series tell; raises `ROWS_MISSING` where rows are forgotten.

        Where the server counts as many as it had shown they are there: for all notes together, or
        else one by one. Where it does not, each moment is looked for.
        """
        are_there = len(notes) > 1 and await self._are_there(notes)
        for note in notes:
            if not are_there and note.moments and (gone := await self._gone(note)):
                first = note.stretches[0].first
                start = datetime.fromtimestamp(gone[0] / 1000, first.start.tzinfo)
                raise self._missing(note.labels, len(gone), replace(first, start=start).date)
            for one in note.stretches:
                settle(one.last, one.outcome, one.first, one.count)

    async def _are_there(self, notes: Sequence[Note]) -> bool:
        """Return whether the server counts as many samples as notes tell, oldest first."""
        samples = [note.samples for note in notes if note.moments]
        if not samples or None in samples:
            return False
        moments = [one for note in notes for one in note.moments]
        there = await self._server.totals(notes[0].labels, moments[0][0], moments[-1][-1])
        return there is not None and there[0] == sum(filter(None, samples))

    async def _gone(self, note: Note) -> list[int]:
        """Return the moments of a note at which nothing is any more."""
        if await self._are_there([note]):
            return []
        stamps = note.stamps()
        # Whose number is unknown agrees with none.
        measurements = [note.stretches[0].first] * len(stamps)
        rows = Rows(measurements, stamps, [nan] * len(stamps))
        _, missing = await self._shown(note.labels, rows)
        return list(missing.stamps)

    def _missing(self, labels: dict[str, str], count: int, date: str) -> DestinationError:
        # Whoever stands before the server may have begun to change labels.
        self._whereabouts.forget()
        return DestinationError(
            "rows_missing",
            variant="one" if count == 1 else None,
            host=self._server.host,
            count=count,
            metric=labels[NAME],
            date=date,
        )


def _note(batch: Batch, kept: Rows, found: Found, count: int) -> Note:
    """Return a note of the first rows of a batch, all of which are there or too old."""
    outcomes = _outcomes(batch, kept, found)[:count]
    there = batch.rows.stamps[:count]
    if batch.too_old:
        there = [at for at in there if at not in batch.too_old]
    stretches = stretches_of(batch.rows.measurements, outcomes)
    # What was read is that of all rows.
    samples = found.read if count == len(batch.rows) else None
    return Note(batch.labels, stretches, moments_of(there), samples, batch.due)


def _outcomes(batch: Batch, kept: Rows, found: Found) -> list[Outcome]:
    """Return what became of each row of a batch, of which some are too old and others found."""
    differing = found.differs(kept)
    stamps = batch.rows.stamps
    if not (differing or batch.too_old) and batch.sent == stamps:
        return [Outcome.STORED] * len(stamps)
    outcomes = {
        **dict.fromkeys((*batch.sent, *batch.given), Outcome.STORED),
        **dict.fromkeys(differing, Outcome.NOT_CORRECTABLE),
        **dict.fromkeys(batch.too_old, Outcome.TOO_OLD),
    }
    return [outcomes.get(stamp, Outcome.ALREADY_THERE) for stamp in stamps]


async def _nothing() -> None:
    """Stand for what is not made."""


def _now() -> float:
    return asyncio.get_running_loop().time()

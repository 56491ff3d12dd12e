"""Rows on their way to a VictoriaMetrics server: written with care, and looked for afterwards."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import chain
from math import fsum, inf, nan
from typing import TYPE_CHECKING

from ...web.answers import in_turn
from ..base import DestinationError
from .batches import Batch
from .found import Found, is_same
from .retention import Retention
from .rows import NAME, Rows, lines_of_rows
from .visibility import SHOWN_AFTER, until_shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..base import Settle
    from .flags import Flags
    from .notes import Note
    from .server import VictoriaMetrics
    from .whereabouts import Whereabouts


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

    async def prepare(
        self, labels: dict[str, str], rows: Rows, flags: Flags, *, is_packed: bool = False
    ) -> Batch:
        """Ask what a server lacks of the rows of one series; `is_packed` makes lines of them."""
        kept = rows.since(self.retention.limit(flags))
        batch = Batch(labels, rows, kept, wanted=kept, is_alone=False)
        if kept is not rows:
            batch.too_old = set(rows.stamps).difference(kept.stamps)
        if kept:
            found = await self._whereabouts.async_find(labels, kept)
            batch.is_alone = not found.read
            if not batch.is_alone:
                batch.wanted = await in_turn(partial(found.lacks, kept))
            if len(batch.wanted) < len(kept):
                self.retention.witness(labels, found.newest_of(kept))
            if batch.wanted and is_packed:
                batch.lines = await self._lines(labels, batch.wanted)
        return batch

    async def send(self, batch: Batch, *, disk_time: float, is_proved: bool = False) -> None:
        """Write what the server lacks of a batch.

        `disk_time` is after how many seconds a server has a row on its disk; `is_proved` tells that
        this run has seen the series appear as it should.
        """
        if batch.wanted and is_proved:
            lines, batch.lines = batch.lines, None
            await self._import(lines or await self._lines(batch.labels, batch.wanted))
        elif batch.wanted:
            batch.is_missing = not await self.write(batch.labels, batch.wanted)
        # What is found may be as young as the last thing that was sent from here, or from the life
        # before this one.
        batch.due = self.last_sent + disk_time

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
            # It is asked to show them when it is asked for them.
            await self._import(await self._lines(labels, rows.but(trial.row.stamp)))
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
            self.retention.witness(labels, found.newest_of(rows))
            return not missing

        if rows:
            is_flushed = not self.is_unconfirmed or await self._flush()
            await until_shown(self._server, look, is_flushed=is_flushed)
        return found, missing

    async def _are_whole(self, batches: Sequence[Batch]) -> bool:
        """Return whether a server has as many samples where some rows are, and the same sum.

        Where nothing was before they are these: to read them all takes both sides longer than to
        send them.
        """
        if self.is_unconfirmed and not await self._flush():
            return False
        rows = [batch.kept for batch in batches]
        there = await self._server.totals(batches[0].labels, rows[0].stamps[0], rows[-1].stamps[-1])
        if there is None or there[0] != sum(map(len, rows)):
            return False
        total = fsum(chain.from_iterable(one.values for one in rows))
        return is_same(there[1], total, self._whereabouts.relative)

    async def look(
        self, batches: Sequence[Batch], flags: Flags
    ) -> tuple[list[Note], DestinationError | None]:
        """Look for batches of one series, each after the one before, all plain or one only.

        Returns a note of each, the last one of what is there of it, and `ROWS_MISSING` for the
        rest, where there is one.
        """
        # What is shown before it is on the disk may be forgotten before the answer has come.
        now = _now()
        if batches[0].is_alone and await self._are_whole(batches):
            self.retention.witness(batches[-1].labels, batches[-1].kept[-1])

            def all_notes() -> list[Note]:
                return [one.note(None, len(one.rows), is_on_disk=one.due <= now) for one in batches]

            return await in_turn(all_notes), None
        notes: list[Note] = []
        for batch in batches:
            note, error = await self._look_at(batch, flags)
            if note is not None:
                notes.append(note)
            if error is not None:
                return notes, error
        return notes, None

    async def _look_at(
        self, batch: Batch, flags: Flags
    ) -> tuple[Note | None, DestinationError | None]:
        """Look for each row of a batch."""
        is_on_disk = batch.due <= _now()
        found, missing = await self._shown(batch.labels, batch.kept)
        if missing and await self.retention.async_drops(batch.labels, missing, flags):
            self.is_unconfirmed = False
            batch.too_old.update(missing.stamps)
            missing = missing[:0]
        count = batch.rows.stamps.index(missing.stamps[0]) if missing else len(batch.rows)
        make = partial(batch.note, found, count, is_on_disk=is_on_disk)
        note = await in_turn(make) if count else None
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


def _now() -> float:
    return asyncio.get_running_loop().time()

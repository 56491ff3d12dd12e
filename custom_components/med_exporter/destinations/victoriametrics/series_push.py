"""One series on its way to a VictoriaMetrics server: sent, seen there, and on its disk."""

from __future__ import annotations

import asyncio
from collections import deque
from itertools import islice, takewhile
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from ..base import DestinationError
from .flags import Flags
from .reading import Reader, give_up

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Awaitable, Callable, Sequence

    from ..base import Settle
    from ..measurements import Measurement
    from .batches import Batch
    from .notes import Note
    from .room import Room
    from .rows import Rows
    from .sending import Sender

# Rows that are sent and read back at once: more than the half-hours of a year.
_BATCH: Final = 25_000
# At least as many batches are looked for at once: each time, the server has to show what it has.
_LOOKED_AT: Final = 2
IN_FLIGHT: Final = 5 * _BATCH
"""Rows of all series that are held in memory: of some a batch is read, one is sent, one waits to be
looked for, and two are looked for."""


class SeriesPush:
    """Pushes the rows of one series.

    What was sent is read back while more is sent. Of rows that the server has shown, a note is
    left; it is settled when they are on the disk, for which all of a run wait once, in the end.

    Args:
        sender: writes the rows and looks for them.
        room: where the rows of all series are held.
        turn: held while something is sent.
        begin: asks the server what it tells of its settings, before the first row.
        prepare: finds out what the server lacks of some rows.
        send: sends that.
        settle: is told what became of them.

    """

    def __init__(
        self,
        sender: Sender,
        room: Room,
        turn: asyncio.Semaphore,
        *,
        begin: Callable[[], Awaitable[Flags]],
        prepare: Callable[[Rows, Flags, bool], Awaitable[Batch]],
        send: Callable[[Batch, Flags, bool], Awaitable[None]],
        settle: Settle,
    ) -> None:
        self._sender = sender
        self._room = room
        self._turn = turn
        self._begin = begin
        self._prepare = prepare
        self._send = send
        self._settle = settle
        self._flags = Flags()
        self._batches: deque[Batch] = deque()
        self._notes: deque[Note] = deque()
        self._look: asyncio.Task[None] | None = None
        self._is_proved = False

    async def async_run(self, pages: AsyncIterable[Sequence[Measurement]]) -> None:
        """Push all; raises DestinationError, and what the pages raise."""
        reader = Reader(aiter(pages), _BATCH, self._ahead)
        error: DestinationError | None = None
        try:
            try:
                await self._send_all(reader)
            except DestinationError as err:
                error = err
            try:
                await self._finish()
            except DestinationError as err:
                error = error or err
            if error is not None:
                raise error
        finally:
            await self._drop_look()
            await reader.close()
            self._room.take(-reader.reserved)
            self._drop_batches()
            self._drop_notes()

    async def _send_all(self, reader: Reader[Batch]) -> None:
        count = _BATCH
        while count == _BATCH:
            while not (reader.is_reading or self._room.has(_BATCH)):
                await self._make_room()
            count = await self._send_next(reader)
            # More is sent meanwhile, as long as there is room for it.
            if self._look is None or self._look.done():
                await self._looked()
                if len(self._batches) >= _LOOKED_AT and self._is_to_look(self._batches[0]):
                    self._begin_look()
            while self._notes and self._notes[0].due <= now():
                await self._settle_next()

    async def _finish(self) -> None:
        """Look for what nobody has looked for, then wait for the disk; settles what is there."""
        error: DestinationError | None = None
        try:
            await self._looked()
            while self._batches:
                self._begin_look()
                await self._looked()
        except DestinationError as err:
            error = err
        while self._notes:
            await self._settle_next()
        if error is not None:
            raise error

    async def _make_room(self) -> None:
        if self._batches:
            if self._look is None:
                self._begin_look()
            await self._looked()
        elif self._notes and self._room.is_noted(_BATCH):
            await self._settle_next()
        else:
            await self._room.freed()

    async def _send_next(self, reader: Reader[Batch]) -> int:
        """Read and send the next rows, and return how many these were.

        Nothing is read before it is one's turn, but what comes next while the server takes these.
        """
        if not reader.is_reading:
            self._reserve(reader, _BATCH)
        async with self._turn:
            rows, batch = await reader.next()
            self._reserve(reader, len(rows) - _BATCH)
            if len(rows) == _BATCH and self._room.has(_BATCH):
                self._reserve(reader, _BATCH)
                reader.begin()
            if rows:
                if not self._is_proved:
                    self._flags, batch = await self._begin(), None
                batch = batch or await self._prepare(rows, self._flags, self._is_proved)
                await self._send(batch, self._flags, self._is_proved)
                reader.reserved -= len(rows)
                self._batches.append(batch)
                # Nobody changes what a series is called within a run.
                self._is_proved = bool(batch.wanted) and not batch.is_missing
        return len(rows)

    async def _ahead(self, rows: Rows) -> Batch | None:
        """Prepare what is sent next, while the server takes what is sent now."""
        return await self._prepare(rows, self._flags, True) if self._is_proved else None  # noqa: FBT003

    def _reserve(self, reader: Reader[Batch], count: int) -> None:
        self._room.take(count)
        reader.reserved += count

    def _is_to_look(self, oldest: Batch) -> bool:
        """Return whether to look for a batch yet: why it is missing newer rows may tell."""
        retention = self._sender.retention
        is_known = self._flags.retention is not None or retention.has_witnesses
        return is_known or not oldest.is_missing

    def _begin_look(self) -> None:
        """Begin to look for the oldest batch, and for what was sent after it as it was."""
        batches = list(takewhile(attrgetter("is_plain"), self._batches)) or [self._batches[0]]
        self._look = asyncio.get_running_loop().create_task(self._look_for(batches))

    async def _looked(self) -> None:
        """Wait for the look that is under way. Raises DestinationError where rows are missing.

        Then none can be settled of all that were sent after them.
        """
        if self._look is None:
            return
        try:
            await self._look
        except DestinationError:
            self._drop_batches()
            raise
        finally:
            self._look = None

    async def _look_for(self, batches: Sequence[Batch]) -> None:
        notes, error = await self._sender.look(batches, self._flags)
        self._room.take(notes=sum(note.size for note in notes))
        self._notes.extend(notes)
        if error is not None:
            raise error
        for batch in batches:
            self._batches.popleft()
            self._room.take(-len(batch.rows))

    async def _drop_look(self) -> None:
        look, self._look = self._look, None
        await give_up(look)

    def _drop_batches(self) -> None:
        self._room.take(-sum(len(one.rows) for one in self._batches))
        self._batches.clear()

    def _drop_notes(self) -> None:
        self._room.take(notes=-sum(one.size for one in self._notes))
        self._notes.clear()

    async def _settle_next(self) -> None:
        """Settle the oldest note, and with it those after it that are due.

        Where rows of one are gone, none that came later can be.
        """
        if self._notes[0].moments:
            await sleep_until(self._notes[0].due)
        notes = self._due()
        try:
            await self._sender.settle(notes, self._settle)
        except DestinationError:
            await self._drop_look()
            self._drop_batches()
            self._drop_notes()
            raise
        for note in notes:
            self._notes.popleft()
            self._room.take(notes=-note.size)

    def _due(self) -> list[Note]:
        """Return the oldest note, and those after it of which the server may be asked at once."""
        notes = [self._notes[0]]
        left = IN_FLIGHT - (notes[0].samples or 0)
        for note in islice(self._notes, 1, None):
            left -= note.samples or 0
            if left < 0 or note.due > now():
                break
            notes.append(note)
        return notes


def now() -> float:
    """Return the loop's time."""
    return asyncio.get_running_loop().time()


async def sleep_until(moment: float) -> None:
    """Sleep until a time of the loop."""
    await asyncio.sleep(max(0.0, moment - now()))

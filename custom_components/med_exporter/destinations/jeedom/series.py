"""The values of one command of Jeedom on their way: sent in batches, read back, settled."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from homeassistant.util import dt as dt_util

from ..base import DestinationError, Outcome
from ..measurements import EcoWattLevel, Energy, TempoDay

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from ..measurements import Measurement
    from .clock import JeedomClock
    from .command import JeedomCommand

# What is read back at once: so many periods, over so long a time, since the history of a day's
# command holds its running values too.
_BATCH: Final = 100
_BATCH_SPAN: Final = timedelta(days=100)
# So many questions Jeedom answers at a time, nearly twice as fast as one after the other.
_AT_ONCE: Final = 4
_FIRST_LOOK_BACK: Final = timedelta(days=2)
# At most so far does a clock go back.
_SET_BACK: Final = timedelta(hours=2)


class JeedomSeries:
    """The values of one command, on their way: `take` each, oldest first, then `finish`.

    Both raise DestinationError. `settle` is called for a value once it is read back.

    Args:
        command: where the values go.
        clock: what time the command's Jeedom tells when.
        unknown: makes the error for a time that the clock is not certain of.
        settle: told what became of each value.

    """

    def __init__(
        self,
        command: JeedomCommand,
        clock: JeedomClock,
        unknown: Callable[[], DestinationError],
        settle: Callable[[Measurement, Outcome], None],
    ) -> None:
        self._command = command
        self._clock = clock
        self._unknown = unknown
        self._settle = settle
        self._batch: list[Measurement] = []

    async def take(self, measurement: Measurement) -> None:
        """Take one value; closed periods wait until there are enough to be read back."""
        if not measurement.closed:
            # Tomorrow's colour: a command has one value, today's. It comes when its day begins.
            is_ahead = measurement.start > dt_util.utcnow()
            await self._flush(is_last=is_ahead)
            if is_ahead:
                self._settle(measurement, Outcome.ALREADY_THERE)
            else:
                await self._show(measurement)
            return
        if is_purged(self._command, measurement):
            await self._flush()
            self._settle(measurement, Outcome.TOO_OLD)
            return
        if not self._clock.is_certain_of(measurement.start):
            raise self._unknown()
        if self._batch and (
            len(self._batch) >= _BATCH or measurement.start - self._batch[0].start > _BATCH_SPAN
        ):
            await self._flush()
        self._batch.append(measurement)

    async def finish(self) -> None:
        """Send what still waits, and leave the newest value as the command's current one."""
        await self._flush(is_last=True)

    async def _show(self, measurement: Measurement) -> None:
        """Send a current value and read it back before it counts."""
        await self._tell_and_check(_value(measurement), self._clock.stamp(dt_util.utcnow()))
        self._settle(measurement, Outcome.STORED)

    async def _flush(self, *, is_last: bool = False) -> None:
        """Send what the history lacks of the batch, and settle what it has then."""
        batch, self._batch = self._batch, []
        if not batch:
            return
        wanted = [(self._clock.stamp(one.start), _value(one)) for one in batch]
        # Not the first and the last: the clock is set back once a year.
        start, end = min(wanted)[0], max(wanted)[0]
        known = await self._command.history(start, end)
        missing = {
            stamp
            for stamp, value in wanted
            if stamp not in known
            or not all(self._command.keeps(found, value) for found in known[stamp])
        }
        await self._tell_all(
            [one for one in wanted if one[0] in missing and self._command.refusal(one[1]) is None]
        )
        if missing:
            known = await self._command.history(start, end)
        lost = [
            index
            for index, (stamp, value) in enumerate(wanted)
            if not any(self._command.keeps(found, value) for found in known.get(stamp, ()))
        ]
        kept = lost[0] if lost else len(batch)
        if is_last or lost:
            # Before the last one counts: else nobody would come back for it after an interruption.
            await self._show_newest(min(one.start for one in batch))
        for one, (stamp, _) in zip(batch[:kept], wanted, strict=False):
            self._settle(one, Outcome.STORED if stamp in missing else Outcome.ALREADY_THERE)
        if lost:
            stamp, value = wanted[kept]
            raise self._command.refusal(value) or self._command.not_kept(value, stamp)

    async def _tell_all(self, values: Sequence[tuple[str, float]]) -> None:
        """Tell values in their order, some at a time, and the last one when all others are told."""
        # Each of those who tell takes the next one, until there are no more or one has failed.
        waiting = deque(values[:-1])

        async def tell() -> None:
            try:
                while waiting:
                    stamp, value = waiting.popleft()
                    await self._command.tell(value, stamp)
            except BaseException:
                waiting.clear()
                raise

        told = await asyncio.gather(*(tell() for _ in range(_AT_ONCE)), return_exceptions=True)
        for failure in filter(None, told):
            raise failure
        for stamp, value in values[-1:]:
            await self._command.tell(value, stamp)

    async def _show_newest(self, oldest_sent: datetime) -> None:
        """Give the command its newest value again, if an older one has become the current one."""
        newest = await self._newest(oldest_sent)
        if newest is None:
            return
        stamp, values = newest
        current, collected = await self._command.state()
        if collected[: len(stamp)] != stamp or current is None or not self._keeps(current, values):
            await self._tell_and_check(values[-1], stamp)

    async def _newest(self, oldest_sent: datetime) -> tuple[str, list[float]] | None:
        """Return the newest stamp of the history and its values, looking back step by step."""
        now = dt_util.utcnow()
        end = self._clock.stamp(now + timedelta(days=1))
        look_back = _FIRST_LOOK_BACK
        while True:
            start = max(now - look_back, oldest_sent)
            found = await self._command.history(self._clock.stamp(start - _SET_BACK), end)
            timed = [(when, stamp) for stamp in found if (when := self._clock.instant(stamp))]
            if timed:
                stamp = max(timed)[1]
                return stamp, found[stamp]
            if start == oldest_sent:
                return None
            look_back *= 8

    async def _tell_and_check(self, value: float, stamp: str) -> None:
        if (refusal := self._command.refusal(value)) is not None:
            raise refusal
        await self._command.tell(value, stamp)
        found, _ = await self._command.state()
        if found is None or not self._command.keeps(found, value):
            raise self._command.not_kept(value, stamp)

    def _keeps(self, found: float, values: list[float]) -> bool:
        return any(self._command.keeps(found, value) for value in values)


def is_purged(command: JeedomCommand, period: Measurement) -> bool:
    """Return whether a command is told to delete what is as old as a period."""
    return command.kept_for is not None and period.start < dt_util.utcnow() - command.kept_for


def _value(measurement: Measurement) -> float:
    """Return the number: kWh, 1 blue to 3 red, or 1 fine to 3 tense."""
    if isinstance(measurement, Energy):
        return measurement.kwh
    if isinstance(measurement, TempoDay):
        return measurement.colour.code
    assert isinstance(measurement, EcoWattLevel)
    return measurement.level

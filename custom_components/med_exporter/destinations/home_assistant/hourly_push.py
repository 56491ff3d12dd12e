"""Brings hours into a statistic of another Home Assistant.

Past hours that change are written with all later sums in one transaction over there: one message.
Hours after the last one that it has are appended, in messages of a moderate size, each one read
back when the next is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..base import Outcome
from .rows import Row, merged, start_of, value_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..measurements import Measurement
    from .statistics import RemoteStatistics

_APPENDED_AT_ONCE: Final = 1000


class HourlyPush:
    """Brings the hours of one series into a statistic: `add` each, oldest first, then `finish`.

    Both raise DestinationError. `settle` is called for an hour once it is read back.
    """

    def __init__(
        self, statistics: RemoteStatistics, settle: Callable[[Measurement, Outcome], None]
    ) -> None:
        self._statistics = statistics
        self._settle = settle
        self._existing: list[Row] | None = None
        self._waiting: list[Measurement] = []
        self._sent: tuple[list[Row], list[Measurement]] | None = None
        self._total = 0.0

    async def add(self, measurement: Measurement) -> None:
        """Take an hour; send what has come together."""
        start = start_of(measurement)
        if self._existing is None:
            # Read first: what is written meanwhile by nobody else cannot fall in between.
            self._existing = await self._statistics.read(start)
            self._total = await self._statistics.sum_before(start)
        if self._existing and start > self._existing[-1].start:
            await self._correct()
        self._waiting.append(measurement)
        if not self._existing and len(self._waiting) >= _APPENDED_AT_ONCE:
            await self._append()

    async def finish(self) -> None:
        """Send the rest."""
        if self._existing:
            await self._correct()
        await self._append()
        await self._confirm()

    async def _correct(self) -> None:
        """Bring the hours that are there in line with those given, all at once."""
        assert self._existing
        there = {row.start: row for row in self._existing}
        given = {start_of(one): value_of(one) for one in self._waiting}
        rows = merged(self._total, self._existing, given)
        wrong = [at for at, row in enumerate(rows) if not row.is_like(there.get(row.start))]
        sent: set[int] = set()
        if wrong:
            to_send = rows[wrong[0] : wrong[-1] + 1]
            await self._statistics.write(to_send)
            sent = {row.start for row in to_send}
        self._total = rows[-1].sum
        self._existing = []
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            stored = start_of(one) in sent
            self._settle(one, Outcome.STORED if stored else Outcome.ALREADY_THERE)

    async def _append(self) -> None:
        if not self._waiting:
            return
        given = {start_of(one): value_of(one) for one in self._waiting}
        rows = merged(self._total, (), given)
        try:
            await self._statistics.send(rows)
        finally:
            await self._confirm()
        self._total = rows[-1].sum
        self._sent = rows, self._waiting
        self._waiting = []

    async def _confirm(self) -> None:
        """Settle what was appended last, once it is read back: more is under way meanwhile."""
        if self._sent is None:
            return
        rows, hours = self._sent
        self._sent = None
        await self._statistics.confirm(rows)
        for one in hours:
            self._settle(one, Outcome.STORED)

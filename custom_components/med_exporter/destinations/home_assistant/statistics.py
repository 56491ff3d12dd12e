"""One statistic of another Home Assistant: read, written and read back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from homeassistant.const import UnitOfEnergy
from homeassistant.helpers.json import json_dumps

from ...const import DOMAIN
from ...engine.times import HOUR
from ..base import DestinationError
from ..web import patience
from .api import CommandRefusedError
from .rows import Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .api import RemoteConnection


_SLICE: Final = 120 * 24 * HOUR
_MONTH: Final = 32 * 24 * HOUR
# aiohttp, and so Home Assistant, takes messages of 4 MiB.
_LARGEST_MESSAGE: Final = 4 * 1024 * 1024 - 4096
# How far back to look for the last sum, in hours; then everything.
_LOOK_BACK: Final = (48, 60 * 24)
_READ_SECONDS: Final = 60
# Bytes of a row in the answer at most.
_ROW_BYTES: Final = 100
# What a slow machine needs to store a message, and for what it may be busy with before.
_STORE_SECONDS: Final = 120
_STORE_SECONDS_PER_ROW: Final = 0.05
# A question every now and then costs it little; waiting too long costs as much as storing.
_FIRST_PAUSE: Final = 0.05
_LONGER: Final = 1.2
_LONGEST_PAUSE: Final = 1.0
# From this version on, the metadata have other keys.
_NEWER_METADATA: Final = "2025.11.0b0"
_INVALID_FORMAT: Final = "invalid_format"


class RemoteStatistics:
    """One statistic of another Home Assistant.

    Attributes:
        id: what it is called there.

    """

    def __init__(
        self, connection: RemoteConnection, statistic_id: str, *, name: str, unit: str
    ) -> None:
        self._connection = connection
        self.id = statistic_id
        self._name = name
        self._unit = unit

    async def read(self, start: int, end: int | None = None) -> list[Row]:
        """Return the rows from an hour on, oldest first. Raises DestinationError."""
        rows: list[Row] = []
        until = _in_two_days() if end is None else end
        # A century of hours at once would be too much for either side.
        for at in range(start, until, _SLICE):
            rows += await self._read("hour", at, min(at + _SLICE, until))
        return rows

    async def _read(self, period: str, start: int, end: int) -> list[Row]:
        # The numbers as they were sent: a unit that a user gives them over there converts none,
        # and the next import takes it away.
        found = await self._connection.command(
            "recorder/statistics_during_period",
            seconds=patience(_READ_SECONDS, (end - start) // HOUR * _ROW_BYTES),
            statistic_ids=[self.id],
            period=period,
            types=["state", "sum"],
            start_time=_iso(start),
            end_time=_iso(end),
        )
        with self._connection.understood():
            given = found.get(self.id, ())
            if len(given) > (end - start) // HOUR + 1:
                raise ValueError(len(given))
            rows = [
                Row(int(row["start"]) // 1000, _float(row.get("state")), float(row["sum"]))
                for row in given
                if row.get("sum") is not None
            ]
            if period == "hour":
                _check_order([start - 1, *(row.start for row in rows), end])
            return rows

    async def sum_before(self, start: int) -> float:
        """Return the last sum before an hour; 0 where there is none. Raises DestinationError."""
        end = start
        for hours in _LOOK_BACK:
            if rows := await self.read(start - hours * HOUR, end):
                return rows[-1].sum
            end = start - hours * HOUR
        for month in reversed(await self._read("month", 0, end)):
            if rows := await self.read(month.start, min(month.start + _MONTH, end)):
                return rows[-1].sum
        return 0.0

    async def clear(self) -> None:
        """Remove the statistic as a whole. Raises DestinationError."""
        await self._connection.command(
            "recorder/clear_statistics", seconds=_READ_SECONDS, statistic_ids=[self.id]
        )

    async def write(self, rows: list[Row]) -> None:
        """Store rows in one transaction, and read them back. Raises DestinationError.

        The last row must differ from what is there.
        """
        await self.send(rows)
        await self.confirm(rows)

    async def confirm(self, rows: list[Row]) -> None:
        """Wait until rows that were sent are stored as they were. Raises DestinationError."""
        last = rows[-1]
        pause = _FIRST_PAUSE
        seconds = _STORE_SECONDS + _STORE_SECONDS_PER_ROW * len(rows)
        deadline = asyncio.get_running_loop().time() + seconds
        while not last.is_like(next(iter(await self.read(last.start, last.start + HOUR)), None)):
            if asyncio.get_running_loop().time() > deadline:
                raise DestinationError(
                    "timed_out", variant="storing", host=self._connection.host, seconds=int(seconds)
                )
            await asyncio.sleep(pause)
            pause = min(pause * _LONGER, _LONGEST_PAUSE)
        stored = {row.start: row for row in await self.read(rows[0].start, last.start + HOUR)}
        for row in rows:
            if not row.is_like(stored.get(row.start)):
                raise DestinationError(
                    "not_stored", host=self._connection.host, hour=_iso(row.start)
                )

    async def send(self, rows: list[Row]) -> None:
        """Have rows stored in one transaction, some time later. Raises DestinationError."""
        stats: list[dict[str, object]] = [
            {"start": _iso(row.start), "sum": row.sum}
            | ({} if row.state is None else {"state": row.state})
            for row in rows
        ]
        if len(json_dumps(stats)) > _LARGEST_MESSAGE:
            # In several messages, the total would be wrong between them.
            raise DestinationError("too_much_to_rewrite", host=self._connection.host)
        is_newer = self._connection.version >= _NEWER_METADATA
        try:
            await self._send(stats, newer=is_newer)
        except CommandRefusedError as err:
            if err.reason != _INVALID_FORMAT:
                raise
            await self._send(stats, newer=not is_newer)

    async def _send(self, stats: list[dict[str, object]], *, newer: bool) -> None:
        await self._connection.command(
            "recorder/import_statistics",
            seconds=_READ_SECONDS,
            metadata=self._metadata(newer=newer),
            stats=stats,
        )

    def _metadata(self, *, newer: bool) -> dict[str, object]:
        is_energy = self._unit == UnitOfEnergy.KILO_WATT_HOUR
        kind: dict[str, object] = {"has_mean": False}
        if newer:
            kind = {"mean_type": 0, "unit_class": "energy" if is_energy else None}
        return kind | {
            "has_sum": True,
            "name": self._name,
            "source": DOMAIN,
            "statistic_id": self.id,
            "unit_of_measurement": self._unit,
        }


def _check_order(moments: Sequence[int]) -> None:
    """Raise ValueError unless each moment is later than the one before it."""
    if any(one >= other for one, other in pairwise(moments)):
        raise ValueError(moments)


def _float(value: float | str | None) -> float | None:
    return None if value is None else float(value)


def _in_two_days() -> int:
    """Return an hour that has not begun, whatever the clocks of both say."""
    return int(datetime.now(UTC).timestamp()) + 48 * HOUR


def _iso(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()

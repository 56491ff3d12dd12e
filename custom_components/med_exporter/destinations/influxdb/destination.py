"""InfluxDB: one point per period, overwritten when its value changes, and read back."""

from __future__ import annotations

import math
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from homeassistant.util import dt as dt_util

from ...const import DataType
from ...web.answers import MOST_OF_AN_ANSWER, in_turn
from ..base import PERIODS, RUNNING, DestinationError, Intake, Outcome
from ..databases.destination import BACKFILL, DatabaseDestination
from ..databases.outcomes import stretches_of
from ..databases.series import SERIES, labels_of_point
from ..measurements import Grain
from ..web import TIMEOUT
from .lines import Point, Series, own_series, point_of, points_of, series_of
from .moving import copy_series
from .server import NotAskableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Collection, Mapping, Sequence
    from datetime import datetime

    from ..base import Settle
    from ..internal_metrics import InternalMetrics
    from ..measurements import Measurement
    from ..samples import Samples
    from .server import InfluxDb

REMARK_SHORT_RETENTION: Final = "destination_retention_short_influxdb"
REMARK_NOT_ASKABLE: Final = "destination_not_askable"

INTAKE: Final = Intake(
    closed={**PERIODS, DataType.ECOWATT: Grain.DAILY},
    current=RUNNING,
    at_once=4,
)
"""A point of the same tags and time is overwritten: running values and corrections go too."""

# More than the half-hours of a year: each batch is asked for, written to a disk, and asked for.
_BATCH: Final = 20_000
# A quarter of what is taken of an answer, in which other destinations' points may be too.
_BATCH_BYTES: Final = MOST_OF_AN_ANSWER // 4
_PROBE: Final = "myelectricaldata_export_test"
# The shortest retention that a server takes is an hour.
_ANY_RETENTION: Final = timedelta(hours=1)
_RELATIVE: Final = 1e-9


class InfluxDestination(DatabaseDestination):
    """A server that takes measurements; a point counts as stored when it is read back.

    A server that cannot be asked is believed: InfluxDB acknowledges what is on its disk.
    """

    intake = INTAKE

    def __init__(
        self,
        server: InfluxDb,
        labels: Mapping[str, str],
        *,
        metrics: InternalMetrics | None = None,
        samples: Samples | None = None,
    ) -> None:
        super().__init__(labels, metrics, samples)
        self._server = server

    async def async_test(self) -> str | None:
        """Write as a run does: a point of a test, and the last one of each series.

        Another program may have made a field of the same name that takes no such numbers. A remark
        tells what was left open.
        """
        remark = await async_test_influxdb(self._server, self._labels)
        retention = await self._server.retention()
        for sample in await self._async_latest():
            await self._send([sample], self._note_stored, retention)
        return remark

    def _note_stored(
        self, measurement: Measurement, outcome: Outcome, *_: object, **__: object
    ) -> None:
        if outcome is Outcome.STORED:
            self._given.note(str(series_of(measurement, self._labels)), point_of(measurement).stamp)

    async def async_reach(self) -> None:
        """Ask for a point that cannot be there; a server that cannot be asked is given none."""
        now = _seconds_ago(timedelta(0))
        try:
            await self._server.read(own_series(_PROBE, self._labels), now, now)
        except NotAskableError:
            await self._server.write(b"", seconds=TIMEOUT)

    async def _async_limit(self) -> tuple[int, bool]:
        return _oldest(await self._server.retention()), self._server.tells_retention

    async def _async_held(self, periods: Sequence[Measurement]) -> Collection[int] | None:
        points = await in_turn(partial(points_of, periods))
        found = await self._find(series_of(periods[0], self._labels), points)
        return found and {point.stamp for point in points if _has(found, point)}

    async def _async_copy(self, before: str, now: str) -> bool:
        try:
            for name, field, kind in SERIES.values():
                await copy_series(
                    self._server,
                    Series(name, field, labels_of_point(before, kind, self._labels)),
                    Series(name, field, labels_of_point(now, kind, self._labels)),
                )
        except NotAskableError:
            return False
        return True

    async def _async_delete(self, pdl: str) -> bool:
        series = [
            Series(name, field, labels_of_point(pdl, kind, self._labels))
            for name, field, kind in SERIES.values()
        ]
        try:
            return all([await self._server.delete(one) for one in series])
        except NotAskableError:
            return False

    async def async_push(
        self,
        pages: AsyncIterable[Sequence[Measurement]],
        settle: Settle,
    ) -> None:
        """Send what the server does not have, and settle what it has then.

        Raises:
            DestinationError: `ROWS_MISSING` where points were not kept, `POINTS_DROPPED` where a
                server that cannot be asked says so, or one of those of `InfluxDb`.

        """
        batch: list[Measurement] = []
        retention: timedelta | None = None
        end: datetime | None = None
        async for page in pages:
            for measurement in page:
                if end is None:
                    retention = await self._server.retention()
                elif measurement.start >= end:
                    await self._send(batch, settle, retention)
                    batch = []
                if not batch:
                    end = self._end_of_batch(measurement)
                batch.append(measurement)
        if batch:
            await self._send(batch, settle, retention)

    def _end_of_batch(self, first: Measurement) -> datetime:
        """Return where the first period begins that a batch is not to span too.

        What is asked back is everything in between, and each point comes with its tags.
        """
        size = self._server.size_of(series_of(first, self._labels))
        most = max(1, min(_BATCH, _BATCH_BYTES // size))
        return first.start + most * (first.end - first.start)

    async def _send(
        self,
        batch: Sequence[Measurement],
        settle: Settle,
        retention: timedelta | None,
    ) -> None:
        series = series_of(batch[0], self._labels)
        points = await in_turn(partial(points_of, batch))
        oldest = _oldest(retention)
        kept = [point for point in points if point.stamp >= oldest]
        found = await self._find(series, kept)
        wanted = kept if found is None else await in_turn(partial(_lacking, found, kept))
        missing: list[Point] = []
        if wanted:
            lines = await in_turn(partial(series.lines, wanted))
            keeps_all = await self._server.write(lines)
            if found is None:
                if not keeps_all:
                    raise DestinationError("points_dropped", host=self._server.host)
            elif found or not await self._is_whole(series, kept):
                found = await self._find(series, kept)
                missing = [] if found is None else await in_turn(partial(_lacking, found, kept))
            if missing and await self._are_too_old(missing, found or {}, keeps_all=keeps_all):
                oldest = missing[-1].stamp + 1
                missing = []
        settled = points[: points.index(missing[0])] if missing else points
        given = self._given.take(str(series), [point.stamp for point in points])
        outcomes = await in_turn(partial(_outcomes, settled, wanted, given, oldest))
        for one in await in_turn(partial(stretches_of, batch, outcomes)):
            settle(one.last, one.outcome, one.first, one.count)
        if missing:
            date = batch[len(settled)].date
            raise _missing_error(self._server, series, len(missing), date)

    async def _is_whole(self, series: Series, points: Sequence[Point]) -> bool:
        """Return whether a server has as many points where these are, and the same sum.

        Where nothing was before they are these: to read them all takes it longer than to take them.
        """
        stamps = [point.stamp for point in points]
        there = await self._server.totals(series, min(stamps), max(stamps))
        if there is None or there[0] != len(points):
            return False
        return _is_same(there[1], math.fsum(point.value for point in points))

    async def _are_too_old(
        self, missing: Sequence[Point], found: Mapping[int, float], *, keeps_all: bool
    ) -> bool:
        """Return whether points are missing because the server keeps nothing this old.

        It has said that it drops some, or is of a version that does not say it: then a point of
        today shows that it takes others.
        """
        newest = missing[-1].stamp
        if min(found, default=newest) < newest or newest > _seconds_ago(_ANY_RETENTION):
            return False
        if not self._server.tells_retention and not found:
            await async_test_influxdb(self._server, self._labels)
        return not (keeps_all and self._server.tells_retention)

    async def _find(self, series: Series, points: Sequence[Point]) -> dict[int, float] | None:
        """Return what is there of some points, None where the server cannot be asked."""
        if not points:
            return {}
        stamps = [point.stamp for point in points]
        try:
            return await self._server.read(
                series, min(stamps), max(stamps), size=len(points) * self._server.size_of(series)
            )
        except NotAskableError:
            return None


async def async_test_influxdb(server: InfluxDb, labels: Mapping[str, str]) -> str | None:
    """Write and read as a run does: one point, at this day's midnight, of a field of its own.

    Returns None, REMARK_SHORT_RETENTION or REMARK_NOT_ASKABLE; raises DestinationError.
    """
    midnight = dt_util.start_of_local_day()
    point = Point(round(midnight.timestamp()), 1.0)
    series = own_series(_PROBE, labels)
    if not await server.write(series.line(point.stamp, point.value), seconds=TIMEOUT):
        return REMARK_SHORT_RETENTION
    try:
        found = await server.read(series, point.stamp, point.stamp)
    except NotAskableError:
        return REMARK_NOT_ASKABLE
    if not _has(found, point):
        raise _missing_error(server, series, 1, midnight.date().isoformat())
    retention = await server.retention()
    is_short = retention is not None and retention < BACKFILL
    return REMARK_SHORT_RETENTION if is_short else None


def _outcomes(
    points: Sequence[Point], sent: Sequence[Point], given: Collection[int], oldest: int
) -> list[Outcome]:
    """Return what became of points: those sent, `given` before, or older than a second."""
    stored = {point.stamp for point in sent}.union(given)
    return [
        Outcome.TOO_OLD
        if point.stamp < oldest
        else Outcome.STORED
        if point.stamp in stored
        else Outcome.ALREADY_THERE
        for point in points
    ]


def _missing_error(server: InfluxDb, series: Series, count: int, date: str) -> DestinationError:
    return DestinationError(
        "rows_missing",
        variant="influxdb_one" if count == 1 else "influxdb",
        host=server.host,
        count=count,
        metric=f"{series.measurement}_{series.field}",
        date=date,
    )


def _oldest(retention: timedelta | None) -> int:
    """Return the second before which the server keeps nothing."""
    return 0 if retention is None else _seconds_ago(retention)


def _seconds_ago(ago: timedelta) -> int:
    return math.ceil((dt_util.utcnow() - ago).timestamp())


def _lacking(found: Mapping[int, float], points: Sequence[Point]) -> list[Point]:
    return [point for point in points if not _has(found, point)]


def _has(found: Mapping[int, float], point: Point) -> bool:
    value = found.get(point.stamp)
    return value is not None and _is_same(value, point.value)


def _is_same(value: float, other: float) -> bool:
    return math.isclose(value, other, rel_tol=_RELATIVE, abs_tol=_RELATIVE)

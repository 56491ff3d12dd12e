"""InfluxDB: one point per period, overwritten when its value changes, and read back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from homeassistant.util import dt as dt_util

from ...const import DataType
from ..base import DestinationError, Intake, Outcome
from ..measurements import Grain
from .lines import Series, point_of, series_of
from .server import NotAskableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Collection, Mapping, Sequence
    from datetime import timedelta

    from ..internal_metrics import InternalMetrics
    from ..measurements import Measurement
    from .lines import Point
    from .server import InfluxDb

REMARK_SHORT_RETENTION: Final = "destination_retention_short"
BACKFILL_DAYS: Final = 365

INTAKE: Final = Intake(
    closed={
        DataType.CONSUMPTION_DAILY: Grain.DAILY,
        DataType.CONSUMPTION_MONTHLY: Grain.MONTHLY,
        DataType.CONSUMPTION_DETAILED: Grain.HALF_HOURLY,
        DataType.PRODUCTION_DAILY: Grain.DAILY,
        DataType.TEMPO: Grain.DAILY,
        DataType.ECOWATT: Grain.DAILY,
    },
    current=frozenset(
        {
            DataType.CONSUMPTION_DAILY,
            DataType.CONSUMPTION_MONTHLY,
            DataType.PRODUCTION_DAILY,
            DataType.TEMPO,
            DataType.ECOWATT,
        }
    ),
)
"""A point of the same tags and time is overwritten: running values and corrections go too."""

_BATCH: Final = 2000
_PROBE: Final = "test"
_RELATIVE: Final = 1e-9


class InfluxDestination:
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
    ) -> None:
        self._server = server
        self._labels = dict(labels)
        self._metrics = metrics

    async def async_start(self) -> None:
        """Begin to send the exporter's own metrics; there is no lasting connection."""
        if self._metrics is not None:
            self._metrics.start()

    async def async_close(self) -> None:
        """Send no more metrics of the exporter."""
        if self._metrics is not None:
            await self._metrics.close()

    async def async_test(self) -> str | None:
        """Write a point and read it back; a remark tells of a short retention."""
        return await async_test_influxdb(self._server, self._labels)

    async def async_begin(self, witnesses: Sequence[Measurement]) -> Collection[Measurement]:
        """Look for points of the periods. Raises DestinationError.

        What is older than the server's retention is not missing.
        """
        oldest = _oldest(await self._server.retention())
        missing: list[Measurement] = []
        for witness in witnesses:
            point = point_of(witness)
            if point.stamp < oldest:
                continue
            series = series_of(witness, self._labels)
            try:
                if not await self._server.read(series, point.stamp, point.stamp):
                    missing.append(witness)
            except NotAskableError:
                return ()
        return missing

    async def async_push(
        self,
        measurements: AsyncIterable[Measurement],
        settle: Callable[[Measurement, Outcome], None],
    ) -> None:
        """Send what the server does not have, and settle what it has then.

        Raises:
            DestinationError: `ROWS_MISSING` where points were not kept, or one of those of
                `InfluxDb`.

        """
        batch: list[Measurement] = []
        async for measurement in measurements:
            batch.append(measurement)
            if len(batch) == _BATCH:
                await self._send(batch, settle)
                batch = []
        if batch:
            await self._send(batch, settle)

    async def _send(
        self, batch: Sequence[Measurement], settle: Callable[[Measurement, Outcome], None]
    ) -> None:
        series = series_of(batch[0], self._labels)
        points = [point_of(measurement) for measurement in batch]
        oldest = _oldest(await self._server.retention())
        kept = [point for point in points if point.stamp >= oldest]
        found = await self._find(series, kept)
        wanted = [point for point in kept if found is None or not _has(found, point)]
        if wanted:
            await self._server.write(
                b"".join(series.line(point.stamp, point.value) for point in wanted)
            )
            if found is not None:
                found = await self._find(series, kept)
        sent = {point.stamp for point in wanted}
        missing = [] if found is None else [point for point in kept if not _has(found, point)]
        for point in points:
            if missing and point is missing[0]:
                raise DestinationError(
                    "rows_missing",
                    variant="one" if len(missing) == 1 else None,
                    host=self._server.host,
                    count=len(missing),
                    metric=f"{series.measurement}_{series.field}",
                    date=point.measurement.date,
                )
            outcome = Outcome.STORED if point.stamp in sent else Outcome.ALREADY_THERE
            settle(point.measurement, Outcome.TOO_OLD if point.stamp < oldest else outcome)

    async def _find(self, series: Series, points: Sequence[Point]) -> dict[int, float] | None:
        """Return what is there of some points, None where the server cannot be asked."""
        if not points:
            return {}
        stamps = [point.stamp for point in points]
        try:
            return await self._server.read(series, min(stamps), max(stamps))
        except NotAskableError:
            return None


async def async_test_influxdb(server: InfluxDb, labels: Mapping[str, str]) -> str | None:
    """Write and read as a run does: one point, at this day's midnight, of a field of its own.

    Returns None or REMARK_SHORT_RETENTION; raises DestinationError.
    """
    stamp = round(dt_util.start_of_local_day().timestamp())
    series = Series("myelectricaldata_export", _PROBE, labels)
    await server.write(series.line(stamp, 1.0))
    try:
        found = await server.read(series, stamp, stamp)
    except NotAskableError:
        found = {stamp: 1.0}
    if not found:
        raise DestinationError(
            "rows_missing",
            variant="one",
            host=server.host,
            count=1,
            metric=f"{series.measurement}_{series.field}",
            date=dt_util.now().date().isoformat(),
        )
    retention = await server.retention()
    is_short = retention is not None and retention.days < BACKFILL_DAYS
    return REMARK_SHORT_RETENTION if is_short else None


def _oldest(retention: timedelta | None) -> int:
    """Return the second before which the server keeps nothing."""
    return 0 if retention is None else round((dt_util.utcnow() - retention).timestamp())


def _has(found: Mapping[int, float], point: Point) -> bool:
    value = found.get(point.stamp)
    return value is not None and math.isclose(
        value, point.value, rel_tol=_RELATIVE, abs_tol=_RELATIVE
    )

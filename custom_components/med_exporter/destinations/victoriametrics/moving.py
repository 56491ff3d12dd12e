"""Samples of a series of VictoriaMetrics that are to stand under another id, too."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from homeassistant.util import dt as dt_util

from ..databases.destination import FIRST_SECOND
from ..databases.series import SERIES, labels_of_point
from ..measurements import Grain, Measurement
from .rows import NAME, SAMPLE_BYTES, Rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from .server import VictoriaMetrics

# Of half-hours, fewer than are sent at once.
_WINDOW: Final = 400 * 86_400_000
_HALF_HOUR: Final = 1_800_000
_OF_SERIES: Final = {
    (f"{name}_{field}", kind): data_type for data_type, (name, field, kind) in SERIES.items()
}


def labels_of_other(
    source: Mapping[str, str], pdl: str, extra: Mapping[str, str]
) -> dict[str, str]:
    """Return the labels of a series under another id; `extra` are the user's."""
    return {NAME: source[NAME], **labels_of_point(pdl, source.get("type") or None, extra)}


async def samples_of(server: VictoriaMetrics, source: Mapping[str, str]) -> AsyncIterator[Rows]:
    """Yield the samples of a series as they are, oldest first, some at a time.

    `source` has all of its labels, and nothing for those that it lacks. Raises DestinationError.
    """
    data_type = _OF_SERIES[source[NAME], source.get("type") or None]
    now = round(dt_util.utcnow().timestamp() * 1000)
    for start in range(FIRST_SECOND * 1000, now + _WINDOW, _WINDOW):
        samples: dict[int, float] = {}
        size = _WINDOW // _HALF_HOUR * SAMPLE_BYTES
        async for line in server.read(source, start, start + _WINDOW - 1, size=size):
            pairs = zip(line["timestamps"], line["values"], strict=True)
            samples |= {stamp: value for stamp, value in pairs if value is not None}
        if not samples:
            continue
        stamps = sorted(samples)
        begins = [dt_util.as_local(dt_util.utc_from_timestamp(at / 1000)) for at in stamps]
        measurements = [
            # A sample tells when its period begins, and no more.
            Measurement(
                data_type=data_type,
                point=None,
                grain=Grain.HALF_HOURLY,
                start=begin,
                end=begin + timedelta(minutes=30),
                closed=True,
                timestamp=begin,
            )
            for begin in begins
        ]
        yield Rows(measurements, stamps, [samples[at] for at in stamps])

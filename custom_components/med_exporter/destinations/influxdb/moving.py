"""A series of InfluxDB under another tag: read, written, and looked for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from homeassistant.util import dt as dt_util

from ..base import DestinationError
from ..databases.destination import FIRST_SECOND

if TYPE_CHECKING:
    from .lines import Series
    from .server import InfluxDb

# Of half-hours, a few thousand: what one answer may have, with its tags.
_WINDOW: Final = 80 * 86400
_HALF_HOUR: Final = 1800
_RELATIVE: Final = 1e-9


async def copy_series(server: InfluxDb, source: Series, target: Series) -> None:
    """Write all points of a series to another one, as they are.

    Args:
        server: where both are.
        source: what is read.
        target: what is written; a point that it has at the same second is overwritten.

    Raises:
        DestinationError: those of the server, and `ROWS_MISSING` where it does not show a point
            that it has taken.
        NotAskableError: where the server cannot be asked.

    """
    end = math.ceil(dt_util.utcnow().timestamp()) + _WINDOW
    size = _WINDOW // _HALF_HOUR * server.size_of(source)
    for start in range(FIRST_SECOND, end, _WINDOW):
        last = start + _WINDOW - 1
        points = await server.read(source, start, last, size=size)
        if not points:
            continue
        lines = b"".join(target.line(stamp, value) for stamp, value in sorted(points.items()))
        if not await server.write(lines):
            # It keeps nothing as old as some of them: those are on their way out here, too.
            continue
        found = await server.read(target, start, last, size=size)
        missing = [
            stamp
            for stamp, value in points.items()
            if not math.isclose(found.get(stamp, math.nan), value, rel_tol=_RELATIVE)
        ]
        if missing:
            raise DestinationError(
                "rows_missing",
                variant="influxdb_one" if len(missing) == 1 else "influxdb",
                host=server.host,
                count=len(missing),
                metric=f"{target.measurement}_{target.field}",
                date=dt_util.utc_from_timestamp(min(missing)).date().isoformat(),
            )

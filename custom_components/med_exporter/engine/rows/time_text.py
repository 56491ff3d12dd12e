"""Times of rows as text in the export's time zone, fast for many rows.

Times are cut to the second, never rounded up, so that a row never shows a moment outside its
period.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..times import QUARTER, local_time
from .repeated import Made

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from zoneinfo import ZoneInfo


_MOST_QUARTERS = 4096


class TimeText:
    """Writes times of one zone as two texts: local time, and offset from UTC.

    Args:
        zone: the export's time zone.
        hour: strftime pattern up to the hour, such as `%Y-%m-%dT%H`, or what writes that.

    """

    def __init__(
        self, zone: ZoneInfo, hour: str | Callable[[datetime], str] = "%Y-%m-%dT%H"
    ) -> None:
        self._zone = zone
        self._hour = (lambda local: local.strftime(hour)) if isinstance(hour, str) else hour
        self._quarters: dict[int, tuple[str, int, str]] = {}
        self._made = Made(self._iso, by_kind=False)

    def iso(self, moments: Iterable[float | None]) -> list[str | None]:
        """Return local times with their offset, such as 2026-10-25T02:00:00+01:00."""
        # Devices that are read together have rows of the same second.
        seconds = [None if moment is None else moment // 1 for moment in moments]
        return self._made.of(seconds)

    def parts(
        self, moments: Iterable[float | None]
    ) -> Iterator[tuple[str, str] | tuple[None, None]]:
        """Yield local time and offset, such as 2026-10-25T02:00:00 and +01:00; None for None."""
        for moment in moments:
            yield (None, None) if moment is None else self._parts(moment)

    def _iso(self, moment: float | None) -> str | None:
        return None if moment is None else "".join(self._parts(moment))

    def _parts(self, moment: float) -> tuple[str, str]:
        quarter, second = divmod(int(moment // 1), QUARTER)
        hour, minute, offset = self._quarters.get(quarter) or self._quarter(quarter)
        return f"{hour}:{minute + second // 60:02d}:{second % 60:02d}", offset

    def _quarter(self, quarter: int) -> tuple[str, int, str]:
        """Return hour, minute and offset at the beginning of a quarter of an hour."""
        if len(self._quarters) >= _MOST_QUARTERS:
            self._quarters.clear()
        local = local_time(quarter * QUARTER, self._zone)
        known = (self._hour(local), local.minute, local.strftime("%:z"))
        self._quarters[quarter] = known
        return known

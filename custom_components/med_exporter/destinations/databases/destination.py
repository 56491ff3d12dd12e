"""What destinations have in common that are databases of time series."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from ..base import DestinationError
from ..samples import Given
from ..stretches import stretches
from .series import stamps_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from ..internal_metrics import InternalMetrics
    from ..measurements import Measurement, PointName
    from ..samples import Samples

BACKFILL: Final = timedelta(days=365)
"""How far back a new destination begins."""
FIRST_SECOND: Final = 1262304000
"""No value is older: the first second of 2010, from before any plug or Home Assistant."""
# Writing and reading was let: a refusal is about deleting.
_NOT_LET: Final = frozenset(
    {"BAD_REQUEST", "UNAUTHORIZED", "WRONG_CREDENTIALS", "WRONG_PATH", "SERVER_ERROR"}
)


class DatabaseDestination(ABC):
    """A database that takes measurements as rows, and is asked for them.

    Args:
        labels: the user's labels.
        metrics: sends the exporter's own metrics, where there are any.
        samples: what a connection test may send.

    """

    def __init__(
        self,
        labels: Mapping[str, str],
        metrics: InternalMetrics | None = None,
        samples: Samples | None = None,
    ) -> None:
        self._labels = dict(labels)
        self._metrics = metrics
        self._samples = samples
        self._given = Given() if samples is None else samples.given

    async def async_start(self) -> None:
        """Begin to send the exporter's own metrics; there is no lasting connection."""
        if self._metrics is not None:
            self._metrics.start()

    async def async_close(self) -> None:
        """Send no more metrics of the exporter."""
        if self._metrics is not None:
            await self._metrics.close()

    async def async_missing(self, witnesses: Sequence[Measurement]) -> Collection[Measurement]:
        """Look for rows of the periods. Raises DestinationError.

        What is older than the server's retention is not missing; where it does not tell that,
        what is older than all that is there is taken for such.
        """
        limit, is_told = await self._async_limit()
        oldest_there: dict[tuple[object, object], int] = {}
        absent: list[tuple[Measurement, tuple[object, object], int]] = []
        # The stretches of a series come oldest first.
        for stretch in stretches(witnesses):
            starts = stamps_of(stretch, 1)
            kept = [one for one, start in zip(stretch, starts, strict=True) if start >= limit]
            held = await self._async_held(kept) if kept else ()
            if held is None:
                return ()
            series = (stretch[0].data_type, stretch[0].point)
            for one, start in zip(stretch, starts, strict=True):
                if start < limit or start in held:
                    oldest_there.setdefault(series, start)
                else:
                    absent.append((one, series, start))
        return [
            one for one, series, start in absent if is_told or start > oldest_there.get(series, 0)
        ]

    async def async_rename(self, before: PointName, now: PointName) -> bool:
        """Move the series that were sent under the other id. Raises DestinationError.

        What the server has may be older than what is kept here, so it is copied and looked for
        before anything is deleted. Series that have further labels are somebody else's and stay.
        Returns False where the server lets nobody delete, or not this login, or not what is ours
        alone, and where it cannot be asked what it has.
        """
        try:
            return await self._async_copy(before.pdl, now.pdl) and await self._async_delete(
                before.pdl
            )
        except DestinationError as err:
            if err.code not in _NOT_LET:
                raise
            return False

    @abstractmethod
    async def _async_copy(self, before: str, now: str) -> bool:
        """Give a metering point's series all that those of its other id have and they lack.

        Returns False where the server cannot be asked. Raises DestinationError where it does not
        have all of it then.
        """

    @abstractmethod
    async def _async_delete(self, pdl: str) -> bool:
        """Delete our series of a metering point; False where that is not offered."""

    async def _async_latest(self) -> list[Measurement]:
        return [] if self._samples is None else await self._samples.async_latest()

    @abstractmethod
    async def _async_limit(self) -> tuple[int, bool]:
        """Return the second before which nothing is kept, and whether the server tells that."""

    @abstractmethod
    async def _async_held(self, periods: Sequence[Measurement]) -> Collection[int] | None:
        """Return at which seconds a series has what it should, of periods from first to last.

        That is their values, or any value where none can be overwritten.

        None where the server cannot be asked.
        """

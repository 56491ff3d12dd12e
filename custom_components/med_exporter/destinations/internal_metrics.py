"""The exporter's own metrics, as they are sent to a database when a run ends."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

from homeassistant.const import CONF_ENABLED, CONF_ID
from homeassistant.core import callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from ..const import LOGGER
from ..database import DatabaseUnavailableError
from ..engine.lazy_dataclass import dataclass
from ..history.history import DATA_HISTORY
from ..history.records import SIGNAL_EXPORT_FINISHED, ExportKind
from .base import DestinationError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from ..history.records import ExportRecord
    from ..history.totals import PushTotals

RUNS: Final = "myelectricaldata_export_total"
DURATION: Final = "myelectricaldata_export_duration_seconds"
RECORDS: Final = "myelectricaldata_export_records_total"

# So many runs are remembered while the server is away.
_REMEMBERED: Final = 1000


@dataclass(frozen=True, slots=True)
class MetricSamples:
    """Samples of one of the exporter's own metrics: milliseconds (UTC) and numbers."""

    name: str
    labels: Mapping[str, str]
    samples: Sequence[tuple[int, float]]


class InternalMetrics:
    """Sends how runs of all destinations ended to one server.

    Runs and records are counted in the history, so that the counters go on after a restart. What
    could not be sent goes along with the next run; no run waits for it or fails by it.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        write: Callable[[Sequence[MetricSamples]], Awaitable[None]],
        entry: ConfigEntry,
    ) -> None:
        self._hass = hass
        self._write = write
        self._entry = entry
        self._destination_id = entry.data[CONF_ID]
        self._ended: deque[ExportRecord] = deque(maxlen=_REMEMBERED)
        self._sending: asyncio.Task[None] | None = None
        self._stop_listening: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin to listen for the ends of runs."""
        self._stop_listening = async_dispatcher_connect(
            self._hass, SIGNAL_EXPORT_FINISHED, self._run_ended
        )

    async def close(self) -> None:
        """Listen no more, and give up what is being sent."""
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait([self._sending])
            self._sending = None

    @callback
    def _run_ended(self, record: ExportRecord) -> None:
        is_own = record.destination_id == self._destination_id
        # Without automatic export the server receives nothing that nobody has asked for.
        if record.kind is not ExportKind.PUSH or not (
            is_own or self._entry.options.get(CONF_ENABLED, True)
        ):
            return
        self._ended.append(record)
        if self._sending is None or self._sending.done():
            self._sending = self._hass.async_create_background_task(
                self._send(), f"med_exporter metrics to {self._destination_id}"
            )

    async def _send(self) -> None:
        while self._ended:
            ended = list(self._ended)
            try:
                totals = await self._hass.data[DATA_HISTORY].async_push_totals()
                await self._write(_samples(ended, totals))
            except (DatabaseUnavailableError, DestinationError) as err:
                LOGGER.debug("Metrics of the exporter were not sent: %s", err)
                return
            for record in ended:
                if self._ended and self._ended[0] is record:
                    self._ended.popleft()


def _samples(ended: list[ExportRecord], totals: PushTotals) -> list[MetricSamples]:
    """Return how long each run took, and the counters of their destinations as of the last."""
    durations: dict[str, dict[int, float]] = {}
    latest = 0
    for record in ended:
        assert record.completed_at is not None
        stamp = round(record.completed_at.timestamp() * 1000)
        latest = max(latest, stamp)
        if record.destination and record.started_at is not None:
            seconds = (record.completed_at - record.started_at).total_seconds()
            durations.setdefault(record.destination, {})[stamp] = round(seconds, 3)
    found: list[MetricSamples] = []
    for destination, samples in durations.items():
        own = {"destination": destination}
        found.append(MetricSamples(DURATION, own, list(samples.items())))
        counted = totals.get(destination)
        if counted is None:
            continue
        found.append(MetricSamples(RECORDS, own, [(latest, counted.records)]))
        for status, runs in (("success", counted.success), ("error", counted.error)):
            found.append(MetricSamples(RUNS, {**own, "status": status}, [(latest, runs)]))
    return found

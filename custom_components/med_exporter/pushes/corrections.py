"""Closed periods that change after they were pushed: noted for every destination."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from homeassistant.core import callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from ..clocks.local import local_zone
from ..const import DataType, PlugRole
from ..costs import SIGNAL_COSTS_CHANGED
from ..database import queue_work
from ..ledger import SIGNAL_LEDGER_CHANGED, PointSeries
from .watermarks import SCHEMA, SeriesKey, note_change

if TYPE_CHECKING:
    from collections.abc import Callable

    from homeassistant.core import HomeAssistant

    from ..costs import CostChange
    from ..ledger import LedgerChange

COST_SERIES: Final = "cost"

_BY_ROLE: Final = {
    PlugRole.CONSUMPTION: (
        DataType.CONSUMPTION_DAILY,
        DataType.CONSUMPTION_MONTHLY,
        DataType.CONSUMPTION_DETAILED,
    ),
    PlugRole.PRODUCTION: (DataType.PRODUCTION_DAILY,),
}


class CorrectionNotes:
    """Hears of changes and notes them, whether the destinations concerned are loaded or not.

    The ledger and the costs announce a change until they have written that they did. The note is
    queued for the recorder before that, in the same queue: no stop comes between.
    """

    def __init__(self, hass: HomeAssistant, changed: Callable[[], None]) -> None:
        self._hass = hass
        self._changed = changed
        self._read_now: set[tuple[str, SeriesKey]] = set()

    @callback
    def async_setup(self) -> None:
        """Listen from now on."""
        async_dispatcher_connect(self._hass, SIGNAL_LEDGER_CHANGED, self._on_energy)
        async_dispatcher_connect(self._hass, SIGNAL_COSTS_CHANGED, self._on_costs)

    @callback
    def begin_reading(self, destination: str, key: SeriesKey) -> None:
        """Note changes of a series for a destination, wherever its watermark stands."""
        self._read_now.add((destination, key))

    @callback
    def end_reading(self, destination: str, key: SeriesKey) -> None:
        """Note changes before the watermark only; what was settled is queued to be written."""
        self._read_now.discard((destination, key))

    @callback
    def _on_energy(self, change: LedgerChange) -> None:
        series = change.series
        if isinstance(series, PointSeries):
            keys = [SeriesKey(series.metering_point, name.value) for name in _BY_ROLE[series.role]]
            self._note(keys, change.first_ts)

    @callback
    def _on_costs(self, change: CostChange) -> None:
        self._note([SeriesKey(change.metering_point, COST_SERIES)], change.first_ts)

    def _note(self, keys: list[SeriesKey], first_ts: int) -> None:
        note = partial(
            note_change,
            keys=keys,
            first_ts=first_ts,
            zone=local_zone(),
            read_now=frozenset(self._read_now),
        )
        noting = queue_work(self._hass, SCHEMA, note)
        noting.add_done_callback(lambda _: self._changed())

"""Tell when a destination has been down for some time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from homeassistant.core import callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from ..clocks.due import async_look_again
from ..clocks.local import certain_now
from .entry import destinations
from .outage import SIGNAL_OUTAGE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from homeassistant.core import CALLBACK_TYPE, HomeAssistant

    from .runtime import DestinationRuntime


class Downtime:
    """Calls an action once in each outage, when it has lasted for some time.

    Time counts from the first failure, over restarts and reloads too.

    Args:
        hass: Home Assistant.
        destination: the id of the destination to look at; None for all, later ones too.
        lasting: how long an outage has to last.
        action: called with the destination.

    """

    def __init__(
        self,
        hass: HomeAssistant,
        destination: str | None,
        lasting: timedelta,
        action: Callable[[DestinationRuntime], None],
    ) -> None:
        self._hass = hass
        self._destination = destination
        self._lasting = lasting
        self._action = action
        self._told: set[str] = set()
        self._waiting: dict[str, CALLBACK_TYPE] = {}
        self._forget: CALLBACK_TYPE | None = None

    @callback
    def async_start(self) -> None:
        """Begin to look.

        An outage that has lasted long enough already was told of, or not asked for; but one of an
        earlier life of Home Assistant, whose time came after the last failure then, is told of
        now.
        """
        self._forget = async_dispatcher_connect(self._hass, SIGNAL_OUTAGE, self._changed)
        for runtime in destinations(self._hass):
            outage = runtime.outage
            if outage.since is None or outage.failed_at is None:
                continue
            due = outage.since + self._lasting
            if due <= certain_now(self._hass) and not (
                outage.is_restored and outage.failed_at < due
            ):
                self._told.add(runtime.id)
            self._changed(runtime.id)

    @callback
    def async_stop(self) -> None:
        """Look no more."""
        if self._forget is not None:
            self._forget()
        for cancel in self._waiting.values():
            cancel()
        self._waiting.clear()

    @callback
    def _changed(self, destination: str) -> None:
        if self._destination not in {None, destination}:
            return
        if (cancel := self._waiting.pop(destination, None)) is not None:
            cancel()
        runtime = self._loaded(destination)
        if runtime is None:
            return
        if runtime.outage.since is None:
            self._told.discard(destination)
            return
        if destination in self._told:
            return
        due = runtime.outage.since + self._lasting
        if due <= certain_now(self._hass):
            self._told.add(destination)
            self._action(runtime)
            return
        self._waiting[destination] = async_look_again(
            self._hass, partial(self._is_due, destination), due
        )

    @callback
    def _is_due(self, destination: str, _: datetime) -> None:
        self._waiting.pop(destination, None)
        self._changed(destination)

    def _loaded(self, destination: str) -> DestinationRuntime | None:
        for runtime in destinations(self._hass):
            if runtime.id == destination:
                return runtime
        return None

"""How far the past of a metering point has been read, told while its sensors wait for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self

from homeassistant.components import persistent_notification

from ..const import DOMAIN
from ..texts import text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

_TOLD_AFTER: Final = 3.0
"""Seconds: what is there sooner needs no words."""


class Progress:
    """A notification with the share that is there, from entering to leaving the context.

    `percent` is that share meanwhile, and None before and afterwards.

    Args:
        hass: shows it.
        entry: of the metering point.
        parts: how many meters it has, whose pasts come one after the other.
        is_told: whether anybody waits for it; False once the sensors have values.

    """

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, parts: int, *, is_told: bool
    ) -> None:
        self._hass = hass
        self._entry = entry
        self._parts = parts
        self._id = f"{DOMAIN}_past_{entry.entry_id}"
        self._is_told = is_told
        self._told: int | None = None
        self.percent: int | None = None

    def __enter__(self) -> Self:
        """Begin."""
        self.percent = 0
        self._began = self._hass.loop.time()
        return self

    def __exit__(self, *_: object) -> None:
        """Take it back: the values are there, or the next look begins anew."""
        self.percent = None
        if self._told is not None:
            persistent_notification.async_dismiss(self._hass, self._id)

    def of_part(self, place: int) -> Callable[[float], None]:
        """Return what is called with the share, 0 to 1, of a part that is there."""

        def show(share: float) -> None:
            self.percent = percent = int(100 * (place + share) / self._parts)
            is_late = self._hass.loop.time() - self._began >= _TOLD_AFTER
            if percent == self._told or not (self._is_told and is_late):
                return
            self._told = percent
            said = {"name": self._entry.title, "percent": percent}
            text = text_of(self._hass, "past_coming", said) or f"{self._entry.title}: {percent} %"
            persistent_notification.async_create(
                self._hass, text, title="MED Exporter", notification_id=self._id
            )

        return show

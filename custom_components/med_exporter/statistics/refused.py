"""Statistics that Home Assistant does not take: named once, left out for a while, tried again."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Final

from homeassistant.core import callback
from homeassistant.helpers import issue_registry as ir

from ..const import DOMAIN, LOGGER
from ..engine.lazy_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Container

    from homeassistant.core import HomeAssistant

# Seconds after which one is tried again, doubled each time: Home Assistant logs what it meets then.
_FIRST_PAUSE: Final = 3600
_LONGEST_PAUSE: Final = 86400


@dataclass(slots=True)
class _Refusal:
    """Since when one is left out, by a clock that nobody sets, and for how long; in seconds."""

    name: str
    at: float
    pause: float = _FIRST_PAUSE


class RefusedStatistics:
    """What Home Assistant refuses, and until when it is left alone.

    All but `tell` may be called in the recorder's thread.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._refusals: dict[str, _Refusal] = {}
        self._told: set[str] = set()

    @property
    def is_any(self) -> bool:
        """Tell whether any is refused."""
        return bool(self._refusals)

    def rests(self, statistic_id: str) -> bool:
        """Tell whether a statistic is not to be tried yet."""
        refusal = self._refusals.get(statistic_id)
        return refusal is not None and monotonic() - refusal.at < refusal.pause

    def refused(self, statistic_id: str, name: str, reason: str) -> None:
        """Note that a statistic that users know by a name was refused; the first time, log it."""
        if (refusal := self._refusals.get(statistic_id)) is not None:
            refusal.at, refusal.pause = monotonic(), min(2 * refusal.pause, _LONGEST_PAUSE)
            return
        self._refusals[statistic_id] = _Refusal(name, monotonic())
        LOGGER.error("Home Assistant does not take the statistic %s: %s", statistic_id, reason)

    def taken(self, statistic_id: str) -> None:
        """Note that all of a statistic is stored."""
        if self._refusals.pop(statistic_id, None) is not None:
            LOGGER.info("Home Assistant takes the statistic %s again", statistic_id)

    def keep(self, statistic_ids: Container[str]) -> None:
        """Forget the statistics that there are no longer."""
        for gone in [one for one in self._refusals if one not in statistic_ids]:
            del self._refusals[gone]

    @callback
    def tell(self) -> None:
        """Open a repair issue for each that is refused, and end those of all others."""
        for statistic_id in self._told - self._refusals.keys():
            ir.async_delete_issue(self._hass, DOMAIN, _issue_id(statistic_id))
        for statistic_id in self._refusals.keys() - self._told:
            ir.async_create_issue(
                self._hass,
                DOMAIN,
                _issue_id(statistic_id),
                is_fixable=False,
                severity=ir.IssueSeverity.ERROR,
                translation_key="statistic_refused",
                translation_placeholders={
                    "name": self._refusals[statistic_id].name,
                    "statistic": statistic_id,
                },
            )
        self._told = {*self._refusals}


def _issue_id(statistic_id: str) -> str:
    return f"statistic_refused_{statistic_id}"

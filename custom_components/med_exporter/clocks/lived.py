"""What is too old, by a clock that may be far ahead for a while."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from homeassistant.core import callback
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..engine.lazy_dataclass import dataclass
from ..formats import FormatTooNewError, VersionedStore

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

# A clock that goes ahead by more from one cleaning to the next is believed only by and by, by a day
# with each of them. Home Assistant may have been off; all the less it is urgent.
_BELIEVED: Final = timedelta(days=8).total_seconds()
_CATCHES_UP: Final = timedelta(days=1).total_seconds()
# Until then it is the oldest that goes: so much of it, and no more than this part of what is kept.
_AT_ONCE: Final = timedelta(days=7).total_seconds()
_PART: Final = 4


@dataclass(frozen=True, slots=True)
class TooOld:
    """Says which things of a kind are too old: those before `cutoff`, in UTC seconds.

    `at_once` says how much of them goes, in seconds from the oldest there was when the clock was
    believed last; None where all may.
    """

    kind: str
    cutoff: float
    at_once: float | None
    oldest: dict[str, float]

    def before(self, oldest: float | None) -> float:
        """Return before which moment things are to be deleted; the oldest there is tells."""
        if oldest is None or self.at_once is None:
            return self.cutoff
        return min(self.cutoff, self.oldest.setdefault(self.kind, oldest) + self.at_once)


class LivedTime:
    """How far time has gone, by what Home Assistant has lived through.

    All that deletes what is too old asks here: a clock that is a year ahead for some minutes, after
    a start too, must not empty the house.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        self._store = VersionedStore(hass, "lived_time")
        self._time = dt_util.utcnow().timestamp()
        self._oldest: dict[str, float] = {}

    async def async_load(self) -> None:
        """Go on from what was lived before."""
        stored = None
        with suppress(FormatTooNewError):
            stored = await self._store.async_load()
        if stored is not None:
            self._time = stored["time"]

    async def async_go_on(self) -> None:
        """Let time go on with each cleaning, and keep it over a stop. Raises OSError."""
        if not self._is_believed():
            self._time += _CATCHES_UP
        await self._store.async_save({"time": self._time})

    @callback
    def too_old(self, kind: str, kept: timedelta, *, since: timedelta = timedelta()) -> TooOld:
        """Return what is too old now.

        Args:
            kind: of the things.
            kept: how long they are kept.
            since: how long ago the time is at which such things are told: as long as they are
                kept for when they came to be, not at all for when their time is over.

        """
        at_once = None
        if not self._is_believed():
            at_once = min(_AT_ONCE, kept.total_seconds() / _PART)
        cutoff = (dt_util.utcnow() - since).timestamp()
        return TooOld(kind, cutoff, at_once, self._oldest)

    def _is_believed(self) -> bool:
        """Follow the clock, unless it goes too far ahead."""
        now = dt_util.utcnow().timestamp()
        if now - self._time > _BELIEVED:
            return False
        self._time = now
        self._oldest.clear()
        return True


_DATA: Final[HassKey[LivedTime]] = HassKey("med_exporter_lived_time")


@callback
def lived_time(hass: HomeAssistant) -> LivedTime:
    """Return the time that this Home Assistant has lived through."""
    if _DATA not in hass.data:
        hass.data[_DATA] = LivedTime(hass)
    return hass.data[_DATA]

"""The time of the house: that of Home Assistant's own settings, and of whoever knows better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from homeassistant.core import callback
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from homeassistant.core import CALLBACK_TYPE, HomeAssistant

type Clock = Callable[[], datetime]

_CLOCKS: Final[HassKey[list[Clock]]] = HassKey(f"{DOMAIN}_clocks")


def local_zone() -> ZoneInfo:
    """Return the installation's time zone, as it is set now."""
    return cast("ZoneInfo", dt_util.get_default_time_zone())


@callback
def add_clock(hass: HomeAssistant, clock: Clock) -> CALLBACK_TYPE:
    """Let `certain_now` ask a clock that does not follow every jump; returns what ends that."""
    clocks = hass.data.setdefault(_CLOCKS, [])
    clocks.append(clock)
    return lambda: clocks.remove(clock)


@callback
def certain_now(hass: HomeAssistant) -> datetime:
    """Return the time that it is at least: what is over by it is over.

    The machine's clock may be ahead for a moment; what was told as closed meanwhile could not be
    taken back everywhere.
    """
    return min([dt_util.utcnow(), *(clock() for clock in hass.data.get(_CLOCKS, ()))])

"""The time of the house: that of Home Assistant's own settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from homeassistant.util import dt as dt_util

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


def local_zone() -> ZoneInfo:
    """Return the installation's time zone, as it is set now."""
    return cast("ZoneInfo", dt_util.get_default_time_zone())

"""Time zones as the firmware numbers them.

The firmware knows a fixed list of zones by index. Only those that a test or the demo may
run in are here; several names share an index where the firmware has one entry for them.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

_INDEX_BY_NAME = {
    "US/Hawaii": 2,
    "US/Alaska": 3,
    "US/Pacific": 6,
    "America/Los_Angeles": 6,
    "US/Mountain": 10,
    "America/Denver": 10,
    "US/Central": 13,
    "America/Chicago": 13,
    "US/Eastern": 18,
    "America/New_York": 18,
    "America/St_Johns": 27,
    "UTC": 38,
    "Europe/London": 39,
    "Europe/Berlin": 41,
    "Europe/Amsterdam": 41,
    "Europe/Belgrade": 42,
    "Europe/Paris": 43,
    "Europe/Brussels": 43,
    "Europe/Madrid": 43,
    "Europe/Athens": 48,
    "Europe/Helsinki": 54,
    "Asia/Kolkata": 75,
    "Asia/Kathmandu": 77,
    "Asia/Tokyo": 90,
    "Australia/Adelaide": 93,
    "Pacific/Auckland": 104,
}


def index_of(zone: ZoneInfo) -> int:
    """Return the firmware's index of `zone`; ValueError when it is not in the list."""
    if (index := _INDEX_BY_NAME.get(zone.key)) is None:
        known = ", ".join(_INDEX_BY_NAME)
        raise ValueError(f"the plug has no time zone {zone.key}; it has {known}")
    return index


def zone_at(index: int) -> ZoneInfo:
    """Return the zone with the firmware's `index`; ValueError when it is not in the list."""
    for name, known in _INDEX_BY_NAME.items():
        if known == index:
            return ZoneInfo(name)
    raise ValueError(f"the plug has no time zone with the index {index}")

"""Energy as whole milliwatt-hours.

A kWh has a million of them. Parts then add up to their whole exactly, and a second look at the
same energy finds no difference.
"""

from __future__ import annotations

from typing import Final

_MWH_PER_KWH: Final = 1_000_000


def to_mwh(kwh: float) -> int:
    """Return an energy in kWh as whole milliwatt-hours."""
    return round(kwh * _MWH_PER_KWH)


def to_kwh(mwh: int) -> float:
    """Return milliwatt-hours as kWh."""
    return mwh / _MWH_PER_KWH

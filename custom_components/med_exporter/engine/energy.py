"""Energy as whole milliwatt-hours.

A kWh has a million of them. Parts then add up to their whole exactly, and a second look at the
same energy finds no difference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

_MWH_PER_KWH: Final = 1_000_000


class HourKwh(NamedTuple):
    """What a plug itself has counted in an hour, in kWh.

    Where the plug has cut its hours elsewhere, `whole` is the time (aware, on a quarter-hour) at
    which the four quarter-hours begin that are known to have had it together.
    """

    kwh: float
    whole: datetime | None = None


def to_mwh(kwh: float) -> int:
    """Return an energy in kWh as whole milliwatt-hours."""
    return round(kwh * _MWH_PER_KWH)


def to_kwh(mwh: int) -> float:
    """Return milliwatt-hours as kWh."""
    return mwh / _MWH_PER_KWH

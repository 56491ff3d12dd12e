"""The units in which states and statistics may be kept, and what makes them those of a file.

A user may let an entity show another unit, and its states are recorded in it from then on. Each
state names its unit in its attributes, each statistic in its metadata.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_JOULES_PER_KWH: Final = 3_600_000
_JOULES_PER_CALORIE: Final = 4.184

FACTORS: Final[Mapping[str, Mapping[str, float]]] = {
    "power_w": {"mW": 1e-3, "W": 1, "kW": 1e3, "MW": 1e6, "GW": 1e9, "TW": 1e12,
                "BTU/h": 1055.05585262 / 3600},
    "energy_total_kwh": {
        "mWh": 1e-6, "Wh": 1e-3, "kWh": 1, "MWh": 1e3, "GWh": 1e6, "TWh": 1e9,
        "J": 1 / _JOULES_PER_KWH, "kJ": 1e3 / _JOULES_PER_KWH, "MJ": 1e6 / _JOULES_PER_KWH,
        "GJ": 1e9 / _JOULES_PER_KWH,
        "cal": _JOULES_PER_CALORIE / _JOULES_PER_KWH,
        "kcal": 1e3 * _JOULES_PER_CALORIE / _JOULES_PER_KWH,
        "Mcal": 1e6 * _JOULES_PER_CALORIE / _JOULES_PER_KWH,
        "Gcal": 1e9 * _JOULES_PER_CALORIE / _JOULES_PER_KWH,
        "thm": 105_480_400 / _JOULES_PER_KWH,
    },
    "voltage": {"μV": 1e-6, "µV": 1e-6, "mV": 1e-3, "V": 1, "kV": 1e3, "MV": 1e6},
    "current": {"μA": 1e-6, "µA": 1e-6, "mA": 1e-3, "A": 1},
}  # fmt: skip
"""By field of a reading and unit: what a value is multiplied by."""


def factor(field: str, unit: str | None) -> float:
    """Return what makes a value of a unit one of the field's own; 1 where no unit is known."""
    return FACTORS.get(field, {}).get(unit or "", 1)

"""The newer hardware, as data."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class SmartKind:
    """What a model says about itself; `components` with the version of each.

    `sockets` is 0 for a plug and the number of children for a strip.
    """

    model: str
    device_type: str = "SMART.TAPOPLUG"
    components: dict[str, int] = field(default_factory=dict)
    sockets: int = 0
    fw_ver: str = "1.3.1 Build 240621 Rel.162048"
    hw_ver: str = "1.0"

    @property
    def measures(self) -> bool:
        """Whether there is a meter."""
        return "energy_monitoring" in self.components


_PLAIN = {"device": 2, "time": 1, "cloud_connect": 1}
_METERED = _PLAIN | {"energy_monitoring": 2}

P100 = SmartKind(model="P100", components=_PLAIN)
P110 = SmartKind(model="P110(EU)", components=_METERED)
P210M = SmartKind(model="P210M(US)", components=_METERED, sockets=2)
P304M = SmartKind(model="P304M(UK)", components=_METERED, sockets=4)
L530 = SmartKind(
    model="L530E(EU)", device_type="SMART.TAPOBULB", components=_PLAIN | {"brightness": 1}
)

"""The hardware kinds, as data: another plug is another `PlugKind`."""

from __future__ import annotations

from dataclasses import dataclass

_PLUG_MODULES = frozenset({"system", "time", "schedule", "anti_theft", "count_down", "cnCloud"})


@dataclass(frozen=True)
class PlugKind:
    """What a model says about itself and which modules its firmware has.

    `sockets` is 0 for a plug and the number of children for a strip. `type_key` is the
    name under which system information carries the device type; it differs by firmware.
    """

    model: str
    dev_name: str
    sw_ver: str
    hw_ver: str
    nominal_voltage: float
    modules: frozenset[str]
    sockets: int = 0
    type_key: str = "type"

    @property
    def feature(self) -> str:
        """The feature flags: a timer, and an energy meter where there is one."""
        return "TIM:ENE" if "emeter" in self.modules else "TIM"


HS100 = PlugKind(
    model="HS100(EU)",
    dev_name="Smart Wi-Fi Plug",
    sw_ver="1.5.10 Build 191125 Rel.094314",
    hw_ver="2.0",
    nominal_voltage=230.0,
    modules=_PLUG_MODULES,
)
HS110 = PlugKind(
    model="HS110(EU)",
    dev_name="Smart Wi-Fi Plug With Energy Monitoring",
    sw_ver="1.5.10 Build 191125 Rel.094314",
    hw_ver="4.0",
    nominal_voltage=230.0,
    modules=_PLUG_MODULES | {"emeter"},
)
KP115 = PlugKind(
    model="KP115(EU)",
    dev_name="Smart Wi-Fi Plug Mini",
    sw_ver="1.0.16 Build 210205 Rel.163735",
    hw_ver="1.0",
    nominal_voltage=230.0,
    modules=_PLUG_MODULES | {"emeter"},
    type_key="mic_type",
)
HS300 = PlugKind(
    model="HS300(US)",
    dev_name="Wi-Fi Smart Power Strip",
    sw_ver="1.0.21 Build 210524 Rel.161309",
    hw_ver="2.0",
    nominal_voltage=120.0,
    modules=_PLUG_MODULES | {"emeter"},
    sockets=6,
    type_key="mic_type",
)

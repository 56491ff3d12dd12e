"""Emulated Kasa plugs that speak the real XOR protocol on loopback.

Needs only the standard library, so the tests and the demo can both start it.
Faults, load, relay and clock are changed on the plug while it runs; the client
under test sees what it would see from the hardware.
"""

from __future__ import annotations

from .appliances import Fridge, SolarInverter, WashingMachine
from .clock import Clock
from .device import EmulatedDevice, EmulatedPlug, EmulatedStrip, Received
from .kinds import HS100, HS110, HS300, KP115, PlugKind
from .loads import ConstantLoad, DailyLoad, EveryOtherDay, Load
from .network import BROADCAST_ADDRESS, PlugNetwork
from .outlet import Outlet
from .server import Garble

__all__ = [
    "BROADCAST_ADDRESS",
    "HS100",
    "HS110",
    "HS300",
    "KP115",
    "Clock",
    "ConstantLoad",
    "DailyLoad",
    "EmulatedDevice",
    "EmulatedPlug",
    "EmulatedStrip",
    "EveryOtherDay",
    "Fridge",
    "Garble",
    "Load",
    "Outlet",
    "PlugKind",
    "PlugNetwork",
    "Received",
    "SolarInverter",
    "WashingMachine",
]

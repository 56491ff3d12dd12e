"""Emulated newer plugs, which speak the encrypted protocol over HTTP and ask for an account.

Unlike the older ones they need aiohttp and cryptography, which come with Home Assistant.
"""

from __future__ import annotations

from .device import EmulatedSmartPlug
from .history import NO_HISTORY, EnergyHistory
from .kinds import L530, P100, P110, P210M, P304M, SmartKind

__all__ = [
    "L530",
    "NO_HISTORY",
    "P100",
    "P110",
    "P210M",
    "P304M",
    "EmulatedSmartPlug",
    "EnergyHistory",
    "SmartKind",
]

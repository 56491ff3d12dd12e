"""Devices whose clock stands still, and the client that asks them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from kasa import Device, DeviceConfig

from tests.plug_emulator import Clock, EmulatedPlug, EmulatedStrip

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.plug_emulator import EmulatedDevice

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 6, 15, 12, tzinfo=PARIS)


def clock_at(now: datetime) -> Clock:
    """A clock that stands still until it is advanced."""
    return Clock(lambda: now)


def plug_at(now: datetime = NOON, **options: Any) -> EmulatedPlug:
    return EmulatedPlug(clock=clock_at(now), timezone=PARIS, **options)


def strip_at(now: datetime = NOON, **options: Any) -> EmulatedStrip:
    return EmulatedStrip(clock=clock_at(now), timezone=PARIS, **options)


@asynccontextmanager
async def connected(device: EmulatedDevice) -> AsyncGenerator[Device]:
    config = DeviceConfig(host=device.host, port_override=device.port, timeout=2)
    client = await Device.connect(config=config)
    try:
        yield client
    finally:
        await client.disconnect()

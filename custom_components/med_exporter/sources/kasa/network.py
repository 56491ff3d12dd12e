"""The search for plugs on the network."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from kasa import DeviceEncryptionType, DeviceFamily, Discover

from ...engine.outside import LONGEST_NAME, clean
from ..connection import Connection, FoundDevice
from . import connecting
from .configuration import FAILURES
from .discovery_key import async_make_discovery_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kasa import Device

_WITH_SOCKETS: Final = frozenset(
    {
        DeviceFamily.IotSmartPlugSwitch,
        DeviceFamily.SmartKasaPlug,
        DeviceFamily.SmartKasaSwitch,
        DeviceFamily.SmartTapoPlug,
        DeviceFamily.SmartTapoSwitch,
    }
)


# Newer devices tell of a meter only after a login. Where nobody has one, these are taken to have
# none; a device that can be asked is.
# fmt: off
_WITHOUT_METER: Final = frozenset(
    {
        "EP10", "EP40", "EP40M", "HS200", "HS220", "KP200", "KS200", "KS200M", "KS205",
        "KS220", "KS225", "KS230", "KS240", "P100", "P105", "P125", "P125M", "P135", "P300",
        "P306", "P400M", "S200D", "S210", "S220", "S500", "S500D", "S505", "S505D", "TP10",
        "TP11", "TP15", "TP25", "TS15",
    }
)
# fmt: on


async def search(targets: Iterable[str]) -> dict[str, FoundDevice]:
    """Return each device, by MAC, that answers a broadcast to the targets."""
    await async_make_discovery_key()
    found = await asyncio.gather(
        *(
            Discover.discover(target=target, discovery_timeout=connecting.DISCOVERY_TIMEOUT)
            for target in targets
        ),
        return_exceptions=True,
    )
    devices: dict[str, FoundDevice] = {}
    for answers in found:
        if isinstance(answers, BaseException):
            continue
        for host, device in answers.items():
            with suppress(*FAILURES):
                one = _found(host, device)
                devices[one.mac] = one
            with suppress(*FAILURES):
                await device.disconnect()
    return devices


def plain_mac(mac: str) -> str:
    """Return a MAC address as twelve lower-case hexadecimal digits."""
    return "".join(c for c in mac.lower() if c in "0123456789abcdef")


def _found(host: str, device: Device) -> FoundDevice:
    kind = device.config.connection_type
    return FoundDevice(
        mac=plain_mac(device.mac),
        name=clean(device.alias or device.model, LONGEST_NAME),
        model=clean(device.model, LONGEST_NAME),
        connection=Connection(host=host, parameters=kind.to_dict()),
        measures=_measures(device),
        is_plain=device.model in _WITHOUT_METER,
    )


def _measures(device: Device) -> bool | None:
    kind = device.config.connection_type
    if kind.device_family not in _WITH_SOCKETS:
        return False
    if kind.encryption_type is DeviceEncryptionType.Xor:
        return "ENE" in device.sys_info.get("feature", "")
    return None

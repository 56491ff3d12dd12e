"""TP-Link Kasa energy plugs and strips, read with python-kasa."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from kasa import (
    AuthenticationError,
    Credentials,
    Device,
    DeviceConfig,
    DeviceConnectionParameters,
    Discover,
    KasaException,
    Module,
    UnsupportedDeviceError,
)
from kasa.iot.modules import Emeter

from .plug import PlugCounters, PlugIdentity, PlugSample, PlugStatistics

if TYPE_CHECKING:
    from aiohttp import ClientSession
    from kasa.interfaces import Energy

    from ..vault import Vault

DEFAULT_PORT: Final = 9999
# A plug that answers does so in a fraction of a second; these are for a bad radio link.
_QUERY_TIMEOUT = 5
_DISCOVERY_TIMEOUT = 3
# python-kasa tries four times; nobody wants to wait for that in front of a form.
_CONNECT_LIMIT = 10

# What python-kasa raises when a plug does not answer, or answers with nonsense.
_FAILURES: Final = (KasaException, OSError, TimeoutError, ValueError)

type SessionFactory = Callable[[], ClientSession]


class KasaError(Exception):
    """A plug that cannot be read; `code` names the mistake.

    Codes: name_not_resolved, refused, timed_out, not_kasa, no_energy, invalid_auth.
    """

    def __init__(self, code: str, host: str) -> None:
        super().__init__(f"{host}: {code}")
        self.code = code
        self.host = host


@dataclass(frozen=True, kw_only=True, slots=True)
class Connection:
    """How to reach and log in to one host. `parameters` is python-kasa's own description."""

    host: str
    parameters: dict[str, Any] | None = None
    credentials_hash: str | None = field(default=None, repr=False)

    @classmethod
    def from_stored(cls, stored: dict[str, Any], vault: Vault) -> Connection:
        """Return the connection that `to_stored` described. Raises SecretLostError."""
        token = stored["credentials_hash"]
        return cls(
            host=stored["host"],
            parameters=stored["parameters"],
            credentials_hash=vault.decrypt(token) if token else None,
        )

    def to_stored(self, vault: Vault) -> dict[str, Any]:
        """Return the connection as a config entry may hold it, the secret encrypted."""
        secret = self.credentials_hash
        return {
            "host": self.host,
            "parameters": self.parameters,
            "credentials_hash": vault.encrypt(secret) if secret else None,
        }


def split_host(text: str) -> tuple[str, int | None]:
    """Return host and port of `host` or `host:port`. The port is None where none is given.

    Raises ValueError for anything else.
    """
    host, colon, port = text.strip().partition(":")
    if not host or any(not (c.isalnum() or c in "-._") for c in host):
        raise ValueError(text)
    if not colon:
        return host, None
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(text)
    return host, int(port)


class KasaHost:
    """One address with a plug or a strip behind it. Methods raise KasaError."""

    def __init__(self, connection: Connection, session: SessionFactory) -> None:
        self.connection = connection
        self._session = session
        self._device: Device | None = None
        self._closed_years: dict[tuple[str, int], list[dict[str, Any]]] = {}

    @property
    def is_strip(self) -> bool:
        """Return whether several sockets answer at this address."""
        return self._device is not None and bool(self._device.children)

    async def connect(self, credentials: Credentials | None = None) -> None:
        """Connect; the first time by discovery, which tells newer plugs from older ones."""
        await self.close()
        try:
            async with asyncio.timeout(_CONNECT_LIMIT):
                self._device = await Device.connect(config=await self._config(credentials))
        except AuthenticationError as err:
            raise KasaError("invalid_auth", self.connection.host) from err
        except UnsupportedDeviceError as err:
            raise KasaError("not_kasa", self.connection.host) from err
        except _FAILURES as err:
            raise await self._diagnosis(is_silent=isinstance(err, TimeoutError)) from err
        self.connection = Connection(
            host=self.connection.host,
            parameters=self._device.config.connection_type.to_dict(),
            credentials_hash=self._device.credentials_hash,
        )

    async def poll(self, today: date) -> list[PlugSample]:
        """Return a reading of each plug behind the address, `today` being the local date.

        A plug that is connected is asked anew; otherwise connecting reads it as well.
        """
        is_read = self._device is None
        if is_read:
            await self.connect()
        device = self._device
        assert device is not None
        try:
            if not is_read:
                await device.update()
            samples = [
                _sample(device, plug, await self._counters(plug, today))
                for plug in _energy_plugs(device)
            ]
        except AuthenticationError as err:
            raise KasaError("invalid_auth", self.connection.host) from err
        except _FAILURES as err:
            raise KasaError("timed_out", self.connection.host) from err
        if not samples:
            raise KasaError("no_energy", self.connection.host)
        return samples

    async def statistics(self, since: date, today: date) -> dict[str, PlugStatistics]:
        """Return what each plug, by its id, has counted per day and month since a local date.

        Newer plugs keep no statistics that can be read: theirs are empty.
        """
        device = self._device
        if device is None:
            return {}
        try:
            return {
                _identity(device, plug).plug_id: await _statistics(plug, since, today)
                for plug in _energy_plugs(device)
            }
        except _FAILURES as err:
            raise KasaError("timed_out", self.connection.host) from err

    async def close(self) -> None:
        """Drop the connection."""
        device, self._device = self._device, None
        if device is not None:
            with suppress(*_FAILURES):
                await device.disconnect()

    async def _counters(self, plug: Device, today: date) -> PlugCounters:
        energy = plug.modules[Module.Energy]
        total = _read(energy, "consumption_total")
        if not isinstance(energy, Emeter):
            return PlugCounters(
                total=total,
                today=_read(energy, "consumption_today"),
                month=_read(energy, "consumption_this_month"),
            )
        try:
            days, months = energy.daily_data, energy.monthly_data
        except KeyError:
            return PlugCounters(total=total)
        # python-kasa asks for the month of the host's clock, which may run in another time zone.
        asked = datetime.now().astimezone()
        if (asked.year, asked.month) != (today.year, today.month):
            answer = await energy.get_raw_daystat(year=today.year, month=today.month)
            days = answer["day_list"]
        if asked.year != today.year:
            months = (await energy.get_raw_monthstat(year=today.year))["month_list"]
        before, months_before = today.month - 1, months
        if not before:
            before, months_before = 12, await self._months(plug, energy, today.year - 1)
        return PlugCounters(
            total=total,
            today=_entry(days, "day", today.day),
            month=_entry(months, "month", today.month),
            month_before=_entry(months_before, "month", before),
        )

    async def _months(self, plug: Device, energy: Emeter, year: int) -> list[dict[str, Any]]:
        """Return the months of a year that is over; the plug is asked once."""
        key = (plug.device_id, year)
        if key not in self._closed_years:
            self._closed_years[key] = (await energy.get_raw_monthstat(year=year))["month_list"]
        return self._closed_years[key]

    async def _config(self, credentials: Credentials | None) -> DeviceConfig:
        known = self.connection
        host, port = split_host(known.host)
        if known.parameters is not None and credentials is None:
            config = DeviceConfig(
                host,
                timeout=_QUERY_TIMEOUT,
                port_override=port,
                credentials_hash=known.credentials_hash,
                connection_type=DeviceConnectionParameters.from_dict(known.parameters),
            )
        else:
            config = await self._discovered(host, port, credentials)
        if config.uses_http:
            config.http_client = self._session()
        return config

    async def _discovered(
        self, host: str, port: int | None, credentials: Credentials | None
    ) -> DeviceConfig:
        plain = DeviceConfig(
            host, timeout=_QUERY_TIMEOUT, port_override=port, credentials=credentials
        )
        try:
            found = await Discover.discover_single(
                host,
                port=port,
                discovery_timeout=_DISCOVERY_TIMEOUT,
                timeout=_QUERY_TIMEOUT,
                credentials=credentials,
            )
        except (AuthenticationError, UnsupportedDeviceError):
            raise
        except _FAILURES:
            # Networks that drop UDP still let older plugs be reached over TCP.
            return plain
        if found is None:
            return plain
        config = found.config
        await found.disconnect()
        config.host, config.timeout, config.credentials = host, _QUERY_TIMEOUT, credentials
        if not config.uses_http:
            config.port_override = port
        return config

    async def _diagnosis(self, *, is_silent: bool) -> KasaError:
        """Tell apart what python-kasa reports alike: try a bare connection."""
        host, port = split_host(self.connection.host)
        try:
            async with asyncio.timeout(_DISCOVERY_TIMEOUT):
                _, writer = await asyncio.open_connection(host, port or DEFAULT_PORT)
        except socket.gaierror:
            return KasaError("name_not_resolved", self.connection.host)
        except TimeoutError:
            return KasaError("timed_out", self.connection.host)
        except OSError:
            return KasaError("refused", self.connection.host)
        writer.close()
        return KasaError("timed_out" if is_silent else "not_kasa", self.connection.host)


async def search(targets: Iterable[str]) -> dict[str, tuple[str, Device]]:
    """Return host and device by MAC for each plug that answers a broadcast to the targets."""
    found = await asyncio.gather(
        *(
            Discover.discover(target=target, discovery_timeout=_DISCOVERY_TIMEOUT)
            for target in targets
        ),
        return_exceptions=True,
    )
    plugs: dict[str, tuple[str, Device]] = {}
    for answers in found:
        if isinstance(answers, BaseException):
            continue
        for host, device in answers.items():
            plugs[plain_mac(device.mac)] = (host, device)
            await device.disconnect()
    return plugs


def plain_mac(mac: str) -> str:
    """Return a MAC address as twelve lower-case hexadecimal digits."""
    return "".join(c for c in mac.lower() if c in "0123456789abcdef")


def _energy_plugs(device: Device) -> list[Device]:
    # The parent of a strip sums its children: counting it as well would count twice.
    return [d for d in (device.children or [device]) if d.modules.get(Module.Energy)]


def _sample(parent: Device, plug: Device, counters: PlugCounters) -> PlugSample:
    energy = plug.modules[Module.Energy]
    return PlugSample(
        identity=_identity(parent, plug),
        power=_read(energy, "current_consumption"),
        voltage=_read(energy, "voltage"),
        current=_read(energy, "current"),
        counters=counters,
        is_on=plug.is_on,
        signal_strength=parent.rssi,
    )


def _identity(parent: Device, plug: Device) -> PlugIdentity:
    mac = plain_mac(parent.mac)
    # Whatever its length, a child's id ends with the two digits that number the socket.
    child_id = None if plug is parent else plug.device_id[-2:]
    info = parent.hw_info
    return PlugIdentity(
        plug_id=mac if child_id is None else f"{mac}_{child_id}",
        mac=mac,
        child_id=child_id,
        name=plug.alias or parent.alias or parent.model,
        model=parent.model,
        firmware=info.get("sw_ver"),
        hardware=info.get("hw_ver"),
    )


def _read(energy: Energy, name: str) -> float | None:
    """Read a property, which may raise where the plug's generation does not have it."""
    try:
        value = getattr(energy, name)
    except (KasaException, AttributeError, KeyError):
        return None
    return None if value is None else float(value)


async def _statistics(plug: Device, since: date, today: date) -> PlugStatistics:
    energy = plug.modules[Module.Energy]
    if not isinstance(energy, Emeter):
        return PlugStatistics()
    days: dict[date, float] = {}
    months: dict[date, float] = {}
    for year in range(since.year, today.year + 1):
        rows = (await energy.get_raw_monthstat(year=year))["month_list"]
        for month in sorted({row["month"] for row in rows}):
            first = date(year, month, 1)
            if not since.replace(day=1) <= first <= today:
                continue
            months[first] = _entry(rows, "month", month)
            day_rows = (await energy.get_raw_daystat(year=year, month=month))["day_list"]
            days |= {
                date(year, month, row["day"]): _entry(day_rows, "day", row["day"])
                for row in day_rows
            }
    return PlugStatistics(
        days={day: kwh for day, kwh in sorted(days.items()) if since <= day <= today},
        months=months,
    )


def _entry(rows: list[dict[str, Any]], period: str, number: int) -> float:
    """Return the kWh of a day or month; firmwares differ in the unit. 0 where there is none."""
    for row in rows:
        if row[period] == number:
            return float(row["energy_wh"] / 1000 if "energy_wh" in row else row["energy"])
    return 0.0

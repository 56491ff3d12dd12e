"""One address with a plug or a strip behind it."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from kasa import AuthenticationError, Credentials, Device, KasaException, Module
from kasa.iot.modules import Emeter
from kasa.smart.smartmodule import SmartModule

from ...engine.outside import LONGEST_NAME, clean
from ..connection import Connection, KasaError
from ..plug import PlugCounters, PlugIdentity, PlugSample, PlugStatistics
from .configuration import FAILURES, is_silence
from .connecting import open_device
from .history import PlugHistory
from .network import plain_mac
from .older_history import day_kwh, month_kwh
from .plug_time import shown_by
from .readable import make_name_readable

if TYPE_CHECKING:
    from aiohttp import ClientSession
    from kasa.interfaces import Energy

    from ..connection import SessionFactory


class KasaHost:
    """One address with a plug or a strip behind it. Methods raise KasaError."""

    def __init__(self, connection: Connection, session: SessionFactory) -> None:
        self.connection = connection
        self._make_session = session
        self._session: ClientSession | None = None
        self._device: Device | None = None
        self._history = PlugHistory()
        self._closed_years: dict[tuple[str, int], list[dict[str, Any]]] = {}

    @property
    def is_strip(self) -> bool:
        """Return whether several sockets answer at this address."""
        return self._device is not None and bool(self._device.children)

    async def connect(self, credentials: Credentials | None = None) -> None:
        """Connect, with a new login where one is given."""
        await self.close()
        self._device = await open_device(self.connection, credentials, self._one_session)
        self.connection = Connection(
            host=self.connection.host,
            parameters=self._device.config.connection_type.to_dict(),
            credentials_hash=self._device.credentials_hash,
        )

    async def poll(self, today: date) -> list[PlugSample]:
        """Return a reading of each plug behind the address, `today` being the local date.

        A plug that is connected is asked anew; otherwise connecting reads it as well.
        """
        began = datetime.now().astimezone()
        if self._device is None or not await self._update(self._device):
            await self.connect()
        device = self._device
        assert device is not None
        for one in (device, *device.children):
            make_name_readable(one)
        try:
            samples = [
                _sample(device, plug, await self._counters(device, plug, began, today))
                for plug in _energy_plugs(device)
            ]
        except AuthenticationError as err:
            raise KasaError("invalid_auth", self.connection.host) from err
        except FAILURES as err:
            raise KasaError("timed_out", self.connection.host) from err
        if _has_given_up(device):
            await self.close()
        if not samples:
            raise KasaError("no_energy", self.connection.host)
        return samples

    async def _update(self, device: Device) -> bool:
        """Ask a plug anew. Return False for an error of which only connecting tells the reason."""
        try:
            await device.update()
        except FAILURES as err:
            if is_silence(err):
                raise KasaError("timed_out", self.connection.host) from err
            return False
        return True

    async def statistics(self, since: date, today: date) -> dict[str, PlugStatistics]:
        """Return what each plug, by its id, has itself counted since a local date."""
        device = self._device
        if device is None:
            return {}
        try:
            return {
                _identity(device, plug).plug_id: (
                    await self._history.of(plug, since, today)
                ).that_can_be()
                for plug in _energy_plugs(device)
            }
        except AuthenticationError as err:
            raise KasaError("invalid_auth", self.connection.host) from err
        except FAILURES as err:
            raise KasaError("timed_out", self.connection.host) from err

    async def months(self, plug_id: str, since: date, today: date) -> dict[date, float]:
        """Return what a plug has itself counted in months, by the first of each.

        Args:
            plug_id: the plug's.
            since: the first month is that of this date, by the plug's clock.
            today: the last one likewise.

        """
        device = self._device
        for plug in [] if device is None else _energy_plugs(device):
            assert device is not None
            if _identity(device, plug).plug_id == plug_id:
                try:
                    return await self._history.months(plug, since, today)
                except AuthenticationError as err:
                    raise KasaError("invalid_auth", self.connection.host) from err
                except FAILURES as err:
                    raise KasaError("timed_out", self.connection.host) from err
        return {}

    async def close(self) -> None:
        """Drop the connection."""
        device, self._device = self._device, None
        if device is not None:
            with suppress(*FAILURES):
                await device.disconnect()

    def _one_session(self) -> ClientSession:
        """Keep one web session: sessions live until Home Assistant stops."""
        if self._session is None or self._session.closed:
            self._session = self._make_session()
        return self._session

    async def _counters(
        self, device: Device, plug: Device, began: datetime, today: date
    ) -> PlugCounters:
        energy = plug.modules[Module.Energy]
        total = _read(energy, "consumption_total")
        if not isinstance(energy, Emeter):
            return PlugCounters(
                total=total,
                today=_read(energy, "consumption_today"),
                month=_read(energy, "consumption_this_month"),
                clock=_clock(plug),
            )
        try:
            days, months = energy.daily_data, energy.monthly_data
        except KeyError:
            return PlugCounters(total=total)
        # python-kasa has asked for the month of the host's clock, which may run in another time
        # zone, and may have ended meanwhile.
        asked = {(at.year, at.month) for at in (began, datetime.now().astimezone())}
        if asked != {(today.year, today.month)}:
            answer = await energy.get_raw_daystat(year=today.year, month=today.month)
            days = answer["day_list"]
        if {year for year, _ in asked} != {today.year}:
            months = (await energy.get_raw_monthstat(year=today.year))["month_list"]
        last = today.replace(day=1) - timedelta(days=1)
        if last.year == today.year:
            months_before = months
        else:
            months_before = await self._months(plug, energy, last.year)
        return PlugCounters(
            total=total,
            today=day_kwh(days, today),
            month=month_kwh(months, today),
            month_before=month_kwh(months_before, last),
            ahead=own.date() if (own := shown_by(device)) and own.date() > today else None,
        )

    async def _months(self, plug: Device, energy: Emeter, year: int) -> list[dict[str, Any]]:
        """Return the months of a year that is over; the plug is asked once."""
        key = (plug.device_id, year)
        if key not in self._closed_years:
            self._closed_years[key] = (await energy.get_raw_monthstat(year=year))["month_list"]
        return self._closed_years[key]


def _energy_plugs(device: Device) -> list[Device]:
    # The parent of a strip sums its children: counting it as well would count twice.
    return [d for d in (device.children or [device]) if d.modules.get(Module.Energy)]


def _has_given_up(device: Device) -> bool:
    """Return whether python-kasa has stopped to ask a meter after many errors in a row."""
    modules = (plug.modules[Module.Energy] for plug in _energy_plugs(device))
    return any(isinstance(module, SmartModule) and module.disabled for module in modules)


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
        name=clean(plug.alias or parent.alias or parent.model, LONGEST_NAME),
        model=clean(parent.model, LONGEST_NAME),
        firmware=clean(str(info.get("sw_ver") or ""), LONGEST_NAME) or None,
        hardware=clean(str(info.get("hw_ver") or ""), LONGEST_NAME) or None,
    )


def _clock(plug: Device) -> datetime | None:
    """Return the time by a newer plug's own clock, which python-kasa asks with each reading."""
    return shown_by(plug) if isinstance(plug.modules.get(Module.Time), SmartModule) else None


def _read(energy: Energy, name: str) -> float | None:
    """Read a property, which may raise where the plug's generation does not have it."""
    try:
        value = getattr(energy, name)
    except (KasaException, AttributeError, KeyError):
        return None
    return None if value is None else float(value)

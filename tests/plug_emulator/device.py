"""The emulated devices: identity, clock, sockets, and the faults that a test switches."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from .clock import Clock, Now, real_time
from .commands import answer, device_id_of
from .kinds import HS110, HS300, PlugKind
from .outlet import Outlet
from .server import Faults, Garble, PlugServer, Transport
from .timezones import index_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime, timedelta
    from zoneinfo import ZoneInfo

    from .loads import Load

_REMEMBERED_REQUESTS = 1000


class Received(NamedTuple):
    """A request that reached the device: when by its clock, by what, and its JSON."""

    when: datetime
    transport: Transport
    request: dict[str, Any]


def mains_voltage(nominal: float, now: datetime) -> float:
    """Return the mains voltage at a time, in V: within one percent of nominal."""
    seconds = now.timestamp()
    sway = 0.6 * math.sin(seconds / 437) + 0.4 * math.sin(seconds / 61)
    return nominal * (1 + 0.01 * sway)


class EmulatedDevice:
    """What plugs and strips have in common; a :class:`PlugNetwork` puts it on the network.

    `rssi` (dBm), `alias` and `led_off` may be changed at any time. `received` holds the
    last 1000 requests, `refused` commands, by module and name, that its firmware does not know now.
    """

    def __init__(
        self,
        *,
        kind: PlugKind,
        mac: str,
        alias: str,
        clock: Now,
        timezone: ZoneInfo | None,
        rssi: int,
    ) -> None:
        self.kind = kind
        self.mac = mac.upper()
        self.alias = alias
        self.rssi = rssi
        self.led_off = False
        self.device_id = device_id_of(self.mac)
        self.clock = Clock(clock, timezone=timezone)
        index_of(self.clock.timezone)
        self.outlets: list[Outlet] = []
        self.refused: set[tuple[str, str]] = set()
        self.received: deque[Received] = deque(maxlen=_REMEMBERED_REQUESTS)
        self._faults = Faults()
        self._server: PlugServer | None = None

    @property
    def host(self) -> str:
        """The IP address at which it answers; RuntimeError while it is on no network."""
        return self._on_network.host

    @property
    def port(self) -> int:
        """The TCP and UDP port at which it answers; RuntimeError while on no network."""
        return self._on_network.port

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"{self.host}:{self.port}"

    @property
    def voltage(self) -> float:
        """The mains voltage now, in V: within one percent of nominal, from the time alone."""
        return mains_voltage(self.kind.nominal_voltage, self.clock())

    def advance(self, by: timedelta) -> None:
        """Move this device's clock."""
        self.clock.advance(by)

    def slow(self, seconds: float) -> None:
        """Wait this long before each answer; 0 ends it."""
        self._faults.delay = seconds

    def silence(self) -> None:
        """Accept connections and requests, but say nothing."""
        self._faults.silent = True

    def garble(self, how: Garble = "noise") -> None:
        """Answer with random bytes, half an answer, or under a wrong length."""
        self._faults.garble = how

    async def cut_off(self) -> None:
        """Close every socket: connections break, new ones are refused. Counters go on."""
        self._on_network.close()
        await asyncio.sleep(0)  # lets the loop close what was asked to close

    async def restore(self) -> None:
        """Listen again at the same address, after :meth:`cut_off`."""
        if not self._on_network.is_open:
            await self._on_network.open()

    async def heal(self) -> None:
        """End every fault."""
        self._faults.delay, self._faults.silent, self._faults.garble = 0.0, False, None
        if self._server:
            await self.restore()

    def reboot(self) -> None:
        """Restart: totals begin at zero and connections break. Relay states stay."""
        for outlet in self.outlets:
            outlet.reboot()
        if self._server:
            self._server.drop_connections()

    def reboot_in(self, seconds: float) -> None:
        """Restart after a delay, as the firmware's command asks."""
        self._on_network.later(seconds, self.reboot)

    async def connect(self, host: str, port: int) -> None:
        """Listen at an address; :meth:`PlugNetwork.start` calls this. Port 0 finds a free one.

        Raises RuntimeError when it already has an address, OSError when that one is taken.
        """
        if self._server:
            raise RuntimeError(f"{self.alias} is already at {self.address}")
        server = PlugServer(self._handle, self._faults, host, port)
        await server.open()
        self._server = server

    def disconnect(self) -> None:
        """Leave the network."""
        self._on_network.close()
        self._server = None

    def hear(self, query: bytes, sender: tuple[str, int]) -> None:
        """Answer a broadcast query from the device's own address."""
        if self._server:
            self._server.answer_datagram(query, sender)

    @property
    def _on_network(self) -> PlugServer:
        if self._server is None:
            raise RuntimeError(f"{self.alias} is on no network")
        return self._server

    def _handle(self, request: dict[str, Any], transport: Transport) -> dict[str, Any]:
        self.received.append(Received(self.clock(), transport, request))
        return answer(self, request)


class EmulatedPlug(EmulatedDevice):
    """A plug with one socket.

    `load` is a power in W or a load profile. `clock` is any callable that returns an aware
    datetime, a shared :class:`Clock` for instance. `installed_at` (aware, default: now) may
    lie in the past: the counters hold what the load used since then. With `forgets_days` a
    reboot also loses today's counter since the last full hour. Raises ValueError for a time
    zone that the firmware does not have.
    """

    def __init__(
        self,
        *,
        mac: str = "50:C7:BF:00:00:01",
        alias: str = "Plug",
        load: Load | float = 0.0,
        kind: PlugKind = HS110,
        clock: Now = real_time,
        timezone: ZoneInfo | None = None,
        installed_at: datetime | None = None,
        forgets_days: bool = False,
        rssi: int = -52,
    ) -> None:
        if kind.sockets:
            raise ValueError(f"{kind.model} is a strip, not a plug")
        super().__init__(kind=kind, mac=mac, alias=alias, clock=clock, timezone=timezone, rssi=rssi)
        self.outlet = Outlet(
            alias=alias,
            load=load,
            clock=self.clock,
            installed_at=installed_at or self.clock(),
            forgets_days=forgets_days,
        )
        self.outlets = [self.outlet]

    @property
    def is_on(self) -> bool:
        """Whether the relay is on."""
        return self.outlet.is_on

    @property
    def power(self) -> float:
        """The power now, in W."""
        return self.outlet.power

    @property
    def total_kwh(self) -> float:
        """The counter since the last reboot, in kWh."""
        return self.outlet.total_kwh

    def set_load(self, load: Load | float) -> None:
        """Plug something else in from now on: a load, or a constant power in W."""
        self.outlet.set_load(load)

    def switch(self, on: bool) -> None:
        """Switch the relay."""
        self.outlet.switch(on)

    def use(self, kwh: float) -> None:
        """Add energy at this very moment."""
        self.outlet.use(kwh)

    def day_kwh(self, day: date) -> float:
        """Return the plug's own counter of a local day, in kWh."""
        return self.outlet.day_kwh(day)

    def energy_between(self, start: datetime, end: datetime) -> float:
        """Return what was truly used from `start` up to but not at `end`, in kWh."""
        return self.outlet.energy_between(start, end)


class EmulatedStrip(EmulatedDevice):
    """A strip of sockets, each an :class:`Outlet` with a meter of its own.

    `loads` are for the first sockets, the rest is empty. Their names are `socket_aliases`,
    or "Plug 1" and so on. Everything else is as for :class:`EmulatedPlug`. Raises ValueError
    when there are more loads or names than sockets.
    """

    def __init__(
        self,
        *,
        mac: str = "50:C7:BF:00:03:00",
        alias: str = "Strip",
        loads: Sequence[Load | float] = (),
        socket_aliases: Sequence[str] = (),
        kind: PlugKind = HS300,
        clock: Now = real_time,
        timezone: ZoneInfo | None = None,
        installed_at: datetime | None = None,
        forgets_days: bool = False,
        rssi: int = -52,
    ) -> None:
        if not kind.sockets:
            raise ValueError(f"{kind.model} is a plug, not a strip")
        if max(len(loads), len(socket_aliases)) > kind.sockets:
            raise ValueError(f"{kind.model} has {kind.sockets} sockets")
        super().__init__(kind=kind, mac=mac, alias=alias, clock=clock, timezone=timezone, rssi=rssi)
        installed_at = installed_at or self.clock()
        for number in range(kind.sockets):
            is_named, is_loaded = number < len(socket_aliases), number < len(loads)
            outlet = Outlet(
                alias=socket_aliases[number] if is_named else f"Plug {number + 1}",
                load=loads[number] if is_loaded else 0.0,
                clock=self.clock,
                installed_at=installed_at,
                forgets_days=forgets_days,
                child_id=f"{self.device_id}{number:02d}",
            )
            self.outlets.append(outlet)

    @property
    def sockets(self) -> list[Outlet]:
        """The sockets, in the order of their numbers."""
        return self.outlets

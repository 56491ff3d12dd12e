"""A newer plug or strip: identity, account, clock, sockets, and the faults a test switches."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self

from ..clock import Clock, Now, real_time
from ..commands import device_id_of
from ..device import mains_voltage
from ..outlet import Outlet
from .cipher import account_hash
from .commands import answer
from .history import EnergyHistory
from .kinds import P110, SmartKind
from .server import SmartServer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from types import TracebackType
    from zoneinfo import ZoneInfo

    from ..loads import Load

_NOMINAL_VOLTAGE = 230.0


class EmulatedSmartPlug:
    """A newer plug, to be used as an async context manager; `address` is its `host:port`.

    `found_by_udp` is whether it hears datagrams, which takes the one port that all such plugs
    of an address share. `refused` holds methods that its firmware does not know; `history`
    is how it tells its past. `received` holds the requests in clear, as they came, `proofs`
    counts the clients that offered to prove that they know the account.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int = 0,
        mac: str = "5C:62:8B:00:00:01",
        alias: str = "Plug",
        username: str = "me@example.com",
        password: str = "secret",
        load: Load | float = 0.0,
        loads: Sequence[Load | float] = (),
        kind: SmartKind = P110,
        clock: Now = real_time,
        timezone: ZoneInfo | None = None,
        installed_at: datetime | None = None,
        found_by_udp: bool = False,
        history: EnergyHistory | None = None,
        rssi: int = -48,
    ) -> None:
        self.kind = kind
        self.mac = mac.upper()
        self.alias = alias
        self.rssi = rssi
        self.clock = Clock(clock, timezone=timezone)
        self.device_id = device_id_of(self.mac)
        self.history = history or EnergyHistory()
        self.refused: set[str] = set()
        self.received: list[dict[str, Any]] = []
        self.proofs = 0
        self.is_silent = False
        self.set_account(username, password)
        self._found_by_udp = found_by_udp
        self._server = SmartServer(self, host, port)
        self.outlets = [
            Outlet(
                alias=f"Socket {number + 1}" if kind.sockets else alias,
                load=loads[number] if number < len(loads) else load,
                clock=self.clock,
                installed_at=installed_at or self.clock(),
                child_id=f"{self.device_id}{number:02d}" if kind.sockets else None,
            )
            for number in range(kind.sockets or 1)
        ]

    async def __aenter__(self) -> Self:
        await self.restore()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.cut_off()

    @property
    def host(self) -> str:
        """The IP address at which it answers."""
        return self._server.host

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"{self._server.host}:{self._server.port}"

    @property
    def plain_mac(self) -> str:
        """The MAC address as twelve lower-case digits."""
        return self.mac.replace(":", "").lower()

    @property
    def voltage(self) -> float:
        """The mains voltage now, in V."""
        return mains_voltage(_NOMINAL_VOLTAGE, self.clock())

    def set_account(self, username: str, password: str) -> None:
        """Belong to an account from now on; no client is logged in any longer."""
        self.account = account_hash(username, password)
        if hasattr(self, "_server"):
            self._server.forget_sessions()

    async def restore(self) -> None:
        """Listen at its address."""
        await self._server.open(found_by_udp=self._found_by_udp)

    async def cut_off(self) -> None:
        """Close every socket; counters go on."""
        await self._server.close()

    async def wait(self) -> None:
        """Say nothing while the plug is silent."""
        if self.is_silent:
            await asyncio.Event().wait()

    def handle(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer a request."""
        self.received.append(request)
        return answer(self, request)

    def introduction(self) -> dict[str, Any]:
        """Return what it says of itself to whoever asks by datagram."""
        return {
            "device_id": self.device_id,
            "owner": "0" * 32,
            "device_type": self.kind.device_type,
            "device_model": self.kind.model,
            "ip": self.host,
            "mac": self.mac.replace(":", "-"),
            "is_support_iot_cloud": True,
            "obd_src": "tplink",
            "factory_default": False,
            "mgt_encrypt_schm": {
                "is_support_https": False,
                "encrypt_type": "KLAP",
                "http_port": self._server.port,
                "lv": 2,
            },
        }

"""Reading the hosts of a metering point, each with a login of its own."""

from __future__ import annotations

import asyncio
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, Final

from homeassistant.util import dt as dt_util

from ..const import CONF_HOSTS, CONF_PLUGS, EntryType
from ..engine.lazy_dataclass import dataclass
from ..entries.finding import entries_of_type
from ..meters.choosing import macs_of_meters
from ..sources.connection import DEFAULT_PORT, LOGIN_CODES, Connection, KasaError, split_host
from ..sources.loading import async_load_kasa
from ..sources.plug import PlugIdentity
from ..vault import SecretLostError, Vault, async_get_vault

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant
    from kasa import Credentials

# Each has a time limit of its own, which hundreds at once would all use up.
_AT_ONCE: Final = 40


class HostError(Exception):
    """Hosts that cannot be one metering point; `code` names the mistake, `host` who has it.

    Codes: those of KasaError, plug_taken, plug_twice (`other` is the same plug).
    """

    def __init__(self, code: str, host: str, other: str = "") -> None:
        super().__init__(f"{host}: {code}")
        self.code = code
        self.host = host
        self.other = other


@dataclass(kw_only=True, slots=True)
class Reading:
    """What came of reading hosts.

    `hosts` is what is stored of each, by MAC; `plugs` are those behind them; `refusing` are the
    addresses that ask for another login, with the code; `declining` are those that did not take
    the login that was tried, `took_login` is whether any did.
    """

    hosts: dict[str, dict[str, Any]] = field(default_factory=dict)
    plugs: list[PlugIdentity] = field(default_factory=list)
    refusing: dict[str, str] = field(default_factory=dict)
    declining: list[str] = field(default_factory=list)
    took_login: bool = False

    def add(self, other: Reading) -> None:
        """Take in what came of reading the rest. Raises HostError for a plug that is there."""
        for mac, host in other.hosts.items():
            if mac in self.hosts:
                raise HostError("plug_twice", host["host"], self.hosts[mac]["host"])
            self.hosts[mac] = host
        self.plugs += other.plugs
        self.refusing = other.refusing


@dataclass(frozen=True, kw_only=True, slots=True)
class _Answer:
    mac: str
    host: dict[str, Any]
    plugs: list[PlugIdentity]
    took_login: bool = False
    declined: bool = False
    refused: str | None = None
    is_fresh: bool = True


class HostReader:
    """Reads hosts for a flow; those of `entry`, if it has one, may be away."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry | None) -> None:
        self._hass = hass
        self._entry = entry
        self._vault: Vault
        self._spare: list[Connection] = []

    async def read(
        self,
        addresses: Collection[str],
        login: Credentials | None,
        *,
        distrusted: Collection[str] = (),
    ) -> Reading:
        """Read hosts side by side.

        A host of the entry that takes no login, or is away, keeps what is stored of it; one whose
        stored login is lost or in `distrusted` takes the new one untried. Raises HostError for
        what cannot be read or is set up elsewhere.
        """
        self._vault = await async_get_vault(self._hass)
        self._spare = [
            connection
            for host in self._known_hosts().values()
            if host["host"] not in addresses
            and (connection := self._stored(host)) is not None
            and connection.credentials_hash
        ]
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def read(address: str) -> _Answer:
            async with at_once:
                return await self._read_host(address, login, is_distrusted=address in distrusted)

        answers = await asyncio.gather(*map(read, addresses), return_exceptions=True)
        reading = Reading()
        known: list[_Answer] = []
        for address, answer in zip(addresses, answers, strict=True):
            if isinstance(answer, KasaError) and answer.code in LOGIN_CODES:
                reading.refusing[address] = answer.code
            elif isinstance(answer, KasaError):
                raise HostError(answer.code, answer.host)
            elif isinstance(answer, BaseException):
                raise answer
            elif answer.is_fresh:
                self._put(reading, answer)
            else:
                known.append(answer)
        for answer in known:
            # A plug that answers at another address has moved there.
            if answer.mac not in reading.hosts:
                self._put(reading, answer)
        return reading

    def _put(self, reading: Reading, answer: _Answer) -> None:
        address = answer.host["host"]
        if answer.mac in reading.hosts:
            raise HostError("plug_twice", address, reading.hosts[answer.mac]["host"])
        others = (
            entry.data[CONF_HOSTS]
            for entry in entries_of_type(self._hass, EntryType.KASA)
            if entry is not self._entry
        )
        is_read = any(answer.mac in hosts for hosts in others)
        # Another integration may read it, for a metering point of meters.
        if is_read or answer.mac in macs_of_meters(self._hass):
            raise HostError("plug_taken", address)
        reading.hosts[answer.mac] = answer.host
        reading.plugs += answer.plugs
        reading.took_login = reading.took_login or answer.took_login
        if answer.declined:
            reading.declining.append(address)
        if answer.refused:
            reading.refusing[address] = answer.refused

    async def _read_host(
        self, address: str, login: Credentials | None, *, is_distrusted: bool
    ) -> _Answer:
        """Try the login that is given, then the one that is stored. Raises KasaError."""
        found = next(((m, h) for m, h in self._known_hosts().items() if h["host"] == address), None)
        if found is None:
            return await self._read_new(address, login)
        mac, known = found
        stored = self._stored(known)
        connection = stored or Connection(host=address, parameters=known["parameters"])
        code, declined = "", False
        for one in (login, None) if login is not None else (None,):
            try:
                answer = await self._read(connection, one)
            except KasaError as err:
                code = err.code
                declined = declined or (one is not None and code in LOGIN_CODES)
                if code in LOGIN_CODES:
                    continue
            else:
                # What answers there may be another plug by now; the known one has moved then.
                if answer.mac == mac:
                    return replace(answer, declined=declined)
                code = "moved"
            break
        refused = code if code in LOGIN_CODES else None
        if login is not None and not refused and (stored is None or is_distrusted):
            from ..sources.kasa import with_login  # noqa: PLC0415

            known = {**known, **with_login(connection, login).to_stored(self._vault)}
        return replace(self._kept(mac, known, refused), declined=declined)

    async def _read_new(self, address: str, login: Credentials | None) -> _Answer:
        connection = Connection(host=address)
        try:
            return await self._read(connection, login)
        except KasaError as err:
            if err.connection is None or not err.connection.proves_itself:
                raise
            # A plug of this metering point may have moved here, with the login it has.
            for spare in self._spare:
                moved = replace(err.connection, credentials_hash=spare.credentials_hash)
                try:
                    return await self._read(moved, None)
                except KasaError as error:
                    if error.code not in LOGIN_CODES:
                        raise
            raise

    async def _read(self, connection: Connection, login: Credentials | None) -> _Answer:
        await async_load_kasa(self._hass)
        from ..sources.kasa import KasaHost, kasa_session  # noqa: PLC0415

        session = kasa_session(self._hass)
        link = KasaHost(connection, lambda: session)
        try:
            await link.connect(login)
            today = dt_util.now().date()
            plugs = [sample.identity for sample in await link.poll(today)]
        finally:
            await link.close()
        return _Answer(
            mac=plugs[0].mac,
            host={
                **link.connection.to_stored(self._vault),
                "firmware": plugs[0].firmware,
                "hardware": plugs[0].hardware,
            },
            plugs=plugs,
            took_login=login is not None and link.connection.credentials_hash is not None,
        )

    def _kept(self, mac: str, host: dict[str, Any], refused: str | None) -> _Answer:
        assert self._entry is not None
        return _Answer(
            mac=mac,
            host=host,
            plugs=[
                PlugIdentity(
                    plug_id=plug_id,
                    mac=mac,
                    child_id=plug["child_id"],
                    name=plug["name"],
                    model=plug["model"],
                    firmware=host["firmware"],
                    hardware=host["hardware"],
                )
                for plug_id, plug in self._entry.data[CONF_PLUGS].items()
                if plug["mac"] == mac
            ],
            refused=refused,
            is_fresh=False,
        )

    def _known_hosts(self) -> Mapping[str, dict[str, Any]]:
        return {} if self._entry is None else self._entry.data[CONF_HOSTS]

    def _stored(self, host: dict[str, Any]) -> Connection | None:
        """Return the stored connection, None where the key to its secret was lost."""
        try:
            return Connection.from_stored(host, self._vault)
        except SecretLostError:
            return None


def clean_addresses(hosts: Iterable[str]) -> list[str]:
    """Return each host once, without the usual port. Raises ValueError with the one at fault."""
    addresses = []
    for text in hosts:
        host, port = split_host(text)
        addresses.append(host if port in (None, DEFAULT_PORT) else f"{host}:{port}")
    return list(dict.fromkeys(addresses))

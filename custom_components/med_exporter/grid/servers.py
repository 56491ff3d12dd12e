"""Which servers tell of the grid, in which order, at which addresses; and a test of them."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final, Self

from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..engine.lazy_dataclass import dataclass
from ..sources.ecowatt import MIN_INTERVAL, EcoWattChain, GatewayEcoWatt, RteEcoWatt
from ..sources.pace import Pace
from ..sources.rte import RTE_ADDRESS, RteClient
from ..sources.tempo import (
    COULEUR_TEMPO_ADDRESS,
    GATEWAY_ADDRESS,
    SERVICES_RTE_ADDRESS,
    CouleurTempo,
    GatewayTempo,
    RteTempo,
    ServicesRteTempo,
    TempoChain,
)
from ..sources.tempo_calendar import ONE_DAY, paris_date
from ..sources.tempo_forecast import OPEN_DPE_ADDRESS, READ_EVERY, OpenDpeForecast
from ..sources.web import SourceError
from ..web.address import InvalidUrlError, check_url
from ..web.client import web_session

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from aiohttp import ClientSession
    from homeassistant.core import HomeAssistant

    from ..sources.ecowatt import EcoWattSource, Signals
    from ..sources.rte import RteCredentials
    from ..sources.tempo import TempoSource

# What a server that is not the right one answers, in one word for the user.
_FOREIGN: Final = frozenset({"forbidden", "unauthorized"})


@dataclass(frozen=True, kw_only=True, slots=True)
class GridAddresses:
    """Where the servers are, without a path: `https://host` or `http://host:port`."""

    rte: str = RTE_ADDRESS
    services_rte: str = SERVICES_RTE_ADDRESS
    couleur_tempo: str = COULEUR_TEMPO_ADDRESS
    gateway: str = GATEWAY_ADDRESS
    open_dpe: str = OPEN_DPE_ADDRESS

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """Return the addresses with those of the options in place of the usual ones.

        Raises ValueError with the name of an option that is not known or is no address.
        """
        names = {field.name for field in fields(cls)}
        for name, address in options.items():
            if name not in names or not _is_address(address):
                raise ValueError(name)
        return cls(**options)


class GridSources:
    """The chains of servers for Tempo and for EcoWatt; RTE leads both where there is an account.

    Beside them is one that forecasts Tempo colours, with its pace.
    """

    def __init__(
        self,
        session: ClientSession,
        credentials: RteCredentials | None = None,
        addresses: GridAddresses | None = None,
    ) -> None:
        where = addresses or GridAddresses()
        self.account: RteClient | None = None
        self.account_key: tuple[str, str] | None = None
        tempo: list[TempoSource] = [
            ServicesRteTempo(session, where.services_rte),
            CouleurTempo(session, where.couleur_tempo),
            GatewayTempo(session, where.gateway),
        ]
        ecowatt: list[EcoWattSource] = [GatewayEcoWatt(session, where.gateway)]
        if credentials is not None:
            self.account = RteClient(session, credentials, where.rte)
            self.account_key = (where.rte, credentials.client_id)
            tempo.insert(0, RteTempo(self.account))
            ecowatt.insert(0, RteEcoWatt(self.account))
        self.tempo = TempoChain(tempo)
        self.ecowatt = EcoWattChain(ecowatt)
        self.forecast = OpenDpeForecast(session, where.open_dpe)
        self.forecast_pace = Pace(READ_EVERY)

    def paces(self) -> dict[str, Pace]:
        """Return the paces of all sources by names such as `Tempo from RTE`."""
        chains = {
            f"{subject} from {name}": pace
            for subject, chain in (("Tempo", self.tempo), ("EcoWatt", self.ecowatt))
            for name, pace in chain.paces.items()
        }
        return {**chains, f"Tempo forecast from {self.forecast.name}": self.forecast_pace}


@dataclass(frozen=True, kw_only=True, slots=True)
class GridProbe:
    """What a test found: a code for each part that does not work, None for what does.

    Codes: name_not_resolved, refused, timed_out, tls, invalid_auth, not_subscribed,
    not_expected_server, server_error (the right server, out of order). `account` is None without
    one, and says alone what is wrong where it does not work.
    """

    account: str | None = None
    tempo: str | None = None
    ecowatt: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ProbedSignals:
    """EcoWatt's answer to a test: RTE gives no other for 15 minutes."""

    read_at: datetime
    signals: Signals


_DATA_PROBED: HassKey[dict[tuple[str, str], ProbedSignals]] = HassKey(f"{DOMAIN}_ecowatt_probed")


async def async_probe(
    hass: HomeAssistant,
    credentials: RteCredentials | None = None,
    addresses: GridAddresses | None = None,
) -> GridProbe:
    """Try what an entry would use: RTE's two APIs with an account, else the public servers.

    Being asked too often is no mistake of the user's: it proves the account. Never raises.
    """
    sources = GridSources(web_session(hass), credentials, addresses)
    now = dt_util.utcnow()
    today = paris_date(now)
    if sources.account is None:
        return GridProbe(
            tempo=await _probe_chain(sources.tempo, today, now),
            ecowatt=await _probe_gateway(sources, now),
        )
    try:
        await sources.account.token()
    except SourceError as err:
        return GridProbe(account=_code(err))
    tempo = ecowatt = None
    try:
        await RteTempo(sources.account).read(today, today)
    except SourceError as err:
        tempo = _code(err)
    if _recent_probe(hass, sources, now) is None:
        try:
            signals = await RteEcoWatt(sources.account).read(today)
        except SourceError as err:
            ecowatt = _code(err)
        else:
            assert sources.account_key is not None
            hass.data.setdefault(_DATA_PROBED, {})[sources.account_key] = ProbedSignals(
                read_at=now, signals=signals
            )
    return GridProbe(tempo=tempo, ecowatt=ecowatt)


def take_probed_signals(hass: HomeAssistant, sources: GridSources) -> ProbedSignals | None:
    """Return what a test of this account read within the last 15 minutes."""
    return _recent_probe(hass, sources, dt_util.utcnow())


def _recent_probe(hass: HomeAssistant, sources: GridSources, now: datetime) -> ProbedSignals | None:
    if sources.account_key is None:
        return None
    probed = hass.data.get(_DATA_PROBED, {}).get(sources.account_key)
    return probed if probed is not None and now - probed.read_at < MIN_INTERVAL else None


async def _probe_chain(chain: TempoChain, today: date, now: datetime) -> str | None:
    """Return None where one of the servers answers, else what is wrong with the first of them."""
    answer = await chain.read({today - ONE_DAY}, now)
    if answer.colours or answer.denied:
        return None
    errors = [pace.error for pace in chain.paces.values() if pace.error is not None]
    return _code(errors[0]) if errors else None


async def _probe_gateway(sources: GridSources, now: datetime) -> str | None:
    await sources.ecowatt.read(now)
    errors = [pace.error for pace in sources.ecowatt.paces.values() if pace.error is not None]
    return _code(errors[0]) if errors else None


def _code(err: SourceError) -> str | None:
    if err.code == "rate_limited":
        return None
    return "not_expected_server" if err.code in _FOREIGN else err.code


def _is_address(address: object) -> bool:
    try:
        check_url(address if isinstance(address, str) else "", ("http", "https"))
    except InvalidUrlError:
        return False
    return not {"?", "#"} & set(str(address))

"""Tempo colours: RTE with an account, then three public servers without one."""

from __future__ import annotations

from dataclasses import field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from ..engine.lazy_dataclass import dataclass
from .pace import Pace
from .tempo_calendar import (
    ONE_DAY,
    PARIS,
    TempoColour,
    days_between,
    paris_date_of_text,
    season_end,
    season_name,
)
from .web import SourceError, request_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from aiohttp import ClientSession

    from .rte import RteClient

SERVICES_RTE_ADDRESS: Final = "https://www.services-rte.com"
COULEUR_TEMPO_ADDRESS: Final = "https://www.api-couleur-tempo.fr"
GATEWAY_ADDRESS: Final = "https://www.myelectricaldata.fr"

# services-rte.com answers 403 to what does not look like a browser.
_BROWSER: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_RTE_PATH: Final = "/open_api/tempo_like_supply_contract/v1/tempo_like_calendars"
_RTE_MAX_DAYS: Final = 366
# One parameter per day: more would make the address longer than servers take.
_COULEUR_TEMPO_MAX_DAYS: Final = 92
# Days further apart are asked for separately.
_MAX_GAP: Final = timedelta(days=31)

type Colours = dict[date, TempoColour]


class TempoSource(Protocol):
    """A server that knows Tempo colours."""

    name: str

    def requests(self, start: date, end: date) -> Iterator[tuple[date, date]]:
        """Yield the ranges, both ends included, that one request each is needed for."""

    async def read(self, start: date, end: date) -> Colours:
        """Return the colours that one request tells for a range, perhaps of further days too.

        A day without a valid colour is left out. Raises SourceError.
        """


class RteTempo:
    """RTE's Tempo Like Supply Contract API, for an account that has subscribed to it."""

    name = "RTE"

    def __init__(self, client: RteClient) -> None:
        self._client = client

    def requests(self, start: date, end: date) -> Iterator[tuple[date, date]]:
        """Yield ranges of at most 366 days, the API's limit."""
        return _chunks(start, end, _RTE_MAX_DAYS)

    async def read(self, start: date, end: date) -> Colours:
        """Return the colours of a range. Raises SourceError."""
        return await self._client.get(
            _RTE_PATH,
            _of_calendars,
            {"start_date": _midnight(start), "end_date": _midnight(end + ONE_DAY)},
        )


class ServicesRteTempo:
    """The season's file behind RTE's own web page."""

    name = "services-rte.com"

    def __init__(self, session: ClientSession, address: str = SERVICES_RTE_ADDRESS) -> None:
        self._session = session
        self._address = address.rstrip("/")

    def requests(self, start: date, end: date) -> Iterator[tuple[date, date]]:
        """Yield a range for each season."""
        while start <= end:
            last = min(season_end(start), end)
            yield start, last
            start = last + ONE_DAY

    async def read(self, start: date, end: date) -> Colours:
        """Return the colours of the season of `start`. Raises SourceError."""
        return await request_json(
            self._session,
            f"{self._address}/cms/open_data/v1/tempo",
            lambda answer: _by_day(answer.get("values") if isinstance(answer, dict) else None),
            params={"season": season_name(start)},
            headers={"User-Agent": _BROWSER},
        )


class CouleurTempo:
    """api-couleur-tempo.fr, a community's copy."""

    name = "api-couleur-tempo.fr"

    def __init__(self, session: ClientSession, address: str = COULEUR_TEMPO_ADDRESS) -> None:
        self._session = session
        self._address = address.rstrip("/")

    def requests(self, start: date, end: date) -> Iterator[tuple[date, date]]:
        """Yield ranges of at most 92 days."""
        return _chunks(start, end, _COULEUR_TEMPO_MAX_DAYS)

    async def read(self, start: date, end: date) -> Colours:
        """Return the colours of a range. Raises SourceError."""
        return await request_json(
            self._session,
            f"{self._address}/api/joursTempo",
            _of_list,
            params=[("dateJour[]", day.isoformat()) for day in days_between(start, end)],
        )


class GatewayTempo:
    """A MyElectricalData gateway."""

    name = "MyElectricalData"

    def __init__(self, session: ClientSession, address: str = GATEWAY_ADDRESS) -> None:
        self._session = session
        self._address = address.rstrip("/")

    def requests(self, start: date, end: date) -> Iterator[tuple[date, date]]:
        """Yield ranges of at most 366 days, what RTE behind the gateway gives."""
        return _chunks(start, end, _RTE_MAX_DAYS)

    async def read(self, start: date, end: date) -> Colours:
        """Return the colours of a range. Raises SourceError."""
        # Gateways differ in whether the end is included.
        last = end + ONE_DAY
        return await request_json(
            self._session,
            f"{self._address}/rte/tempo/{start.isoformat()}/{last.isoformat()}",
            _by_day,
        )


@dataclass(kw_only=True, slots=True)
class TempoAnswer:
    """What the chain found: colours by day, and which days some server answered without."""

    colours: Colours = field(default_factory=dict)
    denied: set[date] = field(default_factory=set)


class TempoChain:
    """The sources one after the other: each is asked for what those before it did not tell.

    `paces` tells by a source's name what it last failed with and until when it is left alone.
    """

    def __init__(self, sources: Sequence[TempoSource]) -> None:
        self._sources = sources
        self.paces = {source.name: Pace() for source in sources}

    async def read(self, days: Collection[date], now: datetime) -> TempoAnswer:
        """Return the colours of the days, and of others that came along. Never raises."""
        answer = TempoAnswer()
        for source in self._sources:
            missing = sorted(day for day in days if day not in answer.colours)
            if not missing:
                break
            pace = self.paces[source.name]
            if not pace.may_ask(now):
                continue
            try:
                await self._ask(source, missing, answer)
            except SourceError as err:
                pace.failed(now, err)
            else:
                pace.answered(now)
        answer.denied -= answer.colours.keys()
        return answer

    async def _ask(self, source: TempoSource, missing: list[date], answer: TempoAnswer) -> None:
        """Ask one source, keeping what it told even when it fails later on."""
        for start, end in _spans(missing):
            for first, last in source.requests(start, end):
                for day, colour in (await source.read(first, last)).items():
                    answer.colours.setdefault(day, colour)
                answer.denied.update(day for day in missing if first <= day <= last)


def _spans(days: list[date]) -> Iterator[tuple[date, date]]:
    """Yield ranges that cover sorted days, without long stretches between them."""
    start = end = days[0]
    for day in days[1:]:
        if day - end > _MAX_GAP:
            yield start, end
            start = day
        end = day
    yield start, end


def _chunks(start: date, end: date, length: int) -> Iterator[tuple[date, date]]:
    while start <= end:
        last = min(start + timedelta(days=length - 1), end)
        yield start, last
        start = last + ONE_DAY


def _of_calendars(answer: object) -> Colours:
    """Return what RTE's list of days tells. Raises SourceError for anything else."""
    calendars = answer.get("tempo_like_calendars") if isinstance(answer, dict) else None
    values = calendars.get("values") if isinstance(calendars, dict) else None
    if not isinstance(values, list):
        raise SourceError("not_expected_server")
    colours: Colours = {}
    for entry in values:
        if not isinstance(entry, dict):
            continue
        day = paris_date_of_text(entry.get("start_date"))
        colour = TempoColour.from_name(entry.get("value"))
        if day is not None and colour is not None:
            # The newest comes first.
            colours.setdefault(day, colour)
    return colours


def _of_list(answer: object) -> Colours:
    """Return what a list of days with codes tells. Raises SourceError for anything else."""
    if not isinstance(answer, list):
        raise SourceError("not_expected_server")
    colours: Colours = {}
    for entry in answer:
        if not isinstance(entry, dict):
            continue
        day = _day(entry.get("dateJour"))
        colour = TempoColour.from_code(entry.get("codeJour"))
        if day is not None and colour is not None:
            colours[day] = colour
    return colours


def _by_day(values: object) -> Colours:
    """Return what a map of days to colour names tells. Raises SourceError for anything else."""
    if not isinstance(values, dict):
        raise SourceError("not_expected_server")
    # Days may stand among keys of other kinds.
    names = {day: name for key, name in values.items() if (day := _day(key)) is not None}
    if values and not names:
        raise SourceError("not_expected_server")
    colours = {day: TempoColour.from_name(name) for day, name in names.items()}
    return {day: colour for day, colour in colours.items() if colour is not None}


def _midnight(day: date) -> str:
    return datetime(day.year, day.month, day.day, tzinfo=PARIS).isoformat()


def _day(text: object) -> date | None:
    if not isinstance(text, str) or len(text) != 10:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None

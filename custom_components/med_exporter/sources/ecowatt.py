"""EcoWatt, the strain on the French grid: RTE with an account, else a MyElectricalData gateway."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeGuard

from ..engine.lazy_dataclass import dataclass
from ..engine.outside import clean
from .pace import Pace
from .tempo import GATEWAY_ADDRESS
from .tempo_calendar import ONE_DAY, PARIS, paris_date, paris_date_of_text
from .web import SourceError, request_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiohttp import ClientSession

    from .rte import RteClient

_RTE_PATH: Final = "/open_api/ecowatt/v5/signals"
# RTE refuses a second call within this time.
MIN_INTERVAL: Final = timedelta(minutes=15)
_DAYS_AHEAD: Final = timedelta(days=3)
_HOURS: Final = 24


@dataclass(frozen=True, kw_only=True, slots=True)
class EcoWattDay:
    """The signal of one day.

    `level` is 1 (green), 2 (orange) or 3 (red), None where it is not known. `hours` are the 24
    levels from midnight on in Paris: 0 (green, low-carbon) to 3, None where not known.
    """

    date: date
    level: int | None
    message: str | None
    hours: tuple[int | None, ...]

    @property
    def hourly_values(self) -> list[dict[str, int | None]]:
        """Return the hours as RTE words them: `pas` is the hour, `hvalue` its level."""
        return [{"pas": hour, "hvalue": level} for hour, level in enumerate(self.hours)]

    def to_stored(self) -> dict[str, Any]:
        """Return the day as it may be kept on disk."""
        return {
            "date": self.date.isoformat(),
            "level": self.level,
            "message": self.message,
            "hours": list(self.hours),
        }

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> EcoWattDay:
        """Return the day that `to_stored` described."""
        return cls(
            date=date.fromisoformat(stored["date"]),
            level=stored["level"],
            message=stored["message"],
            hours=tuple(stored["hours"]),
        )


type Signals = dict[date, EcoWattDay]


class EcoWattSource(Protocol):
    """A server that knows the signals of today and the next three days."""

    name: str

    async def read(self, today: date) -> Signals:
        """Return the signals by day; a day that cannot be read is left out. Raises SourceError."""


class RteEcoWatt:
    """RTE's EcoWatt API, version 5, for an account that has subscribed to it."""

    name = "RTE"

    def __init__(self, client: RteClient) -> None:
        self._client = client

    async def read(self, today: date) -> Signals:
        """Return the four days' signals. Raises SourceError."""
        return await self._client.get(_RTE_PATH, _of_signals)


class GatewayEcoWatt:
    """A MyElectricalData gateway."""

    name = "MyElectricalData"

    def __init__(self, session: ClientSession, address: str = GATEWAY_ADDRESS) -> None:
        self._session = session
        self._address = address.rstrip("/")

    async def read(self, today: date) -> Signals:
        """Return the signals from today on. Raises SourceError.

        The public gateway files a day under the date before it; its hours tell the true date. A
        day without hours is taken to be filed like the others, and left out where none has hours.
        """
        # The day before, for what is filed too early; the day after, for an end not included.
        start, end = today - ONE_DAY, today + _DAYS_AHEAD + ONE_DAY
        return await request_json(
            self._session,
            f"{self._address}/rte/ecowatt/{start.isoformat()}/{end.isoformat()}",
            _of_gateway,
        )


class EcoWattChain:
    """The sources one after the other, each at most once in 15 minutes.

    `paces` tells by a source's name what it last failed with and until when it is left alone.
    """

    def __init__(self, sources: Sequence[EcoWattSource]) -> None:
        self._sources = sources
        self.paces = {source.name: Pace(MIN_INTERVAL) for source in sources}

    async def read(self, now: datetime) -> Signals | None:
        """Return the signals of the first source that knows today's; None without. Never raises."""
        today = paris_date(now)
        best: Signals | None = None
        for source in self._sources:
            pace = self.paces[source.name]
            if not pace.may_ask(now):
                if not pace.failing:
                    # What it told last is recent enough.
                    break
                continue
            try:
                signals = await source.read(today)
            except SourceError as err:
                pace.failed(now, err)
                continue
            pace.answered(now)
            if today in signals and signals[today].level is not None:
                return signals
            best = best or signals or None
        return best


def _of_signals(answer: object) -> Signals:
    """Return what RTE's list of days tells. Raises SourceError for anything else."""
    entries = answer.get("signals") if isinstance(answer, dict) else None
    if not isinstance(entries, list):
        raise SourceError("not_expected_server")
    signals: Signals = {}
    for entry in entries:
        if not isinstance(entry, dict) or (day := paris_date_of_text(entry.get("jour"))) is None:
            continue
        steps = entry.get("values")
        hours: list[int | None] = [None] * _HOURS
        for step in steps if isinstance(steps, list) else ():
            if isinstance(step, dict) and _is_number(hour := step.get("pas"), 0, 23):
                hours[hour] = _level(step.get("hvalue"), lowest=0)
        signals[day] = _signal(day, entry.get("dvalue"), entry.get("message"), hours)
    return signals


def _of_gateway(answer: object) -> Signals:
    """Return what a gateway's days tell. Raises SourceError for anything else."""
    if not isinstance(answer, dict):
        raise SourceError("not_expected_server")
    filed = [
        (key, entry, _detail(entry.get("detail")))
        for text, entry in answer.items()
        if isinstance(entry, dict) and (key := paris_date_of_text(text)) is not None
    ]
    if answer and not filed:
        raise SourceError("not_expected_server")
    shifts = Counter(found[0] - key for key, _, found in filed if found)
    if not shifts:
        return {}
    usual = shifts.most_common(1)[0][0]
    signals: Signals = {}
    for key, entry, found in filed:
        day, hours = found or (key + usual, [None] * _HOURS)
        signals[day] = _signal(day, entry.get("value"), entry.get("message"), hours)
    return signals


def _signal(day: date, level: object, message: object, hours: list[int | None]) -> EcoWattDay:
    return EcoWattDay(
        date=day,
        level=_level(level, lowest=1),
        message=clean(message) or None if isinstance(message, str) else None,
        hours=tuple(hours),
    )


def _is_number(value: object, lowest: int, highest: int) -> TypeGuard[int]:
    return type(value) is int and lowest <= value <= highest


def _level(value: object, *, lowest: int) -> int | None:
    return value if _is_number(value, lowest, 3) else None


def _detail(detail: object) -> tuple[date, list[int | None]] | None:
    """Return the day and the levels of hours given by their start in Paris; None without any."""
    if not isinstance(detail, dict):
        return None
    days: Counter[date] = Counter()
    hours: list[int | None] = [None] * _HOURS
    for text, level in detail.items():
        try:
            start = datetime.fromisoformat(text)
            local = start if start.tzinfo is None else start.astimezone(PARIS)
        except (TypeError, ValueError, OverflowError):
            continue
        days[local.date()] += 1
        hours[local.hour] = _level(level, lowest=0)
    return (days.most_common(1)[0][0], hours) if days else None

"""A forecast of Tempo colours: what somebody thinks will come, with how sure he is of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final, Self

from ..engine.lazy_dataclass import dataclass
from .tempo_calendar import TempoColour, paris_date_of_text
from .web import USER_AGENT, SourceError, request_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import ClientSession

OPEN_DPE_ADDRESS: Final = "https://open-dpe.fr"
READ_EVERY: Final = timedelta(hours=6)
"""It is made anew once a day."""

_FRENCH: Final = {"bleu": TempoColour.BLUE, "blanc": TempoColour.WHITE, "rouge": TempoColour.RED}


@dataclass(frozen=True, slots=True)
class ForecastDay:
    """The likeliest colour of a day; `probability` is from 0 to 1, None where nobody said."""

    date: date
    colour: TempoColour
    probability: float | None = None

    def to_stored(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {
            "date": self.date.isoformat(),
            "colour": self.colour.value,
            "probability": self.probability,
        }

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self:
        """Return what `to_stored` gave."""
        return cls(
            date.fromisoformat(stored["date"]),
            TempoColour(stored["colour"]),
            stored["probability"],
        )


type Forecast = dict[date, ForecastDay]


class OpenDpeForecast:
    """open-dpe.fr, which forecasts about a week from the weather and the season's days left."""

    name = "open-dpe.fr"

    def __init__(self, session: ClientSession, address: str = OPEN_DPE_ADDRESS) -> None:
        self._session = session
        self._address = address.rstrip("/")

    async def read(self) -> Forecast:
        """Return the days that are forecast; those that say no colour are left out.

        Raises SourceError.
        """
        return await request_json(
            self._session,
            f"{self._address}/assets/tempo_days_lite.json",
            _days,
            headers={"User-Agent": USER_AGENT},
        )


def _days(answer: object) -> Forecast:
    if not isinstance(answer, list):
        raise SourceError("not_expected_server")
    days = [day for entry in answer if (day := _day(entry)) is not None]
    if answer and not days:
        raise SourceError("not_expected_server")
    return {day.date: day for day in days}


def _day(entry: object) -> ForecastDay | None:
    if not isinstance(entry, dict):
        return None
    day, name = paris_date_of_text(entry.get("date")), entry.get("couleur")
    colour = _FRENCH.get(name.strip().lower()) if isinstance(name, str) else None
    colour = colour or TempoColour.from_name(name)
    return None if day is None or colour is None else ForecastDay(day, colour, _probability(entry))


def _probability(entry: Mapping[str, object]) -> float | None:
    said = entry.get("probability")
    if isinstance(said, bool) or not isinstance(said, (int, float)):
        return None
    return float(said) if 0 <= said <= 1 else None

"""What is known of the grid: Tempo colours of all days read so far, and EcoWatt's signals."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Self

from ..sources.ecowatt import EcoWattDay
from ..sources.tempo_calendar import (
    FIRST_DAY,
    ONE_DAY,
    TempoColour,
    announced_at,
    days_between,
    days_left,
    paris_date,
)
from ..sources.tempo_forecast import ForecastDay

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..sources.ecowatt import Signals
    from ..sources.tempo import Colours
    from ..sources.tempo_forecast import Forecast

# A forecast that nobody has confirmed for this long tells nothing any more.
_SIGNAL_MAX_AGE: Final = timedelta(hours=24)
_FORECAST_MAX_AGE: Final = timedelta(hours=48)
# Days ahead: more than any server tells of, whatever it says.
_FARTHEST: Final = 31


class GridData:
    """Colours and signals by their date, never by "today" or "tomorrow": nothing goes stale.

    All `now` are aware times. The calendar day (`today`, `tomorrow`) changes at midnight in Paris
    and is for display; prices go by days that begin at 06:00 (`engine/tariff/kinds/tempo.py`).
    `tempo_read_at` is when a colour was last learnt, `ecowatt_read_at` when the signals were,
    `forecast_read_at` when the forecast was. What is forecast is never a colour.
    """

    def __init__(self) -> None:
        self._colours: Colours = {}
        # Read before their announcement, so that they may still change.
        self._provisional: set[date] = set()
        self._signals: Signals = {}
        self._forecast: Forecast = {}
        self.tempo_read_at: datetime | None = None
        self.ecowatt_read_at: datetime | None = None
        self.forecast_read_at: datetime | None = None

    def colour(self, day: date) -> TempoColour | None:
        """Return the colour of a day; None where it is not known."""
        return self._colours.get(day)

    def colours(self, start: date, end: date) -> dict[date, TempoColour | None]:
        """Return the colours of the days from start to end, both included."""
        return {day: self._colours.get(day) for day in days_between(start, end)}

    @property
    def known_colours(self) -> Mapping[date, TempoColour]:
        """Return all colours known; the view follows what is read later."""
        return MappingProxyType(self._colours)

    def is_final(self, day: date) -> bool:
        """Return whether the colour of a day is known and can no longer change."""
        return day in self._colours and day not in self._provisional

    def today(self, now: datetime) -> TempoColour | None:
        """Return the colour of the calendar day."""
        return self._colours.get(paris_date(now))

    def tomorrow(self, now: datetime) -> TempoColour | None:
        """Return the colour of the next calendar day; known from about 10:40 on."""
        return self._colours.get(paris_date(now) + ONE_DAY)

    def days_left(self, now: datetime) -> dict[TempoColour, int] | None:
        """Return the days per colour that the season still has to place; None when not known."""
        return days_left(self._colours, paris_date(now))

    def forecast(self, now: datetime) -> list[ForecastDay]:
        """Return the days ahead whose colour is forecast and not announced, in order.

        Empty where nothing is known, and where it was last read two days ago.
        """
        if self.forecast_read_at is None or now - self.forecast_read_at > _FORECAST_MAX_AGE:
            return []
        today = paris_date(now)
        return [
            self._forecast[day]
            for day in sorted(self._forecast)
            if day > today and day not in self._colours
        ]

    def ecowatt(self, now: datetime) -> EcoWattDay | None:
        """Return today's signal; None where it is not known, or was last read a day ago."""
        if self.ecowatt_read_at is None or now - self.ecowatt_read_at > _SIGNAL_MAX_AGE:
            return None
        return self._signals.get(paris_date(now))

    def add_colours(self, colours: Colours, now: datetime) -> None:
        """Take colours that were asked for at `now`. One that is final stays as it is."""
        latest = paris_date(now) + 2 * ONE_DAY
        for day, colour in colours.items():
            if not FIRST_DAY <= day <= latest or self.is_final(day):
                continue
            self._colours[day] = colour
            if now < announced_at(day):
                self._provisional.add(day)
            else:
                self._provisional.discard(day)
            self.tempo_read_at = now

    def add_signals(self, signals: Signals, now: datetime) -> None:
        """Take EcoWatt's signals in the place of those before."""
        self._signals = _near(signals, now)
        self.ecowatt_read_at = now

    def add_forecast(self, forecast: Forecast, now: datetime) -> None:
        """Take a forecast in the place of the one before."""
        self._forecast = _near(forecast, now)
        self.forecast_read_at = now

    def to_stored(self) -> dict[str, Any]:
        """Return everything as it may be kept on disk."""
        return {
            "colours": {day.isoformat(): c.value for day, c in sorted(self._colours.items())},
            "provisional": sorted(day.isoformat() for day in self._provisional),
            "signals": [self._signals[day].to_stored() for day in sorted(self._signals)],
            "forecast": [self._forecast[day].to_stored() for day in sorted(self._forecast)],
            "tempo_read_at": _text(self.tempo_read_at),
            "ecowatt_read_at": _text(self.ecowatt_read_at),
            "forecast_read_at": _text(self.forecast_read_at),
        }

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self:
        """Return what `to_stored` described."""
        data = cls()
        data._colours = {
            date.fromisoformat(day): TempoColour(name) for day, name in stored["colours"].items()
        }
        data._provisional = {date.fromisoformat(day) for day in stored["provisional"]}
        signals = [EcoWattDay.from_stored(signal) for signal in stored["signals"]]
        data._signals = {signal.date: signal for signal in signals}
        # Not there in what was stored before colours were forecast.
        forecast = [ForecastDay.from_stored(day) for day in stored.get("forecast", ())]
        data._forecast = {day.date: day for day in forecast}
        data.forecast_read_at = _moment(stored.get("forecast_read_at"))
        data.tempo_read_at = _moment(stored["tempo_read_at"])
        data.ecowatt_read_at = _moment(stored["ecowatt_read_at"])
        return data


def _near[T](days: Mapping[date, T], now: datetime) -> dict[date, T]:
    """Return what is told of yesterday and the days that anybody can tell of."""
    today = paris_date(now)
    return {day: one for day, one in days.items() if -1 <= (day - today).days <= _FARTHEST}


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)

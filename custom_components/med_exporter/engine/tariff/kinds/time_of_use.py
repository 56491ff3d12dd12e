"""Prices by time of day and day of the week, in named periods."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import field
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from ...lazy_dataclass import dataclass
from ..clock import on_the_clock
from ..errors import TariffError, TariffErrorCode
from ..hours import remaining, split_rest, with_rest
from ..kind import ContractKind, Dialogue, FormField, Holds, Page
from ..rates import PriceLine, Rate
from ..week import DAY_MINUTES, DAYS, WEEK_MINUTES, day_and_time, find_flaw, spans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..rates import Known, LocalDay
    from ..reader import Reader

MAX_NAME: Final = 64
"""Characters in a period's name."""

_FIRST: Final = ("off_peak_start", "off_peak_end")
_SECOND: Final = ("second_start", "second_end")


@dataclass(frozen=True, slots=True)
class Period:
    """Hours of a time-of-use contract.

    `days` (0 is Monday, ascending) are those on which the hours start; an `end` at or before
    `start` lies on the next day. Several periods of one name belong together.
    """

    name: str
    price: float
    days: tuple[int, ...]
    start: time
    end: time

    def to_dict(self) -> dict[str, Any]:
        """Return the period as it stands in the options."""
        return {
            "name": self.name,
            "price": self.price,
            "days": [DAYS[day] for day in self.days],
            "start": f"{self.start:%H:%M}",
            "end": f"{self.end:%H:%M}",
        }


@dataclass(frozen=True, slots=True)
class TimeOfUse:
    """Periods that together hold every minute of the week exactly once."""

    periods: tuple[Period, ...]
    _starts: list[int] = field(init=False, repr=False, compare=False)
    _rates: list[Rate] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        held = sorted(
            span
            for index, period in enumerate(self.periods)
            for span in spans(index, period.days, period.start, period.end)
        )
        rates = [Rate(period.name, period.price) for period in self.periods]
        object.__setattr__(self, "_starts", [span.start for span in held])
        object.__setattr__(self, "_rates", [rates[span.owner] for span in held])

    def rates(self, day: LocalDay, known: Known) -> Iterator[tuple[int, int, Rate]]:
        """Yield the stretches of a day."""
        del known
        return on_the_clock(day, self._rate_at, self._next_edge)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields of a contract that describe these prices."""
        return {"kind": "time_of_use", "periods": [period.to_dict() for period in self.periods]}

    def lines(self) -> Iterator[PriceLine]:
        """Yield the price of each period."""
        for period in self.periods:
            shown = period.to_dict()
            days = ", ".join(shown["days"])
            yield PriceLine(period.price, period.name, days, shown["start"], shown["end"])

    def _rate_at(self, wall: datetime) -> Rate:
        # Before the first start of the week the last one still holds: index -1.
        return self._rates[bisect_right(self._starts, _week_minute(wall)) - 1]

    def _next_edge(self, wall: datetime) -> datetime:
        minute = _week_minute(wall)
        following = bisect_right(self._starts, minute)
        if following < len(self._starts):
            edge = self._starts[following]
        else:
            edge = self._starts[0] + WEEK_MINUTES
        return wall.replace(second=0, microsecond=0) + timedelta(minutes=edge - minute)


def _week_minute(wall: datetime) -> int:
    return wall.weekday() * DAY_MINUTES + wall.hour * 60 + wall.minute


def _parse(reader: Reader) -> TimeOfUse:
    periods = tuple(_period(item) for item in reader.objects("periods"))
    field_name = reader.name("periods")
    prices: dict[str, float] = {}
    for index, period in enumerate(periods):
        if prices.setdefault(period.name, period.price) != period.price:
            raise TariffError(
                f"{field_name}[{index}].price",
                TariffErrorCode.PRICE_DIFFERS,
                f"another period named {period.name} has another price",
                {"name": period.name},
            )
    _check_week(periods, field_name)
    return TimeOfUse(periods)


def _period(reader: Reader) -> Period:
    name = reader.label("name")
    if not name:
        raise TariffError(reader.name("name"), TariffErrorCode.EMPTY, "must not be empty")
    if len(name) > MAX_NAME:
        raise TariffError(
            reader.name("name"), TariffErrorCode.TOO_LONG, f"at most {MAX_NAME} characters"
        )
    period = Period(
        name=name,
        price=reader.amount("price"),
        days=_days(reader) if reader.has("days") else tuple(range(7)),
        start=reader.time("start"),
        end=reader.time("end"),
    )
    reader.finish()
    return period


def _days(reader: Reader) -> tuple[int, ...]:
    field_name = reader.name("days")
    days: set[int] = set()
    for index, name in enumerate(reader.filled("days")):
        if name not in DAYS:
            raise TariffError(
                f"{field_name}[{index}]",
                TariffErrorCode.UNKNOWN_DAY,
                f"must be one of {', '.join(DAYS)}",
            )
        day = DAYS.index(name)
        if day in days:
            raise TariffError(
                f"{field_name}[{index}]", TariffErrorCode.DUPLICATE_DAY, f"{name} is named twice"
            )
        days.add(day)
    return tuple(sorted(days))


def _check_week(periods: tuple[Period, ...], field_name: str) -> None:
    """Refuse periods that leave a minute of the week without price or give it two."""
    flaw = find_flaw(
        [
            span
            for index, period in enumerate(periods)
            for span in spans(index, period.days, period.start, period.end)
        ]
    )
    if flaw is None:
        return
    from_day, from_time = day_and_time(flaw.start)
    to_day, to_time = day_and_time(flaw.end)
    where = {"from_day": from_day, "from": from_time, "to_day": to_day, "to": to_time}
    stretch = f"from {from_day} {from_time} to {to_day} {to_time}"
    if not flaw.owners:
        raise TariffError(field_name, TariffErrorCode.GAP, f"no period holds {stretch}", where)
    other, index = sorted(flaw.owners)
    raise TariffError(
        f"{field_name}[{index}].start",
        TariffErrorCode.OVERLAP,
        f"{periods[other].name} holds {stretch} too",
        {"other": periods[other].name, **where},
    )


def _peak_and_off_peak(values: Mapping[str, Any], words: Callable[[str], str]) -> dict[str, Any]:
    """Return the periods of off-peak hours, each day, and of all others."""
    off_peak = {"name": words("off_peak"), "price": values.get("off_peak_price")}
    periods = [
        {**off_peak, "days": list(DAYS), "start": values[start], "end": values[end]}
        for start, end in (_FIRST, _SECOND)
        if start in values and end in values
    ]
    rest = {"name": words("peak"), "price": values.get("peak_price")}
    return {"periods": with_rest(periods, rest)}


def _off_peak_mistakes(values: Mapping[str, Any]) -> dict[str, str]:
    for edge, other in (_FIRST, _FIRST[::-1], _SECOND, _SECOND[::-1]):
        if edge not in values and (other in values or edge in _FIRST):
            return {edge: f"tariff_{TariffErrorCode.REQUIRED}"}
    periods = [
        {"days": list(DAYS), "start": values[start], "end": values[end]}
        for start, end in (_FIRST, _SECOND)
        if start in values
    ]
    return {} if remaining(periods) else {_FIRST[1]: "no_hours_left"}


def _shown_off_peak(pricing: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form's fields for a contract that fits in it, else nothing."""
    periods, rest = split_rest(pricing["periods"])
    names = {period["name"] for period in periods}
    every_day = all(period["days"] == list(DAYS) for period in periods)
    if rest is None or len(names) > 1 or len(periods) > 2 or not every_day:
        return {}
    shown: dict[str, Any] = {
        "off_peak": periods[0]["name"],
        "peak": rest["name"],
        "off_peak_price": periods[0]["price"],
        "peak_price": rest["price"],
    }
    for period, (start, end) in zip(periods, (_FIRST, _SECOND), strict=False):
        shown |= {start: period["start"], end: period["end"]}
    return shown


KIND: Final = ContractKind(
    name="time_of_use",
    title=("Time of use", "Plages horaires"),
    parse=_parse,
    forms=(
        Page(
            name="peak_off_peak",
            fields=(
                FormField(name="off_peak_price", holds=Holds.PRICE),
                FormField(name="peak_price", holds=Holds.PRICE),
                FormField(name=_FIRST[0], holds=Holds.TIME),
                FormField(name=_FIRST[1], holds=Holds.TIME),
                FormField(name=_SECOND[0], holds=Holds.TIME, required=False),
                FormField(name=_SECOND[1], holds=Holds.TIME, required=False),
            ),
            entered=_peak_and_off_peak,
            shown=_shown_off_peak,
            places={
                "periods[0].price": "off_peak_price",
                "periods[0].start": _FIRST[0],
                "periods[1].start": _SECOND[0],
                "periods[1].price": "peak_price",
                "periods[2].price": "peak_price",
            },
            check=_off_peak_mistakes,
        ),
        Dialogue(name="time_of_use", step="periods"),
    ),
)

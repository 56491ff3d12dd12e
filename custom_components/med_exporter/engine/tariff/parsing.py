"""Read contracts as they stand in the options of a metering point, naming every mistake."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import TYPE_CHECKING, Any, Final

from .contracts import (
    COLOURS,
    Contract,
    Flat,
    Period,
    Tariff,
    Tempo,
    TempoPrices,
    Tier,
    Tiers,
    TimeOfUse,
)
from .errors import TariffError, TariffErrorCode
from .week import DAYS, day_and_time, find_flaw, spans

if TYPE_CHECKING:
    from collections.abc import Callable

    from .contracts import Pricing

MAX_NAME: Final = 64
"""Characters in a period's name."""
MAX_AMOUNT: Final = 1e9
"""Beyond any currency's price of a kWh, and small enough that no sum of costs overflows."""

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_FIRST_DATE: Final = date(1970, 1, 1)
_LAST_DATE: Final = date(2999, 12, 31)


def parse_contracts(value: object, field: str = "contracts") -> Tariff:
    """Return the tariff that a list of plain dicts describes, in any order.

    Each contract has `valid_from` (`YYYY-MM-DD`), `kind`, optionally `standing_charge` (per month)
    and `feed_in` (per kWh), both 0 when absent, and by kind:

    - `flat`: `price`;
    - `time_of_use`: `periods`, each with `name`, `price`, `start`, `end` (`HH:MM`) and optionally
      `days` (of `mon` … `sun`; all when absent), those on which the hours start. An end at or
      before the start lies on the next day, equal ones make 24 hours. Periods of one name have one
      price. Every minute of the week belongs to exactly one period;
    - `tempo`: `prices`, `{"blue": {"peak", "off_peak"}, "white": …, "red": …}`;
    - `tiers`: `tiers`, each with `price` and, except the last, `up_to` (kWh in the month).

    Prices are numbers from 0 to 1,000,000,000. An empty list is a tariff that knows no cost.

    Raises TariffError for the first mistake; `field` names the list in it.
    """
    contracts: dict[date, Contract] = {}
    for index, item in enumerate(_items(value, field)):
        contract = _contract(_Reader(item, f"{field}[{index}]"))
        if contract.valid_from in contracts:
            raise TariffError(
                f"{field}[{index}].valid_from",
                TariffErrorCode.DUPLICATE_VALID_FROM,
                f"another contract is valid from {contract.valid_from} too",
            )
        contracts[contract.valid_from] = contract
    return Tariff(tuple(contracts[day] for day in sorted(contracts)))


class _Reader:
    """Takes the keys of an object one by one and refuses what is left over."""

    def __init__(self, value: object, field: str) -> None:
        if not isinstance(value, Mapping):
            raise TariffError(field, TariffErrorCode.NOT_AN_OBJECT, "must be an object")
        self._left = dict(value)
        self._field = field

    def name(self, key: str) -> str:
        return f"{self._field}.{key}"

    def has(self, key: str) -> bool:
        return self._left.get(key) is not None

    def take(self, key: str) -> Any:  # noqa: ANN401
        value = self._left.pop(key, None)
        if value is None:
            raise TariffError(self.name(key), TariffErrorCode.REQUIRED, "is required")
        return value

    def text(self, key: str) -> str:
        value = self.take(key)
        if not isinstance(value, str):
            raise TariffError(self.name(key), TariffErrorCode.NOT_TEXT, "must be text")
        return value

    def amount(self, key: str, default: float | None = None) -> float:
        """Return a number from 0 to MAX_AMOUNT."""
        if default is not None and not self.has(key):
            self._left.pop(key, None)
            return default
        return _amount(self.take(key), self.name(key))

    def finish(self) -> None:
        for key in self._left:
            raise TariffError(self.name(str(key)), TariffErrorCode.UNKNOWN_KEY, "is not known here")


def _contract(reader: _Reader) -> Contract:
    kind = reader.text("kind")
    pricing = _KINDS.get(kind)
    if pricing is None:
        raise TariffError(
            reader.name("kind"),
            TariffErrorCode.UNKNOWN_KIND,
            f"must be one of {', '.join(_KINDS)}",
        )
    contract = Contract(
        valid_from=_date(reader.text("valid_from"), reader.name("valid_from")),
        pricing=pricing(reader),
        standing_charge=reader.amount("standing_charge", default=0.0),
        feed_in=reader.amount("feed_in", default=0.0),
    )
    reader.finish()
    return contract


def _flat(reader: _Reader) -> Flat:
    return Flat(reader.amount("price"))


def _time_of_use(reader: _Reader) -> TimeOfUse:
    field = reader.name("periods")
    periods = tuple(
        _period(_Reader(item, f"{field}[{index}]"))
        for index, item in enumerate(_filled(reader.take("periods"), field))
    )
    prices: dict[str, float] = {}
    for index, period in enumerate(periods):
        if prices.setdefault(period.name, period.price) != period.price:
            raise TariffError(
                f"{field}[{index}].price",
                TariffErrorCode.PRICE_DIFFERS,
                f"another period named {period.name} has another price",
                {"name": period.name},
            )
    _check_week(periods, field)
    return TimeOfUse(periods)


def _period(reader: _Reader) -> Period:
    name = reader.text("name").strip()
    if not name:
        raise TariffError(reader.name("name"), TariffErrorCode.EMPTY, "must not be empty")
    if len(name) > MAX_NAME:
        raise TariffError(
            reader.name("name"), TariffErrorCode.TOO_LONG, f"at most {MAX_NAME} characters"
        )
    days = tuple(range(7))
    if reader.has("days"):
        days = _days(reader.take("days"), reader.name("days"))
    period = Period(
        name=name,
        price=reader.amount("price"),
        days=days,
        start=_time(reader.text("start"), reader.name("start")),
        end=_time(reader.text("end"), reader.name("end")),
    )
    reader.finish()
    return period


def _days(value: object, field: str) -> tuple[int, ...]:
    days: set[int] = set()
    for index, name in enumerate(_filled(value, field)):
        if name not in DAYS:
            raise TariffError(
                f"{field}[{index}]",
                TariffErrorCode.UNKNOWN_DAY,
                f"must be one of {', '.join(DAYS)}",
            )
        day = DAYS.index(name)
        if day in days:
            raise TariffError(
                f"{field}[{index}]", TariffErrorCode.DUPLICATE_DAY, f"{name} is named twice"
            )
        days.add(day)
    return tuple(sorted(days))


def _check_week(periods: tuple[Period, ...], field: str) -> None:
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
        raise TariffError(field, TariffErrorCode.GAP, f"no period holds {stretch}", where)
    other, index = sorted(flaw.owners)
    raise TariffError(
        f"{field}[{index}].start",
        TariffErrorCode.OVERLAP,
        f"{periods[other].name} holds {stretch} too",
        {"other": periods[other].name, **where},
    )


def _tempo(reader: _Reader) -> Tempo:
    colours = _Reader(reader.take("prices"), reader.name("prices"))
    prices: dict[str, TempoPrices] = {}
    for colour in COLOURS:
        pair = _Reader(colours.take(colour), colours.name(colour))
        prices[colour] = TempoPrices(pair.amount("peak"), pair.amount("off_peak"))
        pair.finish()
    colours.finish()
    return Tempo(**prices)


def _tiers(reader: _Reader) -> Tiers:
    field = reader.name("tiers")
    items = _filled(reader.take("tiers"), field)
    tiers: list[Tier] = []
    below = 0.0
    for index, item in enumerate(items):
        tier = _Reader(item, f"{field}[{index}]")
        bound = None
        if index < len(items) - 1:
            bound = tier.amount("up_to")
            if bound <= below:
                raise TariffError(
                    tier.name("up_to"),
                    TariffErrorCode.TIERS_UNORDERED,
                    f"must be more than {below:g} kWh",
                )
            below = bound
        elif tier.has("up_to"):
            raise TariffError(
                tier.name("up_to"),
                TariffErrorCode.LAST_TIER_BOUNDED,
                "the last tier has no upper bound",
            )
        tiers.append(Tier(tier.amount("price"), bound))
        tier.finish()
    return Tiers(tuple(tiers))


_KINDS: Final[dict[str, Callable[[_Reader], Pricing]]] = {
    "flat": _flat,
    "time_of_use": _time_of_use,
    "tempo": _tempo,
    "tiers": _tiers,
}


def _items(value: object, field: str) -> Sequence[Any]:
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
        raise TariffError(field, TariffErrorCode.NOT_A_LIST, "must be a list")
    return value


def _filled(value: object, field: str) -> Sequence[Any]:
    items = _items(value, field)
    if not items:
        raise TariffError(field, TariffErrorCode.EMPTY, "must not be empty")
    return items


def _amount(value: object, field: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TariffError(field, TariffErrorCode.NOT_A_NUMBER, "must be a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise TariffError(field, TariffErrorCode.NOT_FINITE, "must be a finite number")
    if value < 0:
        raise TariffError(field, TariffErrorCode.NEGATIVE, "must not be negative")
    if value > MAX_AMOUNT:
        raise TariffError(field, TariffErrorCode.TOO_LARGE, f"at most {MAX_AMOUNT:,.0f}")
    # Minus zero is zero.
    return float(value) + 0.0


def _date(text: str, field: str) -> date:
    try:
        day = date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        raise TariffError(field, TariffErrorCode.INVALID_DATE, "must be a date, YYYY-MM-DD")
    if not _FIRST_DATE <= day <= _LAST_DATE:
        raise TariffError(
            field,
            TariffErrorCode.DATE_OUT_OF_RANGE,
            f"must be from {_FIRST_DATE} to {_LAST_DATE}",
        )
    return day


def _time(text: str, field: str) -> time:
    if not _TIME.fullmatch(text):
        raise TariffError(
            field, TariffErrorCode.INVALID_TIME, "must be a time, HH:MM, from 00:00 to 23:59"
        )
    return time.fromisoformat(text)

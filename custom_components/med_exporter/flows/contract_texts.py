"""Contracts and their hours in words, for the forms in which they are entered."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

from homeassistant.helpers.translation import async_get_translations

from ..const import DOMAIN
from ..engine.tariff import parse_contracts
from ..engine.tariff.hours import remaining
from ..engine.tariff.kinds import form_of
from ..engine.tariff.week import DAYS
from ..engine.words.colon import with_colon
from ..engine.words.currency_signs import for_people
from ..engine.words.dates import DateWords
from ..engine.words.phrases import Words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from homeassistant.core import HomeAssistant

    from ..engine.tariff.hours import Period
    from ..engine.tariff.rates import PriceLine

_TO: Final = "\N{EN DASH}"


async def async_load_contract_texts(
    hass: HomeAssistant, currency: str, language: str | None = None
) -> ContractTexts:
    """Return the words in a language, that of Home Assistant for None."""
    language = language or hass.config.language
    texts = await async_get_translations(hass, language, "selector", [DOMAIN])
    return ContractTexts(texts, currency, french=language.startswith("fr"))


class ContractTexts:
    """Puts contracts, periods and hours into words."""

    def __init__(self, texts: Mapping[str, str], currency: str, *, french: bool) -> None:
        self._texts = texts
        self._unit = f"{for_people(currency)}/kWh"
        locale = "fr" if french else "en"
        self._dates = DateWords(locale)
        self._lines = Words(locale)
        self._french = french

    def word(self, key: str) -> str:
        """Return one of the words that summaries are made of."""
        return self._text("contract_summary", key)

    def weekday(self, day: str) -> str:
        """Return the name of a day, given as `mon` … `sun`."""
        return self._text("weekday", day)

    def price(self, price: float) -> str:
        """Return a price per kWh with its unit."""
        return f"{self.number(price)} {self._unit}"

    def number(self, value: float) -> str:
        """Return a number with the language's decimal mark."""
        return f"{value:.10g}".replace(".", self.word("decimal_mark"))

    def hours(self, hours: Mapping[str, Any]) -> str:
        """Return start, end and days."""
        start, end = hours["start"], hours["end"]
        span = self.word("all_day") if start == end == "00:00" else f"{start}{_TO}{end}"
        return f"{span}, {self._days(hours['days'])}"

    def period(self, period: Period) -> str:
        """Return a period's name, hours and price."""
        return self._named(period["name"], f"{self.hours(period)}, {self.price(period['price'])}")

    def rest(self, rest: Mapping[str, Any]) -> str:
        """Return name and price of the remaining hours."""
        told = f"{self.word('remaining_hours')}, {self.price(rest['price'])}"
        return self._named(rest["name"], told)

    def _named(self, name: str, told: str) -> str:
        return with_colon(name, told, french=self._french)

    def contract(self, contract: Mapping[str, Any]) -> str:
        """Return the first day, the kind and the prices of a contract."""
        [parsed] = parse_contracts([contract]).contracts
        # Hours of one name have one price, and a single price needs no name.
        lines = dict.fromkeys(map(self._line, parsed.pricing.lines()))
        prices = " / ".join(lines)
        if all(line.price is not None for line in parsed.pricing.lines()):
            prices += f" {self._unit}"
        # By the form in which it was entered: many hours and prices can be plain off-peak hours.
        kind = self._text("contract_kind", form_of(contract).name)
        since = self._dates.short(date.fromisoformat(contract["valid_from"]))
        return self._named(since, f"{kind}, {prices}")

    def _line(self, line: PriceLine) -> str:
        """Return a price and its name, without its unit; or what shows it, with what is on top."""
        name = self._lines.tariff_period(line.name) if line.name else ""
        more = (
            line.on_top(self.number, self._unit) if line.price is None else self.number(line.price)
        )
        return f"{name} {more}".strip()

    def contract_list(self, contracts: Sequence[Mapping[str, Any]]) -> str:
        """Return the contracts as lines of Markdown, the newest first."""
        return "\n".join(f"- {self.contract(contract)}" for contract in reversed(contracts))

    def week(self, periods: Sequence[Period], rest: Mapping[str, Any] | None) -> str:
        """Return who has which hours, and which nobody has, as lines of Markdown."""
        lines = [f"- {self.period(period)}" for period in periods]
        if rest is not None:
            lines.append(f"- {self.rest(rest)}")
        return "\n".join([*lines, "", self.left(periods, rest)])

    def left(self, periods: Sequence[Period], rest: Mapping[str, Any] | None = None) -> str:
        """Return a sentence on the hours that have no price yet."""
        left = remaining(periods) if rest is None else []
        if not left:
            return self.word("all_covered")
        return f"{self.word('not_covered')} {'; '.join(self.hours(hours) for hours in left)}"

    def _days(self, days: Sequence[str]) -> str:
        if len(days) == len(DAYS):
            return self.word("every_day")
        first, last = DAYS.index(days[0]), DAYS.index(days[-1])
        if last - first + 1 == len(days) > 2:
            return f"{self.weekday(days[0])}{_TO}{self.weekday(days[-1])}"
        return ", ".join(self.weekday(day) for day in days)

    def _text(self, selector: str, key: str) -> str:
        return self._texts.get(f"component.{DOMAIN}.selector.{selector}.options.{key}", key)

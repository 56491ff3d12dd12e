"""What a message says: templates of the user, or words of our own in English or French."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from homeassistant.exceptions import TemplateError
from homeassistant.util import dt as dt_util

from ..engine.lazy_dataclass import dataclass
from ..engine.words.dates import DateWords
from ..engine.words.quantities import quantity_text
from ..metering.contracts import only_currency
from .errors import DeliveryError
from .rendering import async_render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.core import HomeAssistant

    from .records import Delivery

VARIABLES: Final = (
    "date", "start", "end", "total_kwh", "energy_cost", "total_cost", "rows", "link", "schedule",
)  # fmt: skip
"""What templates may use beside Home Assistant's own: `async_text` says what they are."""

_DECIMALS: Final = {"total_energy": 3, "energy_cost": 2, "total_cost": 2}


@dataclass(frozen=True, slots=True)
class _Words:
    locale: str
    subject: str
    ready: str
    total_energy: str
    energy_cost: str
    total_cost: str
    rows: str
    link: str


_ENGLISH: Final = _Words(
    locale="en",
    subject="{schedule}: {period}",
    ready="{schedule}: {period}.",
    total_energy="Energy: {value}",
    energy_cost="Energy cost: {value}",
    total_cost="Cost: {value}",
    rows="Rows: {value}",
    link="The file, for seven days at most: {link}",
)
_FRENCH: Final = _Words(
    locale="fr",
    subject="{schedule} : {period}",
    ready="{schedule} : {period}.",
    total_energy="Énergie : {value}",
    energy_cost="Coût de l’énergie : {value}",  # noqa: RUF001  # French has its own apostrophe
    total_cost="Coût : {value}",
    rows="Lignes : {value}",
    link="Le fichier, pendant sept jours au plus : {link}",
)


async def async_check_template(hass: HomeAssistant, text: str) -> None:
    """Raise DeliveryError for a template that cannot be read, or is too heavy.

    A name that nobody knows is refused too.
    """
    sample = {
        name: 0.0 if name.startswith("total") or name == "energy_cost" else "2026-01-01"
        for name in VARIABLES
    }
    try:
        await async_render(hass, text, {**sample, "rows": 1}, strict=True)
    except DeliveryError as err:
        # What it reads of the house may be missing today; a name that nobody knows stays so.
        cause = err.__cause__
        if not isinstance(cause, TemplateError) or str(cause).endswith("is undefined"):
            raise


async def async_subject_and_body(
    hass: HomeAssistant, delivery: Delivery, link: str, *, show_link: bool
) -> tuple[str, str]:
    """Return the two texts of a message.

    Templates know `date` (the local date on which the export was due), `start` and `end` (the
    first and the last day of its range), `total_kwh`, `energy_cost` and `total_cost` (numbers, or
    None where the export does not tell; the total of one without standing charges is that of its
    energy), `rows`, `link` and `schedule` (its name).

    Args:
        hass: Home Assistant.
        delivery: what it is about.
        link: to the file; empty for none.
        show_link: whether the body must have it, so it is added where a template has left it out.

    Raises DeliveryError for a template that fails, or is too heavy.

    """
    values = _values(delivery, link)
    words = _FRENCH if hass.config.language.startswith("fr") else _ENGLISH
    texts = delivery.delivery
    own = {**values, "period": _period(delivery, words)}
    subject = (
        words.subject.format_map(own)
        if texts.get("subject") is None
        else await async_render(hass, texts["subject"], values)
    )
    body = (
        _own_body(hass, delivery, words, own)
        if texts.get("body") is None
        else await async_render(hass, texts["body"], values)
    )
    if show_link and link not in body:
        body += "\n\n" + words.link.format_map(values)
    return subject, body


def _values(delivery: Delivery, link: str) -> dict[str, Any]:
    zone = ZoneInfo(delivery.time_zone)
    last = delivery.end - timedelta(microseconds=1)
    return {
        "date": dt_util.as_local(delivery.due).date().isoformat(),
        "start": delivery.start.astimezone(zone).date().isoformat(),
        "end": last.astimezone(zone).date().isoformat(),
        "total_kwh": delivery.figures.get("total_energy"),
        "energy_cost": delivery.figures.get("energy_cost"),
        "total_cost": delivery.figures.get("total_cost", delivery.figures.get("energy_cost")),
        "rows": delivery.rows,
        "link": link,
        "schedule": delivery.schedule_name,
    }


def _period(delivery: Delivery, words: _Words) -> str:
    """Return what people call the range: a month, days, or times."""
    zone = ZoneInfo(delivery.time_zone)
    edges = (one.astimezone(zone) for one in (delivery.start, delivery.end))
    return DateWords(words.locale).period(*edges)


def _own_body(
    hass: HomeAssistant, delivery: Delivery, words: _Words, values: Mapping[str, Any]
) -> str:
    # What its energy costs is a part of what a bill comes to.
    money = "total_cost" if "total_cost" in delivery.figures else "energy_cost"
    units = {"total_energy": "kWh", money: only_currency(hass)}
    figures = []
    for name, unit in units.items():
        if (value := delivery.figures.get(name)) is not None:
            french = words is _FRENCH
            text = quantity_text(value, _DECIMALS[name], unit, french=french)
            figures.append(getattr(words, name).format(value=text))
    # Nobody counts the lines of a bill.
    return "\n".join(
        [
            words.ready.format_map(values),
            "",
            *(figures or [words.rows.format(value=delivery.rows)]),
        ]
    )

# ruff: noqa: RUF001  # French has its own apostrophe
"""What a file says about the parts of its range that are missing, estimated or left out.

A warning is `{code, message, start, end, count, about, fields, filters, kwh}`; start and end are in
UTC with `Z`, fields and filters are called as in requests. The message is for programs and logs, in
English; a document says the same in its reader's language.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from ..times import utc_text
from .colon import with_colon
from .translated import choices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    type Warning_ = dict[str, Any]
    type _Pair = tuple[str, str]

_SENTENCES: Final[Mapping[str, _Pair]] = {
    "ADMINISTRATORS_ONLY": (
        "Destinations, exports and the database are shown to administrators only",
        "Destinations, exports et base de données ne sont montrés qu’aux administrateurs",
    ),
    "BEFORE_ENERGY": (
        "Nothing is known of this part of the range, which is not compared",
        "Rien n’est connu de cette partie de la période ; elle n’est pas comparée",
    ),
    "BEFORE_HISTORY": (
        "The recorder keeps nothing from this part of the range",
        "L’enregistreur ne conserve rien de cette partie de la période",
    ),
    "BEFORE_LEDGER": (
        "Before the first energy that is known of these devices, there is none in this file",
        "Avant la première énergie connue de ces appareils, ce fichier n’en compte aucune",
    ),
    "COUNTED_ELSEWHERE": (
        "Energy that was counted for another metering point is not in this file",
        "L’énergie comptée pour un autre point de comptage n’est pas dans ce fichier",
    ),
    "ESTIMATED": (
        "When some energy was used is an estimate",
        "Le moment où une partie de l’énergie a été utilisée est une estimation",
    ),
    "ESTIMATES_LEFT_OUT": (
        "This energy, whose time is estimated, tells nothing of habits; it is left out",
        "Cette énergie, dont l’heure est estimée, ne dit rien des habitudes ; elle est écartée",
    ),
    "FILTERED_OUT": (
        "The filters keep none of the readings that these devices have in this range",
        "Les filtres n’ont gardé aucun des relevés de ces appareils sur cette période",
    ),
    "FROM_LEDGER": (
        "The recorder has no counter here; its energy is the ledger's",
        "Home Assistant n’a pas de relevés ici ; l’énergie est celle que MED Exporter a comptée",
    ),
    "FROM_STATISTICS": (
        "The recorder keeps no readings here; the rows are hourly statistics",
        "L’enregistreur ne garde pas de relevés ici ; les lignes sont des statistiques horaires",
    ),
    "MISSING_HALF_HOURS": (
        "The energy of some half-hours is not known",
        "L’énergie de certaines demi-heures n’est pas connue",
    ),
    "NOT_RECORDED": (
        "The recorder does not keep all of a device",
        "L’enregistreur ne conserve pas tout de cet appareil",
    ),
    "NO_HALF_HOURS": (
        "No energy is known in this range",
        "Aucune énergie n’est connue sur cette période",
    ),
    "NO_READINGS": ("No readings in this range", "Aucun relevé sur cette période"),
    "NO_STATISTICS": (
        "The recorder has purged this part, and statistics lack some of its hours",
        "L’enregistreur a purgé cette partie, et il manque des heures aux statistiques",
    ),
    "OUTLIERS_REMOVED": (
        "Readings whose power lies beyond the fences of 3 x IQR were left out",
        "Les relevés dont la puissance dépasse les bornes de 3 x IQR ont été écartés",
    ),
    "PREVIEW_FROM_STATISTICS": (
        "These rows are provisional: they come from hourly statistics, a file's from all readings",
        "Lignes provisoires, tirées de statistiques horaires, et non des relevés comme le fichier",
    ),
    "PREVIEW_SHORTENED": (
        "These rows are provisional: they show no more than this part of the range",
        "Lignes provisoires, qui ne montrent que cette partie de la période",
    ),
    "PAST_IS_READ": (
        "The past of devices that were added lately is still being read; a file made later has it",
        "Le passé d’appareils ajoutés il y a peu est encore lu ; un fichier fait plus tard l’aura",
    ),
    "UNPRICED_ENERGY": (
        "Energy without a known price in this currency is in no cost",
        "L’énergie sans prix connu dans cette devise n’est comptée dans aucun coût",
    ),
}
CODES: Final = frozenset(_SENTENCES)
"""What files warn of."""
_COUNTED: Final[Mapping[str, _Pair]] = {
    "FROM_STATISTICS": ("row", "ligne"),
    "NO_STATISTICS": ("hour", "heure"),
    "PREVIEW_FROM_STATISTICS": ("hour", "heure"),
    "OUTLIERS_REMOVED": ("row", "ligne"),
}
"""What a warning counts, where its sentence does not tell; several have an s in both languages."""
_CALLED: Final = {"fields": "reading_field", "filters": "filter"}
"""The selector whose choices have the words of what a warning names as requests do."""


def warning(
    code: str,
    start: float,
    end: float,
    count: int,
    *,
    about: str = "",
    kwh: float | None = None,
    more: str = "",
) -> Warning_:
    """Return a warning about a part of the range.

    Args:
        code: one of those above.
        start: of the part, in UTC seconds.
        end: of the part, in UTC seconds.
        count: of what it is about: devices, rows, hours or stretches, as the code says.
        about: names of what it is about, which are the same in all languages.
        kwh: energy that it is about.
        more: what the message of programs tells besides.

    """
    energy = "" if kwh is None else f"{kwh:.3f} kWh"
    told = _together(about, f"{energy} {more}".strip())
    said = {
        "code": code,
        "message": f"{_SENTENCES[code][0]}: {told}" if told else _SENTENCES[code][0],
        "start": utc_text(start),
        "end": utc_text(end),
        "count": count,
    }
    if about:
        said["about"] = about
    if kwh is not None:
        said["kwh"] = round(kwh, 3)
    return said


def naming(said: Warning_, key: Literal["fields", "filters"], names: Sequence[str]) -> Warning_:
    """Return a warning about something, which names fields or filters of it as requests do."""
    return {**said, "message": f"{said['message']} ({', '.join(names)})", key: list(names)}


def sentence(said: Mapping[str, Any], *, french: bool, energy: Callable[[float], str]) -> str:
    """Return what a warning says to the reader of a document.

    Args:
        said: what `warning` returned.
        french: whether the reader reads French, not English.
        energy: writes kWh as the reader does.

    """
    code = str(said["code"])
    if code not in CODES:
        return str(said["message"])
    text = _SENTENCES[code][french]
    kwh = said.get("kwh")
    more = [
        choices(selector, "fr" if french else "en")[name]
        for key, selector in _CALLED.items()
        for name in said.get(key, ())
    ]
    if kwh is not None:
        more.append(energy(kwh))
    if told := _together(said.get("about", ""), ", ".join(more)):
        text = with_colon(text, told, french=french)
    if code in _COUNTED:
        count = int(said["count"])
        text = f"{text}, {count} {_COUNTED[code][french]}{'s' if count > 1 else ''}"
    return text


def _together(about: str, more: str) -> str:
    return f"{about} ({more})" if about and more else about or more

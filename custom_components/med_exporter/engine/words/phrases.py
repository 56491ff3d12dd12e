# ruff: noqa: RUF001  # French has its own apostrophe
"""The words that people read in Excel and PDF files, in English and French.

Names that are not here, such as those of custom fields, are shown as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..export_types import EXPORT_TYPES
from .quantities import number_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..rows.tables import Column

type _Pair = tuple[str, str]
"""English and French."""

UNITS: Mapping[str, str] = {
    "power_w": "W",
    "rated_power": "W",
    "energy_kwh": "kWh",
    "energy_total_kwh": "kWh",
    "voltage": "V",
    "current": "A",
}
"""The units of columns whose name tells them."""

TITLES: Mapping[str, _Pair] = {
    "device_summary": ("Devices", "Appareils"),
    "energy_consumption": ("Energy consumption", "Consommation d’énergie"),
    "cost_breakdown": ("Costs", "Coûts"),
    "system_health": ("System health", "État du système"),
    "usage_patterns": ("Usage patterns", "Habitudes de consommation"),
}
"""Tables."""

COLUMNS: Mapping[str, _Pair] = {
    "timestamp": ("Time", "Date et heure"),
    "utc_offset": ("UTC offset", "Décalage UTC"),
    "device_id": ("Device ID", "Identifiant"),
    "device_ip": ("Address", "Adresse"),
    "device_name": ("Device", "Appareil"),
    "power_w": ("Power", "Puissance"),
    "rated_power": ("Rated power", "Puissance nominale"),
    "energy_kwh": ("Energy", "Énergie"),
    "energy_total_kwh": ("Meter reading", "Index"),
    "voltage": ("Voltage", "Tension"),
    "current": ("Current", "Intensité"),
    "cost": ("Cost", "Coût"),
    "is_on": ("On", "Allumé"),
    "filled": ("Filled", "Complété"),
    "from_statistics": ("From statistics", "Issu des statistiques"),
    "period_start": ("Period", "Période"),
    "period_end": ("End of period", "Fin de période"),
    "device": ("Device", "Appareil"),
    "time_of_use": ("Tariff period", "Période tarifaire"),
    "rate_tier": ("Tier", "Tranche"),
    "energy_cost": ("Energy cost", "Coût de l’énergie"),
    "standing_charge": ("Standing charge", "Abonnement"),
    "feed_in": ("Feed-in", "Revente"),
    "total": ("Total", "Total"),
    "currency": ("Currency", "Devise"),
    "date": ("Date", "Date"),
    "day": ("Day", "Jour"),
    "month": ("Month", "Mois"),
    "weekday": ("Weekday", "Jour de la semaine"),
    "hour": ("Hour", "Heure"),
    "metering_point": ("Metering point", "Point de comptage"),
    "pdl": ("Metering point ID", "Identifiant du point"),
    "name": ("Name", "Nom"),
    "role": ("Role", "Rôle"),
    "state": ("State", "État"),
    "model": ("Model", "Modèle"),
    "firmware": ("Firmware", "Micrologiciel"),
    "address": ("Address", "Adresse"),
    "last_seen": ("Last seen", "Vu pour la dernière fois"),
    "rows": ("Rows", "Lignes"),
    "peak_power_w": ("Peak power", "Puissance maximale"),
    "average_kwh": ("Average", "Moyenne"),
    "base_load_w": ("Base load", "Consommation de fond"),
    "busiest_rank": ("Rank", "Rang"),
    "kind": ("Kind", "Nature"),
    "answer_rate": ("Answer rate", "Taux de réponse"),
    "gaps": ("Gaps", "Interruptions"),
    "longest_gap": ("Longest gap", "Interruption la plus longue"),
    "backlog": ("Waiting", "En attente"),
    "last_success": ("Last success", "Dernier succès"),
    "exports": ("Exports", "Exports"),
    "size_mb": ("Size", "Taille"),
    "id": ("ID", "Identifiant"),
    "mac": ("MAC address", "Adresse MAC"),
    "type": ("Type", "Type"),
    "enabled": ("Enabled", "Activé"),
    "message": ("Message", "Message"),
}
"""Columns, without their units."""

FIGURES: Mapping[str, _Pair] = {
    "devices": ("Devices", "Appareils"),
    "metering_point": ("Metering point", "Point de comptage"),
    "metering_points": ("Metering points", "Points de comptage"),
    "metering_point_id": ("Its number", "Son numéro"),
    "supplier": ("Supplier", "Fournisseur"),
    "total_energy": ("Total energy", "Énergie totale"),
    "total_cost": ("Total cost", "Coût total"),
    "peak_power": ("Peak power", "Puissance maximale"),
    "records": ("Rows", "Lignes"),
    "energy_cost": ("Energy cost", "Coût de l’énergie"),
    "standing_charge": ("Standing charge", "Abonnement"),
    "feed_in": ("Feed-in", "Revente"),
    "total_production": ("Total production", "Production totale"),
    "peak_power_device": ("Device with the peak", "Appareil au maximum"),
    "device_count": ("Number of devices", "Nombre d’appareils"),
    "base_load": ("Base load", "Consommation de fond"),
    "busiest_hours": ("Busiest hours", "Heures les plus chargées"),
    "answer_rate": ("Average answer rate", "Taux de réponse moyen"),
}

CHARTS: Mapping[str, _Pair] = {
    "energy_by_day": ("Energy by day", "Énergie par jour"),
    "energy_by_week": ("Energy by week", "Énergie par semaine"),
    "energy_by_month": ("Energy by month", "Énergie par mois"),
    "energy_by_device": ("Share of each device", "Part de chaque appareil"),
    "cost_by_day": ("Cost by day and device", "Coût par jour et par appareil"),
    "cost_by_week": ("Cost by week and device", "Coût par semaine et par appareil"),
    "cost_by_month": ("Cost by month and device", "Coût par mois et par appareil"),
    "energy_cost_by_day": ("Energy cost by day", "Coût de l’énergie par jour"),
    "energy_cost_by_month": ("Energy cost by month", "Coût de l’énergie par mois"),
    "cost_by_tariff_period": ("Cost by tariff period", "Coût par période tarifaire"),
    "energy_by_hour": (
        "Average energy by weekday and hour",
        "Énergie moyenne par jour de la semaine et par heure",
    ),
}

TEXTS: Mapping[str, _Pair] = {
    "summary": ("Summary", "Résumé"),
    "charts": ("Charts", "Graphiques"),
    "contents": ("Contents", "Sommaire"),
    "warnings": ("Warnings", "Avertissements"),
    "period": ("Period", "Période"),
    "range": ("{start} to {end}", "du {start} au {end}"),
    "month_range": ("{start} to {end}", "{start} à {end}"),
    "month_from": ("{month} (from day {day})", "{month} (à partir du {day})"),
    "time_zone": ("Time zone", "Fuseau horaire"),
    "created": ("Created", "Créé le"),
    "created_at": ("created on {moment}", "créé le {moment}"),
    "aggregation": ("Rows", "Lignes"),
    "page": ("Page {number} of", "Page {number} sur"),
    "yes": ("yes", "oui"),
    "no": ("no", "non"),
    "no_rows": ("No rows", "Aucune ligne"),
    "no_values": ("No values in this period", "Aucune valeur sur cette période"),
    "row_count": ("{count} rows", "{count} lignes"),
    "row_count_one": ("{count} row", "{count} ligne"),
    "and_more": ("and {count} more", "et {count} de plus"),
    "usage_note": (
        (
            "On average {average} W are used, and hardly ever less than {base} W. Most is used on "
            "{busiest}, least on {quietest}. Production is not counted; energy whose hour is an "
            "estimate is left out."
        ),
        (
            "En moyenne {average} W sont utilisés, et presque jamais moins de {base} W. Le "
            "maximum est le {busiest}, le minimum le {quietest}. La production n’est pas comptée ; "
            "l’énergie dont l’heure est une estimation est laissée de côté."
        ),
    ),
    "hour_of_week": ("{day} at {hour}", "{day} à {hour}"),
    "production_by": ("{title}: production", "{title} : production"),
    "beside_by": ("{title}: not in the total", "{title} : hors du total"),
    "others": ("others", "autres"),
    "one_price": ("One price", "Prix unique"),
    "no_price": ("Without a price", "Sans prix"),
}

_COLOURS: Mapping[str, _Pair] = {
    "blue": ("blue", "bleu"),
    "white": ("white", "blanc"),
    "red": ("red", "rouge"),
    "unknown": ("unknown colour", "couleur inconnue"),
}
_HOURS: Mapping[str, _Pair] = {
    "peak": ("peak", "heures pleines"),
    "off_peak": ("off-peak", "heures creuses"),
}

_MONTHS: tuple[_Pair, ...] = (
    ("January", "janvier"),
    ("February", "février"),
    ("March", "mars"),
    ("April", "avril"),
    ("May", "mai"),
    ("June", "juin"),
    ("July", "juillet"),
    ("August", "août"),
    ("September", "septembre"),
    ("October", "octobre"),
    ("November", "novembre"),
    ("December", "décembre"),
)
_WEEKDAYS: tuple[_Pair, ...] = (
    ("Monday", "lundi"),
    ("Tuesday", "mardi"),
    ("Wednesday", "mercredi"),
    ("Thursday", "jeudi"),
    ("Friday", "vendredi"),
    ("Saturday", "samedi"),
    ("Sunday", "dimanche"),
)


class Words:
    """The words of one language.

    Args:
        locale: `en` or `fr`.

    """

    def __init__(self, locale: str) -> None:
        self._french = locale == "fr"

    def text(self, name: str, **values: object) -> str:
        """Return one of `TEXTS` with its values put in, whole numbers as the language has them."""
        shown = {
            key: number_text(value, 0, french=self._french) if isinstance(value, int) else value
            for key, value in values.items()
        }
        return self._of(TEXTS[name]).format(**shown)

    def title(self, name: str) -> str:
        """Return what an export type or a table is called."""
        return self._named(TITLES, name)

    def nothing(self, table: str) -> str:
        """Return what is said of a table without rows."""
        own = f"no_{table}"
        found = self._named({}, own)
        return self.text("no_rows") if found == own else found

    def figure(self, name: str) -> str:
        """Return what a figure is called."""
        return self._named(FIGURES, name)

    def chart(self, name: str) -> str:
        """Return the title of one of `CHARTS`."""
        return self._named(CHARTS, name)

    def column(self, name: str) -> str:
        """Return what a column is called, without its unit."""
        return self._named(COLUMNS, name)

    def header(self, column: Column) -> str:
        """Return what a column is called, with its unit."""
        unit = unit_of(column)
        title = self.column(column.name)
        return f"{title} ({unit})" if unit else title

    def tariff_period(self, name: str) -> str:
        """Return what a tariff period is called: those of Tempo have words, others their name."""
        colour, _, hours = name.partition("_")
        if colour not in _COLOURS or hours not in _HOURS:
            return name
        return f"{self._of(_COLOURS[colour])}, {self._of(_HOURS[hours])}"

    def months(self) -> Sequence[str]:
        """Return the names of the months, January first."""
        return [self._of(month) for month in _MONTHS]

    def weekdays(self) -> Sequence[str]:
        """Return the names of the days of a week, Monday first."""
        return [self._of(day) for day in _WEEKDAYS]

    def _named(self, words: Mapping[str, _Pair], name: str) -> str:
        pair = words.get(name) or _of_export_type(name)
        return name if pair is None else self._of(pair)

    def _of(self, pair: _Pair) -> str:
        return pair[self._french]


def _of_export_type(name: str) -> _Pair | None:
    """Return what an export type calls itself or one of its own columns, tables and charts."""
    if name in EXPORT_TYPES:
        return EXPORT_TYPES[name].title
    return next((one.words[name] for one in EXPORT_TYPES.values() if name in one.words), None)


def unit_of(column: Column) -> str:
    """Return the unit of a column, "" where it has none."""
    return column.unit or UNITS.get(column.name, "")

"""Contracts as a person enters them, and moments of the wall clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from custom_components.med_exporter.engine.costs.standing_charge import standing_charge
from custom_components.med_exporter.engine.tariff import Known, Tariff, parse_contracts
from custom_components.med_exporter.engine.tariff.timeline import Segment
from custom_components.med_exporter.engine.tariff.timeline import segments as segments_of

PARIS = ZoneInfo("Europe/Paris")
NEW_YORK = ZoneInfo("America/New_York")
KOLKATA = ZoneInfo("Asia/Kolkata")

SPRING_PARIS = date(2026, 3, 29)
AUTUMN_PARIS = date(2026, 10, 25)
SPRING_NEW_YORK = date(2026, 3, 8)
AUTUMN_NEW_YORK = date(2026, 11, 1)

FLAT = {"valid_from": "2020-01-01", "kind": "flat", "price": 0.25}
NIGHT_AND_DAY = {
    "valid_from": "2020-01-01",
    "kind": "time_of_use",
    "periods": [
        {"name": "night", "price": 0.1, "start": "22:30", "end": "06:30"},
        {"name": "day", "price": 0.3, "start": "06:30", "end": "22:30"},
    ],
}
TEMPO = {
    "valid_from": "2020-01-01",
    "kind": "tempo",
    "prices": {
        "blue": {"peak": 0.16, "off_peak": 0.13},
        "white": {"peak": 0.19, "off_peak": 0.15},
        "red": {"peak": 0.76, "off_peak": 0.16},
    },
}
TIERS = {
    "valid_from": "2020-01-01",
    "kind": "tiers",
    "tiers": [{"up_to": 100, "price": 0.1}, {"up_to": 250, "price": 0.2}, {"price": 0.4}],
}


def tariff(*contracts: dict) -> Tariff:
    return parse_contracts(list(contracts))


def segments(
    start: datetime, end: datetime, *contracts: dict, zone=PARIS, colours=None
) -> list[Segment]:
    """Return the segments of a range."""
    known = Known(colours or {})
    return list(segments_of(tariff(*contracts), zone, known, start.timestamp(), end.timestamp()))


def local(text: str, zone=PARIS, fold: int = 0) -> datetime:
    """Return a wall-clock time as an instant in UTC; fold 1 is the second of two like it."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


def day_bounds(day: date, zone=PARIS) -> tuple[datetime, datetime]:
    start = datetime.combine(day, time(), zone).astimezone(UTC)
    return start, datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)


def hours(start: datetime, end: datetime) -> float:
    return (end - start) / timedelta(hours=1)


def utc(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


def owed(tariff: Tariff, first: date, after: date, zone: ZoneInfo = PARIS) -> float:
    """Return the standing charge of whole local days."""
    midnights = (datetime.combine(day, time(), zone).timestamp() for day in (first, after))
    return standing_charge(tariff, *midnights, zone)

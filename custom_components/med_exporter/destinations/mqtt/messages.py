"""What is published for a measurement: its topic, its JSON, and how long it holds."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Final

import orjson

from ...const import DataType
from ...engine.lazy_dataclass import dataclass
from ...sources.tempo_calendar import ONE_DAY, PARIS, paris_date
from ..measurements import EcoWattLevel, Energy, TempoDay

if TYPE_CHECKING:
    from collections.abc import Collection

    from ..measurements import Measurement

ENERGY_TOPICS: Final = {
    DataType.CONSUMPTION_DAILY: "consumption/daily",
    DataType.CONSUMPTION_MONTHLY: "consumption/monthly",
    DataType.CONSUMPTION_DETAILED: "consumption/detailed",
    DataType.PRODUCTION_DAILY: "production/daily",
}
TEMPO_TODAY: Final = "tempo/today"
TEMPO_TOMORROW: Final = "tempo/tomorrow"
ECOWATT: Final = "ecowatt/current"
STATUS: Final = "status"
ONLINE: Final = "online"
OFFLINE: Final = "offline"
_DIGITS: Final = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Publishing:
    """Where below, how surely and whether to stay: the user's choice for values.

    `discovery` tells whether sensors are announced, which the broker has to keep; `status` is the
    topic below the prefix that says whether the exporter lives, and the last will's.
    """

    topic_prefix: str
    qos: int
    retain: bool
    discovery: bool = False
    status: str = STATUS

    @property
    def status_topic(self) -> str:
        """Return the topic that tells whether the exporter lives."""
        return f"{self.topic_prefix}/{self.status}"

    @property
    def keeps_status(self) -> bool:
        """Return whether the broker has to keep the status: sensors depend on it."""
        return self.retain or self.discovery

    def retained_topics(self, pdls: Collection[str]) -> set[str]:
        """Return every topic on which the broker may keep something of these metering points."""
        topics = {self.status_topic} if self.keeps_status else set()
        if self.retain:
            below = [TEMPO_TODAY, TEMPO_TOMORROW, ECOWATT]
            below += [
                f"{pdl}/{topic}"
                for pdl in pdls
                for data_type, topic in ENERGY_TOPICS.items()
                if data_type is not DataType.CONSUMPTION_DETAILED
            ]
            topics.update(f"{self.topic_prefix}/{topic}" for topic in below)
        return topics


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message; a broker of MQTT 5 forgets it at `expires_at`, if that is set."""

    topic: str
    payload: str
    retain: bool
    expires_at: datetime | None = None


def message_of(measurement: Measurement, publishing: Publishing, now: datetime) -> Message | None:
    """Return the message of a measurement; None for a day of the grid that no topic is about.

    The topics of Tempo and EcoWatt stand for the running day in Paris and the next one. What they
    say is true until midnight there.
    """
    if isinstance(measurement, Energy):
        assert measurement.point is not None
        topic = f"{measurement.point.pdl}/{ENERGY_TOPICS[measurement.data_type]}"
        return Message(
            topic=f"{publishing.topic_prefix}/{topic}",
            payload=_energy(measurement, measurement.point.pdl),
            retain=publishing.retain and not measurement.closed,
        )
    day, today = measurement.start.date(), paris_date(now)
    if isinstance(measurement, TempoDay):
        topics = {today: TEMPO_TODAY, today + ONE_DAY: TEMPO_TOMORROW}
        payload = _tempo(measurement.colour.value.upper(), day)
    elif isinstance(measurement, EcoWattLevel):
        topics = {today: ECOWATT}
        payload = _ecowatt(measurement)
    else:
        raise TypeError(f"no topic for {type(measurement).__name__}")
    if measurement.closed or day not in topics:
        return None
    return _of_the_grid(topics[day], payload, publishing, today)


def unknown_tomorrow(
    topics: Collection[str], publishing: Publishing, now: datetime
) -> Message | None:
    """Return what takes the place of an outdated colour while that of tomorrow is not known.

    `topics` are those on which values are published: today's colour, but not tomorrow's.
    """
    prefix, today = publishing.topic_prefix, paris_date(now)
    if f"{prefix}/{TEMPO_TODAY}" not in topics or f"{prefix}/{TEMPO_TOMORROW}" in topics:
        return None
    return _of_the_grid(TEMPO_TOMORROW, _tempo(None, today + ONE_DAY), publishing, today)


def nothing(topic: str, *, retain: bool = True) -> Message:
    """Return what has the broker forget the message that it keeps on a topic."""
    return Message(topic=topic, payload="", retain=retain)


def _of_the_grid(topic: str, payload: str, publishing: Publishing, today: date) -> Message:
    return Message(
        topic=f"{publishing.topic_prefix}/{topic}",
        payload=payload,
        retain=publishing.retain,
        expires_at=datetime.combine(today + ONE_DAY, time(), PARIS),
    )


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _energy(measurement: Energy, pdl: str) -> str:
    read_at = measurement.timestamp.replace(tzinfo=None).isoformat(timespec="seconds")
    return _json(
        {
            "value": round(measurement.kwh, _DIGITS),
            "unit": "kWh",
            "date": measurement.date,
            "pdl": pdl,
            "closed": measurement.closed,
            "timestamp": f"{read_at}Z",
        }
    )


def _tempo(colour: str | None, day: date) -> str:
    return _json({"color": colour, "date": day.isoformat()})


def _ecowatt(measurement: EcoWattLevel) -> str:
    return _json(
        {
            "value": measurement.level,
            "message": measurement.details.get("message"),
            "hourly_values": measurement.details.get("hourly_values"),
            "date": measurement.date,
        }
    )

"""The values that are pushed: energy, its cost, Tempo colours and EcoWatt levels."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from ..engine.lazy_dataclass import dataclass
from ..entries.finding import slug_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from ..const import DataType
    from ..sources.tempo_calendar import TempoColour


class Grain(StrEnum):
    """How long the periods are that a value stands for."""

    HALF_HOURLY = "half_hourly"
    HOURLY = "hourly"
    DAILY = "daily"
    MONTHLY = "monthly"


@dataclass(frozen=True, kw_only=True, slots=True)
class PointName:
    """A metering point as destinations know it: its id as typed, the slug of it, its name."""

    pdl: str
    slug: str
    name: str

    @classmethod
    def of(cls, pdl: str, name: str) -> Self:
        """Return the metering point of an id as typed."""
        return cls(pdl=pdl, slug=slug_of(pdl), name=name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """The value of one period.

    Attributes:
        data_type: what the user chose that brings this value.
        point: whose value it is; None for a value of the grid that goes out once per house.
        grain: length of the period.
        start: when the period begins, aware, in the installation's time zone.
        end: when it ends, and the next one begins.
        closed: whether it is over; the value of a period that still runs changes.
        timestamp: UTC; when the value was read, or the period's end.

    """

    data_type: DataType
    point: PointName | None
    grain: Grain
    start: datetime
    end: datetime
    closed: bool
    timestamp: datetime

    @property
    def date(self) -> str:
        """Return the period: `YYYY-MM-DD`, `YYYY-MM`, or the local start with its offset."""
        if self.grain is Grain.DAILY:
            return self.start.date().isoformat()
        if self.grain is Grain.MONTHLY:
            return self.start.date().isoformat()[:7]
        return self.start.isoformat(timespec="seconds")


@dataclass(frozen=True, kw_only=True, slots=True)
class Energy(Measurement):
    """How much was used or produced, in kWh."""

    kwh: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost(Measurement):
    """What the period's consumption has cost, in the installation's currency (ISO 4217)."""

    amount: float
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TempoDay(Measurement):
    """The colour of a day."""

    colour: TempoColour


@dataclass(frozen=True, kw_only=True, slots=True)
class EcoWattLevel(Measurement):
    """The state of the grid on a day: 1 (fine) to 3 (tense)."""

    level: int
    details: Mapping[str, object] = field(default_factory=dict)
    """`message`, and `hourly_values`: one level per hour."""

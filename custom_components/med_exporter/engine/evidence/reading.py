"""One reading of a plug, as whole milliwatt-hours, and what is said of one that is not believed."""

from __future__ import annotations

import math
from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from ..lazy_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

_MWH_PER_KWH: Final = 1_000_000
# No plug lives to see more than this, in kWh.
_MOST_KWH: Final = 10_000_000.0


class Reason(StrEnum):
    """Why a counter of a plug was not believed."""

    NO_NUMBER = "no_number"
    """It is not a number, negative, or larger than any plug can count."""
    TOO_MUCH = "too_much"
    """More than a socket can pass in a day or month."""
    SPIKE = "spike"
    """More than the socket can pass in the time, and taken back."""
    FALL = "fall"
    """It fell, and was back afterwards."""
    CONTRADICTED = "contradicted"
    """It went on from there, but the other counters show that no such energy was used."""
    FALSE_START = "false_start"
    """The first reading of all, which the later ones do not go on from."""
    LATE = "late"
    """It was taken before one that has been counted already."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """A counter that was not believed.

    `at` is when it was read (aware), `counter` is `total`, `day` or `month`, `value_kwh` what it
    showed, `believed_kwh` what had been believed before, None where nothing had.
    """

    at: datetime
    reason: Reason
    counter: str
    value_kwh: float
    believed_kwh: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the refusal as plain JSON values."""
        return {
            "at": self.at.isoformat(),
            "reason": self.reason.value,
            "counter": self.counter,
            # JSON has neither.
            "value_kwh": self.value_kwh if math.isfinite(self.value_kwh) else str(self.value_kwh),
            "believed_kwh": self.believed_kwh,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What a plug said at one moment. Counters in kWh, None for what it did not tell.

    Attributes:
        at: when it was read, by a clock that is believed; aware and local.
        seconds: the time since the reading before, as far as any clock tells; at least 0.
        total: restarts near zero when the plug reboots.
        day: of the running day, by the plug's clock, or of `dated`.
        month: likewise.
        month_before: of the month before `dated`; only plugs that keep statistics tell it.
        dated: the date whose entries `day` and `month` are, where the plug was asked for a date.
            None where it rolls them over by itself.
        clock: the plug's own date, where it tells one.
        ended: of months of the plug that are over, by the first of each, as far as it was asked:
            those of which `month` and `month_before` tell nothing.
        power: in W.
        ahead: the plug's own date, where that is a later one than `dated`.

    """

    at: datetime
    seconds: float = 0.0
    total: float | None = None
    day: float | None = None
    month: float | None = None
    month_before: float | None = None
    dated: date | None = None
    clock: date | None = None
    ended: Mapping[date, float] = field(default_factory=dict)
    power: float | None = None
    ahead: date | None = None

    def shown(self) -> Mapping[str, float]:
        """Return the counters that the plug told, by name."""
        counters = {"total": self.total, "day": self.day, "month": self.month}
        return {name: kwh for name, kwh in counters.items() if kwh is not None}


def to_mwh(kwh: float) -> int:
    """Return an energy in kWh as whole milliwatt-hours."""
    return round(kwh * _MWH_PER_KWH)


def to_kwh(mwh: int) -> float:
    """Return milliwatt-hours as kWh."""
    return mwh / _MWH_PER_KWH


def unlikely(name: str, kwh: float, limit_w: float) -> Reason | None:
    """Return why a counter cannot be what it says, whatever was before; None where it can."""
    if not math.isfinite(kwh) or not 0 <= kwh <= _MOST_KWH:
        return Reason.NO_NUMBER
    # The longest day has 25 hours, the longest month an hour more than 31 days.
    hours = {"day": 25, "month": 31 * 24 + 1}.get(name)
    if hours is not None and kwh > hours * limit_w / 1000:
        return Reason.TOO_MUCH
    return None

"""What energy has cost, as it is told to whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from ..engine.lazy_dataclass import dataclass

if TYPE_CHECKING:
    from datetime import date, datetime

type CostAggregation = Literal["half_hourly", "hourly", "daily", "weekly", "monthly"]
type CostSplit = Literal["plug", "period", "tier"]


@dataclass(frozen=True, slots=True)
class CostTotal:
    """Energy and what it cost.

    `cost` is that of the priced energy alone, and None where none of it is priced; `unpriced_kwh`
    of `kwh` has no known price.
    """

    kwh: float
    cost: float | None
    unpriced_kwh: float


@dataclass(frozen=True, slots=True)
class CostPeriod(CostTotal):
    """What the energy of one period cost, or the part of it that a split asks for.

    Attributes:
        start: when the period begins, in the installation's time zone.
        end: when it ends, and the next one begins.
        plug_id: None where plugs are not told apart.
        period: the tariff period; None where they are not told apart, "" for a contract without.
        tier: 1 for the first; None where they are not told apart, 0 for a contract without.

    """

    start: datetime
    end: datetime
    plug_id: str | None = None
    period: str | None = None
    tier: int | None = None


@dataclass(frozen=True, slots=True)
class RunningCosts:
    """What a metering point's consumption has cost so far, and in the day and month before.

    `midnight` and `month_start` are when the running day and month began; `plugs_today` goes by
    plug id; all money is in `currency`. The Tempo colours of `missing_colours` would be needed.
    """

    midnight: datetime
    month_start: datetime
    today: CostTotal
    yesterday: CostTotal
    month: CostTotal
    last_month: CostTotal
    plugs_today: dict[str, CostTotal]
    currency: str
    missing_colours: list[date]


NOTHING: Final = CostTotal(0.0, None, 0.0)

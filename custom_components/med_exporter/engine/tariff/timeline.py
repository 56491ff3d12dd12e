"""Cut time where a tariff's price may change."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from ..times import day_of
from .clock import local_day
from .rates import Rate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    from .contracts import Contract, Tariff
    from .rates import Known

_DAY: Final = timedelta(days=1)
_NO_CONTRACT: Final = Rate(None, None)


class Segment(NamedTuple):
    """A stretch of one local day in which the rate does not change; times in UTC seconds.

    `contract` is None before the first one.
    """

    start: int
    end: int
    day: date
    contract: Contract | None
    rate: Rate


def segments(
    tariff: Tariff, zone: tzinfo, known: Known, start: float, end: float
) -> Iterator[Segment]:
    """Yield the segments that [start, end) touches, ascending and uncut.

    They are cut at local midnights, changes of contract and edges of periods.

    Args:
        tariff: the contracts.
        zone: the installation's time zone.
        known: colours and prices.
        start: UTC seconds.
        end: UTC seconds.

    """
    day = day_of(start, zone)
    reached = start
    while reached < end:
        for segment in _segments_of(tariff, zone, known, day):
            reached = max(reached, segment.end)
            if segment.start < end and segment.end > start:
                yield segment
        # By the calendar: a clock set back over midnight shows yesterday's date once more.
        day += _DAY


def _segments_of(tariff: Tariff, zone: tzinfo, known: Known, day: date) -> list[Segment]:
    """Return the segments of a date that the clock shows."""
    whole = local_day(day, zone)
    contract = tariff.contract_on(day)
    if contract is None and whole.start < whole.end:
        return [Segment(whole.start, whole.end, day, None, _NO_CONTRACT)]
    found: list[Segment] = []
    for begin, after, rate in contract.pricing.rates(whole, known) if contract else ():
        if found and found[-1].rate == rate:
            found[-1] = found[-1]._replace(end=after)
        elif begin < after:
            found.append(Segment(begin, after, day, contract, rate))
    return found

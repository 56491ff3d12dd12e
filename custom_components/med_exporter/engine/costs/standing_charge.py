"""What metering points owe whether energy is used or not: the standing charge, day by day.

A day bears its share of its month's amount (1/28 to 1/31), and a part of a day its share of that.
"""

from __future__ import annotations

from calendar import monthrange
from itertools import pairwise
from typing import TYPE_CHECKING

from ..times import boundaries, local_time

if TYPE_CHECKING:
    from datetime import tzinfo

    from ..tariff.contracts import Tariff


def standing_charge(tariff: Tariff, start: float, end: float, zone: tzinfo) -> float:
    """Return the standing charge of a stretch; those of adjacent stretches add up.

    Args:
        tariff: the contracts; a day without one bears no charge.
        start: UTC seconds, included.
        end: UTC seconds, not included.
        zone: the time zone of days and months.

    """
    if not tariff.contracts or start >= end:
        return 0.0
    charge = 0.0
    for midnight, following in pairwise(boundaries("daily", start, end, zone)):
        day = local_time(midnight, zone).date()
        contract = tariff.contract_on(day)
        if contract is not None:
            share = (min(following, end) - max(midnight, start)) / (following - midnight)
            charge += contract.standing_charge * share / monthrange(day.year, day.month)[1]
    return charge

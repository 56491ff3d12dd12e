"""What metering points owe whether energy is used or not: the standing charge, day by day.

The table `med_exporter_pricings` has the contract that each day was priced with. A day bears its
share of its month's amount (1/28 to 1/31), and a part of a day its share of that.
"""

from __future__ import annotations

import json
from calendar import monthrange
from itertools import pairwise
from typing import TYPE_CHECKING

from sqlalchemy import String, Text, column, inspect, select, table

from .tariff import Eras
from .times import boundaries, local_time

if TYPE_CHECKING:
    from collections.abc import Collection
    from zoneinfo import ZoneInfo

    from .recorder import Connect

_NAME = "med_exporter_pricings"
_PRICINGS = table(_NAME, column("metering_point", String), column("contracts", Text))


def read_eras(connect: Connect, slugs: Collection[str]) -> dict[str, Eras]:
    """Return the contracts of metering points by slug; those without any are absent.

    Args:
        connect: opens a connection to the recorder's database.
        slugs: of the metering points.

    """
    columns = _PRICINGS.c
    query = select(columns.metering_point, columns.contracts).where(
        columns.metering_point.in_(list(slugs))
    )
    with connect() as connection:
        if not slugs or not inspect(connection).has_table(_NAME):
            return {}
        rows = connection.execute(query).fetchall()
    return {slug: Eras.parse(json.loads(contracts)) for slug, contracts in rows}


def standing_charge(eras: Eras, start: float, end: float, zone: ZoneInfo) -> float:
    """Return the standing charge of a stretch; those of adjacent stretches add up.

    Args:
        eras: the contract of each day; a day without one bears no charge.
        start: UTC seconds, included.
        end: UTC seconds, not included.
        zone: the time zone of days and months.

    """
    if not eras.contracts or start >= end:
        return 0.0
    charge = 0.0
    for midnight, following in pairwise(boundaries("daily", start, end, zone)):
        day = local_time(midnight, zone).date()
        contract = eras.contract_on(day)
        if contract is not None:
            share = (min(following, end) - max(midnight, start)) / (following - midnight)
            charge += contract.standing_charge * share / monthrange(day.year, day.month)[1]
    return charge

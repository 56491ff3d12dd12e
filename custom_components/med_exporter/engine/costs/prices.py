"""The prices that entities have shown, by quarter-hour, as they are kept in the database."""

from __future__ import annotations

import math
import sys
from array import array
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, select

from ..database.cost_tables import prices_table
from ..database.own_tables import exists
from ..tariff import PRICE_SECONDS
from ..times import HOUR, UTC_DAY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Connection

_QUARTERS: Final = UTC_DAY // PRICE_SECONDS
_NOTHING: Final = 1e-9
_BLUR: Final = 0.05
"""What a mean differs from the prices that it is of, since they change some seconds late."""


def read_prices(
    connection: Connection, entity_id: str, start: float, end: float
) -> dict[int, float]:
    """Return prices per kWh by the UTC second at which their quarter-hour begins.

    Args:
        connection: to the recorder's database.
        entity_id: of the entity.
        start: UTC seconds; all of the days that [start, end) touches are read.
        end: UTC seconds.

    """
    if not exists(connection, prices_table):
        return {}
    columns = prices_table.c
    rows = connection.execute(
        select(columns.day, columns.prices).where(
            columns.entity_id == entity_id,
            columns.day >= int(start // UTC_DAY),
            columns.day <= int(end // UTC_DAY),
        )
    )
    return {
        day * UTC_DAY + place * PRICE_SECONDS: price
        for day, packed in rows
        for place, price in enumerate(_unpacked(packed))
        if not math.isnan(price)
    }


def keep_prices(connection: Connection, entity_id: str, prices: Mapping[int, float]) -> int | None:
    """Keep prices by quarter-hour; those that are not named stay as they were.

    Returns:
        The first quarter-hour (UTC seconds) whose price was another or not known; None for none.

    """
    if not prices:
        return None
    known = read_prices(connection, entity_id, min(prices), max(prices))
    changed = [
        moment
        for moment, price in prices.items()
        if moment not in known or abs(known[moment] - price) > _NOTHING
    ]
    if not changed:
        return None
    known.update(prices)
    for day in {moment // UTC_DAY for moment in changed}:
        packed = array(
            "d",
            (known.get(day * UTC_DAY + n * PRICE_SECONDS, math.nan) for n in range(_QUARTERS)),
        )
        if sys.byteorder == "big":
            packed.byteswap()
        here = (prices_table.c.entity_id == entity_id) & (prices_table.c.day == day)
        connection.execute(delete(prices_table).where(here))
        connection.execute(
            insert(prices_table).values(entity_id=entity_id, day=day, prices=packed.tobytes())
        )
    return min(changed)


def keep_hours(
    connection: Connection, entity_id: str, means: Mapping[int, float], until: float
) -> int | None:
    """Keep the mean prices of hours where no finer prices are known that they agree with.

    Args:
        connection: to the recorder's database.
        entity_id: of the entity.
        means: prices per kWh by the UTC second at which their hour begins.
        until: from when on (UTC seconds) something finer tells, or that there was no price; the
            mean of the hour that it lies in is of the quarter-hours before.

    Returns:
        The first quarter-hour (UTC seconds) whose price was another or not known; None for none.

    """
    if not means:
        return None
    known = read_prices(connection, entity_id, min(means), max(means))
    prices: dict[int, float] = {}
    for hour, mean in means.items():
        every = range(hour, hour + HOUR, PRICE_SECONDS)
        quarters = [quarter for quarter in every if quarter < until]
        finer = [known[quarter] for quarter in quarters if quarter in known]
        if len(finer) < len(quarters):
            prices.update((quarter, known.get(quarter, mean)) for quarter in quarters)
        elif len(quarters) == len(every) and _differ(finer, mean):
            prices.update(dict.fromkeys(quarters, mean))
    return keep_prices(connection, entity_id, prices)


def _differ(prices: Sequence[float], mean: float) -> bool:
    """Tell whether a mean is of other prices."""
    return abs(sum(prices) / len(prices) - mean) > _BLUR * max(map(abs, (mean, *prices)))


def _unpacked(packed: bytes) -> array[float]:
    prices = array("d")
    prices.frombytes(packed)
    if sys.byteorder == "big":
        prices.byteswap()
    return prices

"""The prices that entities have shown: read from the recorder, and kept.

Home Assistant's recorder forgets states after some days. What it had by then is kept by
quarter-hour, so that costs of the past stay what they are.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from homeassistant.components.recorder import history
from homeassistant.components.recorder.statistics import get_metadata, statistics_during_period
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT

from ..const import LOGGER
from ..database import async_read_by
from ..engine.costs.prices import keep_hours, keep_prices
from ..engine.costs.terms import read_terms
from ..engine.tariff import PRICE_SECONDS
from ..engine.tariff.price_units import per_kwh
from ..engine.tariff.reader import MAX_AMOUNT
from ..engine.times import HOUR, UTC_DAY, floor_to, hour_of
from ..statistics import mark_dirty
from .change import cost_statistic_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from homeassistant.core import HomeAssistant
    from sqlalchemy.engine import Connection


class Shown(NamedTuple):
    """What the recorder has of an entity's price per kWh.

    `quarters` by the UTC second at which they begin, from states; `hours` likewise, the means of
    long-term statistics before `since`, the first of these states (UTC seconds).
    """

    entity_id: str
    quarters: dict[int, float]
    hours: dict[int, float]
    since: float


async def async_read_shown(
    hass: HomeAssistant, entity_id: str, currency: str, start: float, end: float
) -> Shown:
    """Return the prices that an entity has shown from start to end (UTC seconds).

    A price in a unit that is none of energy in this currency counts as not known.
    Raises DatabaseUnavailableError as `async_read_by` does.
    """
    state = hass.states.get(entity_id)
    unit = None if state is None else state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)

    def read() -> Shown:
        # Whole days, so that the last hours before a gap are found too.
        begin = floor_to(start, UTC_DAY)
        first, last = (datetime.fromtimestamp(moment, UTC) for moment in (begin, end))
        metadata = get_metadata(hass, statistic_ids={entity_id}).get(entity_id)
        stored = unit if metadata is None else metadata[1]["unit_of_measurement"]
        by_hours = per_kwh(stored, currency)
        found = history.state_changes_during_period(
            hass, first, last, entity_id, no_attributes=False, include_start_time_state=True
        ).get(entity_id, [])
        # An entity may have named another unit then: each state has its own.
        prices = [
            (
                max(one.last_updated.timestamp(), begin),
                _price(one.state, one.attributes.get(ATTR_UNIT_OF_MEASUREMENT, stored), currency),
            )
            for one in found
        ]
        if by_hours is None and found and all(price is None for _, price in prices):
            LOGGER.debug("%s shows no price of energy in %s: %s", entity_id, currency, unit)
        quarters = by_quarter(prices, end)
        hours: dict[int, float] = {}
        # From their first on, states tell when there was no price; a mean is that of the rest.
        since = prices[0][0] if prices else end
        if by_hours is not None:
            before, last = (datetime.fromtimestamp(one, UTC) for one in (begin - HOUR, since))
            rows = statistics_during_period(
                hass, before, last, {entity_id}, "hour", None, {"mean"}
            ).get(entity_id, [])
            hours = {
                int(row["start"]): price
                for row in rows
                if (mean := row.get("mean")) is not None
                and (price := _price(mean, stored, currency)) is not None
            }
            begun = hour_of(since)
            if begun < since and begun - HOUR not in hours:
                # No state of this hour has been forgotten: the entity began with its first.
                hours.pop(begun, None)
        return Shown(entity_id, quarters, hours, since)

    return await async_read_by(hass, read)


def keep_shown(connection: Connection, shown: Iterable[Shown]) -> None:
    """Keep prices, and note in all metering points that they price what costs something else."""
    changed = {one.entity_id: _keep(connection, one) for one in shown}
    if all(first is None for first in changed.values()):
        return
    for slug, terms in read_terms(connection).items():
        firsts = [first for one in terms.price_entities if (first := changed.get(one)) is not None]
        if firsts:
            mark_dirty(connection, cost_statistic_id(slug), None, hour_of(min(firsts)))


def _keep(connection: Connection, one: Shown) -> int | None:
    """Return the first quarter-hour (UTC seconds) that has another price than before."""
    # What states say is finer: it comes last.
    hours = {
        hour: mean
        for hour, mean in one.hours.items()
        if any(hour + n * PRICE_SECONDS not in one.quarters for n in range(4))
    }
    changed = (
        keep_hours(connection, one.entity_id, hours, one.since),
        keep_prices(connection, one.entity_id, one.quarters),
    )
    return min((first for first in changed if first is not None), default=None)


def by_quarter(shown: Iterable[tuple[float, float | None]], end: float) -> dict[int, float]:
    """Return the price of each quarter-hour: the one that was shown for the longest part of it.

    An entity changes some seconds after the price does; that is not to blur it.

    Args:
        shown: moments (UTC seconds, ascending) and the price from then on, None for none.
        end: until when the last one holds.

    """
    seconds: defaultdict[int, defaultdict[float, float]] = defaultdict(lambda: defaultdict(float))
    moments = list(shown)
    for place, (begin, price) in enumerate(moments):
        until = min(moments[place + 1][0] if place + 1 < len(moments) else end, end)
        if price is None:
            continue
        quarter = floor_to(begin, PRICE_SECONDS)
        while quarter < until:
            lasted = min(until, quarter + PRICE_SECONDS) - max(begin, quarter)
            if lasted > 0:
                seconds[quarter][price] += lasted
            quarter += PRICE_SECONDS
    return {quarter: max(prices, key=prices.__getitem__) for quarter, prices in seconds.items()}


def _price(shown: str | float, unit: str | None, currency: str) -> float | None:
    """Return what was shown as a price per kWh, None where it is no such price.

    More than anybody may enter as one is a sensor's mistake, not a price.
    """
    factor = per_kwh(unit, currency)
    if factor is None:
        return None
    try:
        price = float(shown) * factor
    except ValueError:
        return None
    return price if abs(price) <= MAX_AMOUNT else None

"""What energy costs: the energy that is kept, priced by the contracts that are stored with it."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from ..lazy_dataclass import dataclass
from ..tariff import Known, Tariff, compare, first_needed, price
from ..tariff.energy import MWH_PER_KWH, PRODUCTION, by_quarters
from ..tariff.kind import Need
from ..tariff.timeline import segments
from .energy_source import points_of, read_energy, read_past
from .prices import read_prices
from .terms import Terms, price_entities, read_terms, without_contract

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy.engine import Connection

    from ..database.connections import Connect
    from ..tariff import Colours, Comparison, Energy, Priced

_WINDOW: Final = 31 * 86400
"""Seconds whose energy is in memory at a time, unless one period is longer."""
_KWH_DECIMALS: Final = 9
_ANY_ZONE: Final = ZoneInfo("UTC")


@dataclass(slots=True)
class CostSum:
    """What a plug's energy cost in one tariff period and tier of one period.

    Attributes:
        place: of the period, from 0.
        plug_id: of the plug.
        role: `consumption`, or `production`, of which `cost` is what the feed-in brings.
        period: the tariff period, "" for none.
        tier: from 1; 0 for none.
        kwh: all energy.
        cost: of the priced part, None where none of it is.
        unpriced_kwh: the part without a known price.

    """

    place: int
    plug_id: str
    role: str
    period: str
    tier: int
    kwh: float
    cost: float | None
    unpriced_kwh: float

    @property
    def owed(self) -> float | None:
        """Return `cost` as it is to be paid: what production brings is negative."""
        return self.cost if self.cost is None or self.role != PRODUCTION else -self.cost


def price_energy(
    connection: Connection, terms: Terms, energies: Sequence[Energy], edges: Sequence[float]
) -> Priced:
    """Price energies of a metering point by its terms; see `tariff.price`."""
    start, end = edges[0], edges[-1]
    prices = {
        entity_id: read_prices(connection, entity_id, start, end)
        for entity_id in terms.price_entities
    }
    return price(terms.tariff, terms.zone, Known(terms.colours, prices), energies, edges)


def price_point(
    connection: Connection,
    terms: Terms,
    edges: Sequence[float],
    *,
    plug_ids: Collection[str] | None = None,
    past: bool = False,
) -> Priced:
    """Return what a metering point's energy costs by period.

    Args:
        connection: to the recorder's database.
        terms: of the metering point.
        edges: UTC seconds, at least two; period i has the quarter-hours that begin from edge i to
            before edge i + 1.
        plug_ids: those whose costs are wanted, None for all; others may be among the result.
        past: whether hours from before the ledger count, as those of a device "".

    """
    edges = by_quarters(edges)
    start, end = edges[0], edges[-1]
    begin = first_needed(terms.tariff, terms.zone, start, end)
    if past:
        energies = read_past(connection, terms.metering_point, begin, end)
    else:
        # What others use fills the month's tiers.
        wanted = None if terms.needs(Need.MONTH) else plug_ids
        energies = read_energy(connection, terms.metering_point, begin, end, plug_ids=wanted)
    return price_energy(connection, terms, energies, edges)


def cost_sums(
    connect: Connect,
    plug_ids: Sequence[str],
    edges: Sequence[float],
    *,
    slugs: Collection[str] | None = None,
    currency: str | None = None,
    zone: ZoneInfo = _ANY_ZONE,
) -> Iterator[tuple[list[CostSum], list[tuple[float, float]]]]:
    """Yield what the counted energy of plugs costs, some periods at a time, ascending.

    Energy that is known and empty has a sum too. Where there is no contract, nothing has a price,
    and nor has it in another currency: a plug may have counted for metering points with several.

    Args:
        connect: opens a connection to the recorder's database; asked for anew for each query.
        plug_ids: of the plugs.
        edges: as for `price_point`.
        slugs: only what was counted for these metering points; None for all.
        currency: of the costs, a code; None for whichever it is.
        zone: whose days part the stretches of energy that no contract prices.

    Yields:
        The sums, and the stretches of energy without a known price.

    """
    plugs = set(plug_ids)
    with connect() as connection:
        points = points_of(connection, plug_ids)
        if slugs is not None:
            points = [slug for slug in points if slug in slugs]
        terms = read_terms(connection, points)
    for first, some in windows(edges):
        found: list[CostSum] = []
        unpriced: list[tuple[float, float]] = []
        for slug in points:
            own = terms.get(slug)
            if own is None or currency not in (None, own.currency):
                own = without_contract(slug, zone)
            with connect() as connection:
                priced = price_point(connection, own, some, plug_ids=plug_ids)
            found += [
                CostSum(
                    first + part.place,
                    part.device,
                    part.role,
                    part.period,
                    part.tier,
                    round(amount.mwh / MWH_PER_KWH, _KWH_DECIMALS),
                    amount.cost,
                    round(amount.unpriced_mwh / MWH_PER_KWH, _KWH_DECIMALS),
                )
                for part, amount in priced.sums.items()
                if part.device in plugs
            ]
            unpriced += priced.unpriced
        yield found, sorted(unpriced)


def compare_contracts(
    connection: Connection,
    metering_point: str,
    contracts: Mapping[str, Tariff],
    stretch: tuple[float, float],
    *,
    zone: ZoneInfo,
    colours: Colours,
) -> Comparison:
    """Return what a metering point's past would have cost under several contracts.

    Args:
        connection: to the recorder's database.
        metering_point: its slug.
        contracts: by any name; the prices of their entities are those that are kept.
        stretch: start and end of the range, in UTC seconds.
        zone: the time zone of days and months.
        colours: of Tempo.

    """
    start, end = by_quarters(stretch)
    begin = min(first_needed(tariff, zone, start, end) for tariff in contracts.values())
    entities = {entity for tariff in contracts.values() for entity in price_entities(tariff)}
    prices = {entity: read_prices(connection, entity, start, end) for entity in entities}
    energies = read_past(connection, metering_point, begin, end)
    return compare(contracts, zone, Known(colours, prices), energies, stretch)


def slot_costs(
    connection: Connection,
    plug_id: str,
    start: int,
    end: int,
    seconds: int,
    *,
    currency: str | None = None,
) -> dict[int, tuple[float, float | None]]:
    """Return kWh and cost of a plug's slots by their start; what production brings is negative.

    Args:
        connection: to the recorder's database.
        plug_id: of the plug.
        start: UTC seconds at which the first slot begins.
        end: UTC seconds at which the last one ends.
        seconds: length of a slot.
        currency: as for `cost_sums`.

    """
    edges = range(start, end + 1, seconds)
    slots: dict[int, tuple[float, float | None]] = {}
    costs = cost_sums(lambda: nullcontext(connection), [plug_id], edges, currency=currency)
    for found, _ in costs:
        for one in found:
            kwh, before = slots.get(edges[one.place], (0.0, None))
            known = [part for part in (before, one.owed) if part is not None]
            slots[edges[one.place]] = (kwh + one.kwh, sum(known) if known else None)
    return slots


def billed(
    connect: Connect, plug_id: str, edges: Sequence[float], *, currency: str | None = None
) -> list[float]:
    """Return what a plug's energy of each period cost, as far as it has a price.

    Arguments are those of `cost_sums`; what production brings is negative.
    """
    money = [0.0] * (len(edges) - 1)
    for found, _ in cost_sums(connect, [plug_id], edges, currency=currency):
        for one in found:
            money[one.place] += one.owed or 0.0
    return money


def price_edges(
    connection: Connection,
    tariffs: Iterable[Tariff],
    stretch: tuple[float, float],
    *,
    zone: ZoneInfo,
    colours: Colours,
) -> set[int]:
    """Return when (UTC seconds, in a range) a kWh gets another price under some of many tariffs.

    Args:
        connection: to the recorder's database, which has the prices of entities.
        tariffs: whose prices.
        stretch: start and end of the range, in UTC seconds.
        zone: the time zone of days.
        colours: of Tempo.

    """
    edges: set[int] = set()
    for tariff in tariffs:
        prices = {one: read_prices(connection, one, *stretch) for one in price_entities(tariff)}
        known, before = Known(colours, prices), None
        for segment in segments(tariff, zone, known, *stretch):
            feed_in = segment.contract.feed_in if segment.contract else None
            # The blocks of a month begin anew.
            now = (segment.rate, feed_in, segment.rate.blocks and segment.day.replace(day=1))
            if before not in (None, now):
                edges.add(segment.start)
            before = now
    return edges


def zone_of(connection: Connection, plug_id: str) -> ZoneInfo | None:
    """Return the zone of the contracts that price a plug, None where none does."""
    terms = read_terms(connection, points_of(connection, [plug_id]))
    return next((one.zone for one in terms.values()), None)


def windows(edges: Sequence[float]) -> Iterator[tuple[int, Sequence[float]]]:
    """Yield the edges of some periods at a time, about a month, with the place of the first."""
    first = 0
    while first < len(edges) - 1:
        after = first + 1
        while after < len(edges) - 1 and edges[after + 1] - edges[first] <= _WINDOW:
            after += 1
        yield first, edges[first : after + 1]
        first = after

"""The comparison that a job asks for, its amounts rounded so that months add up to totals."""

from __future__ import annotations

import math
from contextlib import nullcontext
from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ...costs.apportioning import Apportioning, rounded, to_digits
from ...costs.costing import compare_contracts, price_edges
from ...costs.energy_source import ROLES, first_known
from ...costs.terms import read_terms
from ...lazy_dataclass import dataclass
from ...ledger import accounts_of, is_readable
from ...tariff.offers import OWN, Offer
from ...words.file_warnings import warning
from ..ledger_gaps import estimated_warning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

    from ...job import Job
    from ...tariff import Colour, Comparison, Tariff
    from ...tariff.comparison import Compared

COLOURS: Final = "tempo_colours"
"""The table that Home Assistant's side gives: dates (`YYYY-MM-DD`) and the colours of Tempo."""
_NOTICED_KWH: Final = 0.0005
_DECIMALS: Final = 2
"""Digits after the point of money, unless others are asked for."""


class Money(NamedTuple):
    """What a stretch costs, rounded; `total` is energy and standing charge less the feed-in.

    None is what is not known: all of it where the contract does not hold yet, the energy and the
    total where nothing that was used has a price.
    """

    energy_cost: float | None
    standing_charge: float | None
    feed_in: float | None
    total: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One contract.

    Attributes:
        name: by which it is told apart.
        is_named: whether the name is the user's.
        priced_on: the day on which its prices were valid, None where nobody said.
        months: what each month costs.
        money: what they cost together.
        difference: by how much it is dearer than the cheapest, None where none is known to be, or
            where it leaves energy without a price that another prices.
        shift_saving: what moving a tenth of the dear hours' energy to cheap hours would bring, None
            where nothing that was used has a price.
        unpriced_kwh: energy without a known price, which is in no sum.

    """

    name: str
    is_named: bool
    priced_on: str | None
    months: tuple[Money, ...]
    money: Money
    difference: float | None
    shift_saving: float | None
    unpriced_kwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Contracts side by side, the cheapest first; those with energy without a price come last.

    Attributes:
        edges: UTC seconds; month i runs from edge i to before edge i + 1.
        kwh: consumption of each month.
        produced_kwh: production of each month.
        lines: one for each contract.
        cheapest: name of the one with the lowest total; None where it cannot be told.
        warnings: `{code, message, start, end, count}`.

    """

    edges: Sequence[float]
    kwh: Sequence[float]
    produced_kwh: Sequence[float]
    lines: tuple[Line, ...]
    cheapest: str | None
    warnings: list[dict[str, Any]]

    def line(self, name: str | None) -> Line | None:
        """Return the line of a contract, None where there is none."""
        return next((line for line in self.lines if line.name == name), None)


def compared(job: Job, connection: Connection, end: float) -> Result:
    """Return what a job asks for.

    Time before the first energy that is known is left out: all contracts would cost their standing
    charge in it, and nothing else.

    Args:
        job: its metering point, contracts and range.
        connection: to the recorder's database.
        end: UTC seconds up to which values are known.

    """
    (point,) = job.points
    terms = read_terms(connection, [point.slug]).get(point.slug)
    offers = [Offer.from_dict(one) for one in job.own["contracts"]]
    contracts: dict[str, Tariff] = {}
    if terms is not None and terms.tariff.contracts:
        contracts[OWN] = terms.tariff
    contracts.update((offer.name, offer.tariff) for offer in offers)
    colours: dict[date, Colour] = {} if terms is None else dict(terms.colours)
    for table in job.given:
        if table.name == COLOURS:
            colours.update((date.fromisoformat(day), colour) for day, colour in table.rows)
    first = first_known(connection, point.slug)
    if first is None or first >= end:
        return _nothing(job, point.name)
    start = max(job.start, float(first))
    zone = job.zone() if terms is None else terms.zone
    comparison = compare_contracts(
        connection,
        point.slug,
        contracts,
        (start, end),
        zone=zone,
        colours=colours,
    )
    changes = price_edges(connection, contracts.values(), (start, end), zone=zone, colours=colours)
    decimals = money_decimals(job)
    lines = _lines(comparison, {offer.name: offer for offer in offers}, decimals)
    warnings = []
    if start > job.start:
        warnings.append(warning("BEFORE_ENERGY", job.start, start, 1))
    warnings += [
        warning("UNPRICED_ENERGY", start, end, 1, about=line.name, kwh=line.unpriced_kwh)
        for line in lines
        if line.unpriced_kwh > _NOTICED_KWH
    ]
    warnings += _guessed(connection, point.slug, [*comparison.edges, *changes], start, end)
    return Result(
        edges=comparison.edges,
        kwh=comparison.kwh,
        produced_kwh=comparison.produced_kwh,
        lines=lines,
        cheapest=comparison.cheapest,
        warnings=warnings,
    )


def _guessed(
    connection: Connection, slug: str, edges: Sequence[float], start: float, end: float
) -> list[dict[str, Any]]:
    if not is_readable(connection):
        return []
    plugs = [one.plug_id for one in accounts_of(connection, metering_point=slug, roles=ROLES)]
    since = dict.fromkeys(plugs, start)
    return estimated_warning(lambda: nullcontext(connection), since, end, edges, priced=False)


def _nothing(job: Job, name: str) -> Result:
    warnings = [warning("NO_HALF_HOURS", job.start, job.end, 1, about=name)]
    return Result(edges=(), kwh=(), produced_kwh=(), lines=(), cheapest=None, warnings=warnings)


def money_decimals(job: Job) -> int:
    """Return the digits after the point of an amount of money in a comparison."""
    asked = job.options.decimal_places
    return _DECIMALS if asked is None else asked


def _lines(comparison: Comparison, offers: dict[str, Offer], decimals: int) -> tuple[Line, ...]:
    shown = {
        name: _rounded(months, comparison.totals[name], decimals)
        for name, months in comparison.months.items()
    }
    lowest = None if comparison.cheapest is None else shown[comparison.cheapest][1].total
    least = min((one.unpriced_kwh for one in comparison.totals.values()), default=0.0)
    lines = []
    for name, (months, money) in shown.items():
        offer, whole = offers.get(name), comparison.totals[name]
        unpriced, difference = whole.unpriced_kwh, None
        if not (lowest is None or money.total is None or unpriced > least + _NOTICED_KWH):
            difference = rounded(money.total - lowest, decimals)
        saving = rounded(comparison.shift[name], decimals) if whole.is_priced else None
        lines.append(
            Line(
                name=name,
                is_named=offer is not None and offer.is_named,
                priced_on=None if offer is None else offer.priced_on,
                months=months,
                money=money,
                difference=difference,
                shift_saving=saving,
                unpriced_kwh=to_digits(unpriced, 3),
            )
        )
    return tuple(
        sorted(
            lines,
            key=lambda line: (
                line.money.total is None,
                line.unpriced_kwh > least + _NOTICED_KWH,
                # Before one that is as cheap only as it is shown.
                line.name != comparison.cheapest,
                line.money.total or 0.0,
            ),
        )
    )


def _rounded(
    months: Sequence[Compared], whole: Compared, decimals: int
) -> tuple[tuple[Money, ...], Money]:
    """Return months and their sum; each kind of amount is rounded by its running total."""
    columns, totals = [], []
    for name in Money._fields[:3]:
        exact = [getattr(month, name) for month in months]
        rounding = Apportioning(decimals, {None: math.fsum(exact)})
        columns.append([rounding.rounded(None, amount) for amount in exact])
        totals.append(rounding.total)
    amounts = zip(months, *columns, strict=True)
    return (
        tuple(_money(decimals, *parts) for parts in amounts),
        _money(decimals, whole, *totals),
    )


def _money(decimals: int, of: Compared, energy: float, standing: float, feed_in: float) -> Money:
    if not of.is_covered:
        return Money(None, None, None, None)
    if not of.is_priced:
        return Money(None, standing, feed_in, None)
    return Money(energy, standing, feed_in, rounded(energy + standing - feed_in, decimals))

"""Where the energy of readings goes that nobody saw being used.

A filled reading carries the energy of a gap. As a raw row it is one row. In hours, days, weeks and
months the energy is spread over the gap:

- by the quarter-hours that the ledger has of it. Where they do not add up to the reading's energy,
  they are scaled. Of a quarter-hour that lies partly in the gap, what was filled counts, less what
  is another gap's: what the quarter-hours have beyond the reading's energy. Where the ledger has
  filled nothing in the gap, the share of the quarter-hour's energy by time counts.
- What the known quarter-hours leave, evenly over the time without any.
- Of a gap that begins before the range the whole energy goes to the part inside: a range's first
  row carries all energy since the last state before it, so raw, hourly and daily rows still have
  the same sum.

The energy of an hour from statistics is spread over its quarter-hours in the same way, since it was
used between the row's timestamp and the end of the hour.

What such a reading costs (`reading_costs.py`) is shared out with it: each part costs what the
ledger's quarter-hour cost in which it lies, all of them together what the reading does.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import batched, chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, cast

from ..times import QUARTER, quarter_of
from .reading import CARRIED, FROM_LEDGER, FROM_STATISTICS, MEASURED, READING_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..costs.plug_ledger import PlugLedger
    from .reading import Reading

    type Part = tuple[float, float, float]
    """Start and end in UTC seconds, kWh."""

    type Weight = tuple[float, float, float | None]
    """Start and end in UTC seconds; kWh, None when the ledger does not tell."""

_ENERGY = READING_COLUMNS.index("energy_kwh")
_FILLED_FROM = READING_COLUMNS.index("filled_from")
_COST = READING_COLUMNS.index("cost")
_TOGETHER = 128
"""Readings that are looked at together: nearly all are as they are to be."""
_NO_GAP = frozenset((None,))
_PLAIN = frozenset((CARRIED, MEASURED))
_GAP, _HOW = itemgetter(_FILLED_FROM), itemgetter(READING_COLUMNS.index("measured"))


def spread_over_periods(
    readings: Iterable[Reading], ledger: PlugLedger, edges: Sequence[float]
) -> Iterator[Reading]:
    """Yield readings, those of a gap parted.

    The parts of a gap come before its reading, oldest first, though perhaps after readings that
    were made in the gap while the counter was not known; those of an hour from statistics alone
    behind it. Each lies in one period. It is a reading of which nothing is known but energy, cost
    and that it is filled; the gap's own reading is left without energy. A row beside it says that
    otherwise no energy was used while the reading's values held.

    Args:
        readings: of one device, oldest first.
        ledger: of the same device.
        edges: of the periods, ascending, around all readings.

    """
    return chain.from_iterable(
        some if _is_of_its_time(some) else _parted(some, ledger, edges)
        for some in batched(readings, _TOGETHER, strict=False)
    )


def _is_of_its_time(readings: Sequence[Reading]) -> bool:
    """Tell whether no reading has energy of a gap, of an hour, or of the ledger."""
    return _NO_GAP.issuperset(map(_GAP, readings)) and _PLAIN.issuperset(map(_HOW, readings))


def _parted(
    readings: Iterable[Reading], ledger: PlugLedger, edges: Sequence[float]
) -> Iterator[Reading]:
    for reading in readings:
        kwh, filled_from = reading[_ENERGY], reading[_FILLED_FROM]
        if kwh is None or reading[2] == FROM_LEDGER or (time := used_in(reading)) is None:
            yield reading
            continue
        measured, whole = reading[2], reading[_COST]
        rest = with_amounts(reading, None, None, None)
        # A gap's parts are older: whoever looks only at the next reading's time must see them.
        is_first = measured == FROM_STATISTICS and filled_from is None
        if is_first:
            yield rest
        parts = list(spread(ledger, *time, kwh))
        for (start, end, part), cost in zip(parts, _costs(ledger, reading, parts), strict=True):
            for since, until in _cut(start, end, edges):
                share = (until - since) / (end - start) if end > start else 1.0
                yield (
                    since, until, measured, None, None, None, None, part * share, None,
                    filled_from, None if cost is None else cost * share,
                )  # fmt: skip
        none = None if whole is None else 0.0
        yield _known_to_be_empty(reading, none)
        if not is_first:
            yield rest


def _costs(ledger: PlugLedger, reading: Reading, parts: Sequence[Part]) -> list[float | None]:
    """Return what parts of a reading cost: at their own prices, and together what it costs."""
    whole: float | None = reading[_COST]
    if whole is None:
        return [None] * len(parts)
    is_timed = reading[_FILLED_FROM] is None
    costs = [ledger.cost(part, start, is_timed=is_timed) for start, _, part in parts]
    known = [cost for cost in costs if cost is not None]
    kwh = sum(part for (*_, part), cost in zip(parts, costs, strict=True) if cost is not None)
    if (total := sum(known)) and (min(known) >= 0 or max(known) <= 0):
        return [None if cost is None else cost * whole / total for cost in costs]
    return [
        None if cost is None else cost + (whole - total) * (part / kwh if kwh else 1 / len(known))
        for (*_, part), cost in zip(parts, costs, strict=True)
    ]


def told_in(ledger: PlugLedger, since: float, until: float) -> float | None:
    """Return the kWh that the ledger has of a gap, None where it does not know all of it."""
    by_filled = _is_by_filled(ledger, since, until)
    weights = [kwh for *_, kwh in _weights(ledger, since, until, by_filled=by_filled)]
    known = [kwh for kwh in weights if kwh is not None]
    return sum(known) if len(known) == len(weights) else None


def spread(ledger: PlugLedger, since: float, until: float, kwh: float) -> Iterator[Part]:
    """Yield the parts of a gap's energy, oldest first; each lies in one quarter-hour.

    Without anything to tell quarter-hours apart there is one part.

    Args:
        ledger: what is known of the gap.
        since: when the gap begins, in UTC seconds.
        until: when it ends; no earlier.
        kwh: what was used in it; the parts add up to it.

    """
    if until <= since or not (ledger.has_energy or ledger.has_costs):
        yield since, until, kwh
        return
    by_filled = _is_by_filled(ledger, since, until)
    told = untold = 0.0
    for start, end, weight in _weights(ledger, since, until, by_filled=by_filled):
        if weight is None:
            untold += end - start
        else:
            told += weight
    others: dict[float, float] = {}
    if by_filled and 0 < kwh < told:
        others = _of_other_gaps(ledger, since, until, kwh, told - kwh)
        told -= sum(others.values())
    evenly = not told and not untold
    rest = max(kwh - told, 0.0) if untold else 0.0
    given = 0.0
    for start, end, weight in _weights(ledger, since, until, by_filled=by_filled):
        if end == until:
            part = kwh - given
        elif evenly:
            part = kwh * (end - start) / (until - since)
        elif weight is None:
            part = rest * (end - start) / untold
        else:
            part = (weight - others.get(start, 0.0)) * (kwh - rest) / told if told else 0.0
        given += part
        yield start, end, part


def _is_by_filled(ledger: PlugLedger, since: float, until: float) -> bool:
    """Tell whether the ledger has filled anything in a gap."""
    return any(
        energy is not None and energy[1] > 0 for _, _, energy in _energies(ledger, since, until)
    )


def _energies(
    ledger: PlugLedger, since: float, until: float
) -> Iterator[tuple[float, float, tuple[float, float] | None]]:
    """Yield the pieces of a gap by quarter-hour, and what the ledger says of each."""
    quarter = quarter_of(since)
    while quarter < until:
        yield max(since, quarter), min(until, quarter + QUARTER), ledger.energy(quarter)
        quarter += QUARTER


def _weights(
    ledger: PlugLedger, since: float, until: float, *, by_filled: bool
) -> Iterator[Weight]:
    for start, end, energy in _energies(ledger, since, until):
        if energy is None:
            yield start, end, None
        elif end - start == QUARTER:
            yield start, end, energy[0]
        elif by_filled:
            yield start, end, energy[1]
        else:
            yield start, end, energy[0] * (end - start) / QUARTER


def _of_other_gaps(
    ledger: PlugLedger, since: float, until: float, kwh: float, beyond: float
) -> dict[float, float]:
    """Return what other gaps have of the quarter-hours that a gap's ends cut, by their pieces.

    It is what the ledger has filled beyond the gap's energy: first of a piece that has more than
    the gap used at the pace of the quarter-hour beside it, which is wholly its own.
    """
    filled: dict[float, float] = {}
    likely: dict[float, float] = {}
    for quarter, step in ((quarter_of(since), QUARTER), (quarter_of(until), -QUARTER)):
        start, end = max(since, quarter), min(until, quarter + QUARTER)
        energy = ledger.energy(quarter)
        if energy is None or not 0 < end - start < QUARTER:
            continue
        is_whole = since <= quarter + step and quarter + step + QUARTER <= until
        beside = ledger.energy(quarter + step) if is_whole else None
        pace = kwh / (until - since) if beside is None else beside[0] / QUARTER
        filled[start] = energy[1]
        likely[start] = pace * (end - start)
    others = dict.fromkeys(filled, 0.0)
    for least in (likely, dict.fromkeys(likely, 0.0)):
        spare = {one: max(filled[one] - others[one] - least[one], 0.0) for one in filled}
        total = sum(spare.values())
        if (taken := min(beyond, total)) > 0:
            others = {one: others[one] + spare[one] * taken / total for one in others}
            beyond -= taken
    return others


def used_in(reading: Reading) -> tuple[float, float] | None:
    """Return since and until when a reading's energy was used, None for one that is of its time."""
    moment, until, measured, *_ = reading
    filled_from = reading[_FILLED_FROM]
    if measured == FROM_STATISTICS:
        return (moment if filled_from is None else filled_from), until
    return None if filled_from is None else (filled_from, moment)


def _known_to_be_empty(reading: Reading, cost: float | None) -> Reading:
    return reading[0], reading[1], CARRIED, None, None, None, None, 0.0, None, None, cost


def _cut(start: float, end: float, edges: Sequence[float]) -> Iterator[tuple[float, float]]:
    """Yield the pieces of a stretch by period."""
    period = bisect_right(edges, start)
    while end > edges[period]:
        yield start, edges[period]
        start = edges[period]
        period += 1
    yield start, end


def with_amounts(
    reading: Reading, kwh: float | None, filled_from: float | None, cost: float | None
) -> Reading:
    """Return a reading with other amounts."""
    # The type checker knows no length of slices.
    values: Any = (*reading[:_ENERGY], kwh, reading[_ENERGY + 1], filled_from, cost)
    return cast("Reading", values)

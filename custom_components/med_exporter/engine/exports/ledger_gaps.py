"""What is said about energy that the ledger does not know, and costs that nobody can tell."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from ..costs.costing import price_edges
from ..costs.energy_source import points_of
from ..costs.terms import read_terms
from ..ledger import counters_table, is_readable
from ..ledger.sums import known_quarters
from ..recorder.statistics import Statistics
from ..times import QUARTER, ceil_to, floor_to, utc_text
from ..words.file_warnings import warning

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Connection

    from ..database.connections import Connect
    from ..job import Job, JobDevice
    from ..recorder.states import Recorder
    from .cost_rows import Unpriced

_MOST_NAMED = 10
_SHOWN_KWH = 0.0005


def ledger_warnings(
    job: Job, recorder: Recorder, end: float, edges: Sequence[float], *, priced: bool
) -> list[dict[str, Any]]:
    """Name the half-hours of the range of which the ledger knows nothing.

    - `NO_HALF_HOURS`: devices of which nothing at all is known in the range; `count` devices.
    - `BEFORE_LEDGER`: a part at the beginning from before the first energy of devices, which they
      may have told of a time before they were added; `count` devices.
    - `MISSING_HALF_HOURS`: half-hours behind that; `count` half-hours of devices.
    - `ESTIMATED`: see `estimated_warning`.

    Args:
        job: says whose energy.
        recorder: where the ledger's tables are.
        end: UTC seconds up to which values are known.
        edges: UTC seconds at which the range is cut.
        priced: whether it is cut where prices change, too.

    """
    plugs = {one.plug_id: one.device_name for one in job.devices if one.plug_id}
    names = [one.device_name for one in job.devices if not one.plug_id]
    late: list[tuple[int, str]] = []
    missing = 0
    all_known = known_quarters(recorder.connect, list(plugs), job.start, end)
    for plug_id, known in all_known.items():
        if known.first is None or not known.quarters:
            names.append(plugs[plug_id])
            continue
        if known.first > job.start:
            late.append((known.first, plugs[plug_id]))
        begin = ceil_to(max(job.start, known.first), QUARTER)
        quarters = (floor_to(end, QUARTER) - begin) // QUARTER
        missing += math.ceil(max(quarters - known.quarters, 0) / 2)
    found = []
    if late:
        about = ", ".join(name for _, name in late)
        found.append(warning("BEFORE_LEDGER", job.start, max(late)[0], len(late), about=about))
    if names:
        about = ", ".join(names)
        found.append(warning("NO_HALF_HOURS", job.start, job.end, len(names), about=about))
    if missing:
        found.append(warning("MISSING_HALF_HOURS", job.start, end, missing))
    gone = [one.plug_id for one in job.gone if one.plug_id]
    ranges = dict.fromkeys([*plugs, *gone], job.start)
    return [*found, *estimated_warning(recorder.connect, ranges, end, edges, priced=priced)]


def past_warning(job: Job, connect: Connect, end: float) -> list[dict[str, Any]]:
    """Name the devices whose past is still to be booked: `PAST_IS_READ`, `count` devices.

    A plug brings it a while after its first posting, and a meter before.

    Args:
        job: says whose energy.
        connect: opens a connection to the recorder's database.
        end: UTC seconds up to which values are known.

    """
    plugs = {one.plug_id: one for one in job.devices if one.plug_id}
    with connect() as connection:
        if not plugs or not is_readable(connection):
            return []
        columns = counters_table.c
        booked = select(columns.plug_id, columns.started_ts, columns.backfilled)
        rows = connection.execute(booked.where(columns.plug_id.in_(list(plugs)))).all()
    began = {row.plug_id: -math.inf if row.backfilled else row.started_ts for row in rows}
    names = [
        one.device_name
        for plug_id, one in plugs.items()
        if job.start < began.get(plug_id, end)
        and (plug_id in began or _has_past(one, connect, end))
    ]
    if not names:
        return []
    return [warning("PAST_IS_READ", job.start, end, len(names), about=", ".join(names))]


def _has_past(device: JobDevice, connect: Connect, end: float) -> bool:
    """Tell whether a device that nothing was ever booked of has anything to book."""
    if not device.is_by_statistics:
        return device.last_seen is not None
    return Statistics.of_device(connect, device).first(0, end) is not None


def estimated_warning(
    connect: Connect,
    since: Mapping[str, float],
    end: float,
    edges: Sequence[float],
    *,
    priced: bool,
) -> list[dict[str, Any]]:
    """Say how much energy may lie on the other side of an edge: `ESTIMATED`, `count` devices.

    Its sum is what meters have counted in an hour, a day, a month or a gap; when in it the energy
    was used, nobody knows. Where all of it lies between two edges, nobody needs to.

    Args:
        connect: opens a connection to the recorder's database.
        since: by plug id, from when on (UTC seconds) its energy is told.
        end: UTC seconds up to which it is.
        edges: UTC seconds at which that is cut.
        priced: whether it is cut where prices change, too.

    """
    prices = _Prices(connect, min(since.values(), default=end), end) if priced else None
    guessed = []
    for plug_id, start in since.items():
        all_edges = [*edges, *(prices.edges(plug_id) if prices else ())]
        known = known_quarters(connect, [plug_id], start, end, all_edges)[plug_id]
        guessed.append((known.guessed, known.guessed_kwh))
    stretches = [(stretch, kwh) for stretch, kwh in guessed if stretch is not None]
    kwh = sum(kwh for _, kwh in stretches)
    if kwh < _SHOWN_KWH:
        return []
    start = min(first for (first, _), _ in stretches)
    end = max(last for (_, last), _ in stretches)
    return [warning("ESTIMATED", start, end, len(stretches), kwh=kwh)]


def unpriced_warning(unpriced: Unpriced) -> list[dict[str, Any]]:
    """Say how much energy has no known price, and when it was used: `UNPRICED_ENERGY`.

    There is one warning with all of the energy, for the time from the first stretch without a
    price to the last; `count` is how many stretches there are, of which the message names some.

    Args:
        unpriced: what was found.

    """
    if not unpriced.stretches or unpriced.kwh <= 0:
        return []
    stretches = _merged(unpriced.stretches)
    named = ", ".join(
        f"{utc_text(start)}/{utc_text(end)}" for start, end in stretches[:_MOST_NAMED]
    )
    more = ", …" if len(stretches) > _MOST_NAMED else ""
    start, end = stretches[0][0], stretches[-1][1]
    told = f"in {named}{more}"
    return [warning("UNPRICED_ENERGY", start, end, len(stretches), kwh=unpriced.kwh, more=told)]


class _Prices:
    """When the prices of plugs change in a range."""

    def __init__(self, connect: Connect, start: float, end: float) -> None:
        self._connect = connect
        self._stretch = (start, end)
        self._found: dict[str, set[int]] = {}

    def edges(self, plug_id: str) -> set[int]:
        """Return when the price of a plug's energy changes, as UTC seconds."""
        edges: set[int] = set()
        with self._connect() as connection:
            for slug in points_of(connection, [plug_id]):
                if slug not in self._found:
                    self._found[slug] = self._read(connection, slug)
                edges |= self._found[slug]
        return edges

    def _read(self, connection: Connection, slug: str) -> set[int]:
        terms = read_terms(connection, [slug]).get(slug)
        if terms is None:
            return set()
        return price_edges(
            connection, [terms.tariff], self._stretch, zone=terms.zone, colours=terms.colours
        )


def _merged(stretches: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return stretches ascending, those that touch as one."""
    merged: list[tuple[float, float]] = []
    for start, end in sorted(stretches):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged

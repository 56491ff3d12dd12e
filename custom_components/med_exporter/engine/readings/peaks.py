"""The highest power of a device in each of some periods."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Double, bindparam, select

from ..database.own_tables import exists
from ..database.recorder_tables import HOURS, HOURS_META
from ..recorder.state_values import Quantity
from ..recorder.units import factor
from ..times import HOUR, ceil_to
from .succession import stretches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..job import JobDevice
    from ..recorder.states import Recorder

_POWER = Quantity("power_w")
_WINDOW = 2048 * HOUR
_ID = select(HOURS_META.c.id, HOURS_META.c.unit_of_measurement).where(
    HOURS_META.c.statistic_id == bindparam("statistic_id")
)
_IN_WINDOW = select(HOURS.c.start_ts, HOURS.c.max).where(
    HOURS.c.metadata_id == bindparam("id", type_=BigInteger),
    HOURS.c.start_ts >= bindparam("low", type_=Double),
    HOURS.c.start_ts < bindparam("high", type_=Double),
)


def peaks(recorder: Recorder, device: JobDevice, edges: Sequence[float]) -> dict[int, float]:
    """Return the highest power of a device by the place of the period; unknown ones are absent.

    Hours come from the long-term statistics, which are kept for good; what these do not have yet,
    at the end of the range, comes from the states. What stood in its place before tells of its own
    time.

    Args:
        recorder: where states and statistics are.
        device: whose power.
        edges: UTC seconds; period i runs from edge i to before edge i + 1.

    """
    found = _Peaks(edges)
    for one, start, end in stretches(device, edges[0], edges[-1]):
        if _POWER.field in one.entities:
            _add(recorder, one, found, start, end)
    return found.values


def _add(recorder: Recorder, device: JobDevice, found: _Peaks, start: float, end: float) -> None:
    """Add what a device tells of a range."""
    entity_id = device.entities[_POWER.field]
    until = _add_hours(recorder, device.hours.get(_POWER.field, entity_id), found, start, end)
    metadata_id = recorder.metadata_ids([entity_id]).get(entity_id)
    if metadata_id is None:
        return
    if until is None:
        _add_states(recorder, metadata_id, found, start, end)
    else:
        # Statistics know nothing of the part of an hour at the beginning either.
        _add_states(recorder, metadata_id, found, start, min(ceil_to(start, HOUR), end))
        _add_states(recorder, metadata_id, found, until, end)


class _Peaks:
    """The highest values so far."""

    def __init__(self, edges: Sequence[float]) -> None:
        self._edges = edges
        self.values: dict[int, float] = {}

    def add(self, since: float, until: float, value: float) -> None:
        """Add a value that held from a moment to before another one."""
        place = bisect_right(self._edges, since) - 1
        while place < len(self._edges) - 1:
            known = self.values.get(place)
            self.values[place] = value if known is None else max(known, value)
            place += 1
            if self._edges[place] >= until:
                return


def _add_hours(
    recorder: Recorder, statistic_id: str, found: _Peaks, start: float, end: float
) -> float | None:
    """Add the hours that begin in a range; return when the last one ends, None without any."""
    with recorder.connect() as connection:
        if not exists(connection, HOURS):
            return None
        meta = connection.execute(_ID, {"statistic_id": statistic_id}).first()
    if meta is None:
        return None
    by = factor(_POWER.field, meta.unit_of_measurement)
    until = None
    low = start
    while low < end:
        high = min(low + _WINDOW, end)
        with recorder.connect() as connection:
            rows = connection.execute(_IN_WINDOW, {"id": meta.id, "low": low, "high": high})
            for moment, highest in rows.fetchall():
                until = max(until or 0.0, moment + HOUR)
                if highest is not None:
                    found.add(moment, moment + 1, highest * by)
        low = high
    return until


def _add_states(
    recorder: Recorder, metadata_id: int, found: _Peaks, start: float, end: float
) -> None:
    """Add what held in a range by the states."""
    if start >= end:
        return
    value = recorder.value_before(metadata_id, start, _POWER)
    since = start
    for block in recorder.states([metadata_id], start, end):
        for moment, _, state, attributes in block:
            following = recorder.units.values(_POWER, attributes)[state]
            if value is not None and moment > since:
                found.add(since, moment, value)
            since, value = moment, following
    if value is not None:
        found.add(since, end, value)

"""When a device answered and when it did not, as the recorder's states tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Double, Integer, bindparam, func, select

from ..database.recorder_tables import STATES
from ..lazy_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..job import JobDevice
    from .states import Recorder

AWAY = "unavailable"

_PAGE = 1024
_OF_ENTITY = STATES.c.metadata_id == bindparam("id", type_=BigInteger)
_SINCE = STATES.c.last_updated_ts >= bindparam("start", type_=Double)
_UNTIL = STATES.c.last_updated_ts < bindparam("end", type_=Double)
_COUNT = select(func.count()).select_from(STATES).where(_OF_ENTITY, _SINCE, _UNTIL)
_LAST = (
    select(STATES.c.state)
    .where(_OF_ENTITY, _UNTIL)
    .order_by(STATES.c.last_updated_ts.desc(), STATES.c.state_id.desc())
    .limit(1)
)
_NEXT_AWAY = (
    select(STATES.c.last_updated_ts)
    .where(_OF_ENTITY, _SINCE, _UNTIL, STATES.c.state == AWAY)
    .order_by(STATES.c.last_updated_ts)
    .limit(bindparam("size", type_=Integer))
)
_NEXT_BACK = (
    select(STATES.c.last_updated_ts)
    .where(
        _OF_ENTITY,
        STATES.c.last_updated_ts > bindparam("start", type_=Double),
        _UNTIL,
        STATES.c.state != AWAY,
    )
    .order_by(STATES.c.last_updated_ts)
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Availability:
    """How a device answered in a range.

    Attributes:
        known: seconds of the range of which the recorder has states.
        away: seconds of those in which the device did not answer.
        gaps: how often it stopped to answer.
        longest: seconds of the longest such time.

    """

    known: float
    away: float
    gaps: int
    longest: float

    @property
    def answer_rate(self) -> float | None:
        """Return the share of time in which the device answered, 0 to 1; None when not known."""
        return 1 - self.away / self.known if self.known > 0 else None


def availability(recorder: Recorder, device: JobDevice, start: float, end: float) -> Availability:
    """Return how a device answered.

    All entities of a device become unavailable together: the one that changes least is read.

    Args:
        recorder: where the states are.
        device: whose entities are looked at.
        start: UTC seconds, included.
        end: UTC seconds, not included.

    """
    ids = list(recorder.metadata_ids(list(device.entities.values())).values())
    firsts = {one: first for one in ids if (first := recorder.oldest([one])) is not None}
    begins = {one: max(start, first) for one, first in firsts.items() if first < end}
    if not begins or start >= end:
        return Availability(0.0, 0.0, 0, 0.0)
    # Of several, one that reaches as far back as any.
    earliest = min(begins.values())
    with recorder.connect() as connection:
        counts = {
            one: connection.execute(_COUNT, {"id": one, "start": start, "end": end}).scalar() or 0
            for one, begin in begins.items()
            if begin - earliest < 60
        }
    entity = min(counts, key=lambda one: counts[one])
    begin = begins[entity]
    away = longest = 0.0
    gaps = 0
    for since, until in _gaps(recorder, entity, begin, end):
        gaps += 1
        away += until - since
        longest = max(longest, until - since)
    return Availability(end - begin, away, gaps, longest)


def last_states(recorder: Recorder, device: JobDevice, end: float) -> dict[str, str | None]:
    """Return the last state of each reading field before a moment, as the recorder has it."""
    ids = recorder.metadata_ids(list(device.entities.values()))
    with recorder.connect() as connection:
        return {
            name: connection.execute(_LAST, {"id": ids[entity_id], "end": end}).scalar()
            for name, entity_id in device.entities.items()
            if entity_id in ids
        }


def _gaps(
    recorder: Recorder, entity: int, begin: float, end: float
) -> Iterator[tuple[float, float]]:
    """Yield the stretches in which an entity was unavailable."""
    moment = begin
    with recorder.connect() as connection:
        before = connection.execute(_LAST, {"id": entity, "end": begin}).scalar()
    waiting = [begin] if before == AWAY else []
    while True:
        if not waiting:
            values = {"id": entity, "start": moment, "end": end, "size": _PAGE}
            with recorder.connect() as connection:
                waiting = list(connection.execute(_NEXT_AWAY, values).scalars())
            if not waiting:
                return
        since = waiting[0]
        with recorder.connect() as connection:
            back = connection.execute(_NEXT_BACK, {"id": entity, "start": since, "end": end})
            until = back.scalar()
        if until is None:
            yield since, end
            return
        yield since, until
        moment = until
        waiting = [one for one in waiting if one > until]

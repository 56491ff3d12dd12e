"""The states of many entities in one pass, in the order in which they lie in the database.

The states of an entity lie far apart, between those of all others, so that reading one entity after
the other goes through the whole table for each. Where the entities have a good part of all states,
one pass in the order of time is faster.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import islice
from operator import itemgetter, lt
from typing import TYPE_CHECKING, cast

from sqlalchemy import BigInteger, Integer, bindparam, func, select

from ..database.recorder_tables import STATES
from .states import STATE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .states import Recorder, State

_MOMENT, _MOMENT_AND_ENTITY = itemgetter(0), itemgetter(0, 1)
_LEAST_STATES = 20_000
_LEAST_PART = 0.3
"""Of all states, from which on one pass is faster."""
_SAMPLES = 4
_PARTS = 64
"""Parts of the range, in some of which states are counted."""

_IN_ORDER = (
    select(*STATE)
    .where(
        STATES.c.last_updated_ts >= bindparam("start"),
        STATES.c.last_updated_ts < bindparam("end"),
        # An expression, for which the database has no index but that of time.
        (STATES.c.metadata_id + 0).in_(bindparam("ids", expanding=True, type_=BigInteger)),
    )
    .order_by(STATES.c.last_updated_ts, STATES.c.state_id)
    .limit(bindparam("size", type_=Integer))
)
_ALL = (
    select(func.count())
    .select_from(STATES)
    .where(
        STATES.c.last_updated_ts >= bindparam("start"), STATES.c.last_updated_ts < bindparam("end")
    )
)
_OWN = _ALL.where(STATES.c.metadata_id.in_(bindparam("ids", expanding=True, type_=BigInteger)))


def take_page(
    recorder: Recorder,
    ids: Sequence[int],
    start: float,
    end: float,
    take: Callable[[list[State]], None],
) -> float:
    """Read a page of states, and return up to when (UTC seconds) all have been taken.

    Args:
        recorder: where the states are.
        ids: of the entities, the recorder's.
        start: UTC seconds, included.
        end: UTC seconds, not included.
        take: takes states by time, those of a moment together.

    """
    manner = recorder.manner
    size = max(manner.page, manner.per_entity * len(ids))
    wanted = {"ids": ids, "start": start, "end": end}
    while True:
        read = 0
        rest: list[State] = []
        with recorder.connect() as connection:
            # The driver's own rows; where they are few, the processor has them at hand still.
            cursor = connection.execute(_IN_ORDER, {**wanted, "size": size}).cursor
            while some := cast("list[State]", cursor.fetchmany(manner.together)):
                read += len(some)
                rest += some
                # Of a moment all together.
                whole = bisect_left(rest, rest[-1][0], key=_MOMENT)
                take(_in_order(rest[:whole]))
                del rest[:whole]
        if read < size:
            take(_in_order(rest))
            return end
        if len(rest) < read:
            return rest[0][0]
        size *= 2


def states_if_faster(recorder: Recorder, ids: Sequence[int], start: float, end: float) -> float:
    """Return about how many states one pass goes through for entities; 0 where it is not faster.

    They are counted in some parts of the range, in indexes.
    """
    with recorder.connect() as connection:
        length = (end - start) / _PARTS
        everything = own = 0
        for number in range(_SAMPLES):
            begin = start + length * number * (_PARTS - 1) / (_SAMPLES - 1)
            part = {"start": begin, "end": begin + length}
            everything += connection.execute(_ALL, part).scalar() or 0
            own += connection.execute(_OWN, {**part, "ids": ids}).scalar() or 0
    states = own * _PARTS / _SAMPLES
    return states if states >= _LEAST_STATES and own >= _LEAST_PART * everything else 0


def _in_order(states: list[State]) -> list[State]:
    """Return states by time, those of a moment as they come where each entity is read by itself.

    They come by time.
    """
    try:
        # All at once: nearly always no two are of the same moment.
        is_so = all(map(lt, states, islice(states, 1, None)))
    except TypeError:
        # Two of the same moment and entity, one of them without a text.
        is_so = False
    return states if is_so else sorted(states, key=_MOMENT_AND_ENTITY)

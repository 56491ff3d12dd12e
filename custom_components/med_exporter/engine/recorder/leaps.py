"""Whether a clock was behind or ahead, where two states contradict each other.

By the order of writing, a clock that was wrong for a while leaps twice: behind, first back and then
forth; ahead, first forth and then back, by about as much. Where that does not tell, since a start
that was late leaps too, or there is no second leap yet, the fewer states are those that are wrong.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import BigInteger, bindparam, func, select

from ..database.recorder_tables import STATES
from .state_values import NOT_KNOWN

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row, Select

_OF_COUNTER = STATES.c.metadata_id == bindparam("counter")
_DATED_BEFORE = STATES.c.last_updated_ts < bindparam("moment")
_DATED_AFTER = STATES.c.last_updated_ts > bindparam("moment")
_WRITTEN_BEFORE = STATES.c.state_id < bindparam("state_id", type_=BigInteger)
_WRITTEN_AFTER = STATES.c.state_id > bindparam("state_id", type_=BigInteger)
# Far away, by the index of the counter alone: an expression is in the order of no other.
_FIRST = select(func.min(STATES.c.state_id + 0)).where(_OF_COUNTER, _WRITTEN_AFTER)
_LAST = select(func.max(STATES.c.state_id + 0)).where(_OF_COUNTER, _WRITTEN_BEFORE)
# Nearby, in the order of writing.
_BESIDE = (
    select(STATES.c.last_updated_ts, STATES.c.state_id)
    .where(STATES.c.metadata_id + 0 == bindparam("counter"), STATES.c.state.not_in(NOT_KNOWN))
    .limit(1)
)
_NEXT = _BESIDE.where(_WRITTEN_AFTER).order_by(STATES.c.state_id)
_PREVIOUS = _BESIDE.where(_WRITTEN_BEFORE).order_by(STATES.c.state_id.desc())
_STATE = select(STATES.c.last_updated_ts, STATES.c.state_id, STATES.c.state).where(
    STATES.c.state_id == bindparam("state_id", type_=BigInteger)
)
_RUN = select(STATES.c.state_id).where(_OF_COUNTER)

_MOST: Final = 20_000
"""States that are counted."""


class Leap(NamedTuple):
    """A clock that was put back: from what was ahead, or to what was behind.

    What was behind was written from `first_id` on and before `until_id`.
    """

    is_ahead: bool
    first_id: int
    until_id: float


def leap_after(connection: Connection, counter: int, later: Row[Any]) -> Leap | None:
    """Return when a clock was put back after a state; None where it was not.

    Args:
        connection: to the recorder's database.
        counter: the recorder's id of whose states they are.
        later: a state after which one was written that is dated before it.

    """
    written = _Written(connection, counter)
    low = written.beside(_NEXT, later)
    if low is not None and low.last_updated_ts >= later.last_updated_ts:
        low = written.far(_FIRST.where(_DATED_BEFORE), later, later)
    high = None if low is None else written.beside(_PREVIOUS, low)
    if low is None or high is None:
        return None
    forth = written.far(_FIRST.where(_DATED_AFTER), low, high)
    ahead_of = written.far(_LAST.where(_DATED_BEFORE), low, low)
    back = _apart(low, high)
    after = 0.0 if forth is None else _apart(written.beside(_PREVIOUS, forth), forth)
    before = 0.0 if ahead_of is None else _apart(ahead_of, written.beside(_NEXT, ahead_of))
    is_ahead = before >= back / 2
    if is_ahead == (after >= back / 2):
        if min(abs(before - back), abs(after - back)) < back / 2:
            is_ahead = abs(before - back) < abs(after - back)
        else:
            above = _RUN.where(_DATED_AFTER, _WRITTEN_BEFORE)
            if ahead_of is not None:
                above = above.where(STATES.c.state_id > ahead_of.state_id)
            below = _RUN.where(_DATED_BEFORE, STATES.c.state_id >= low.state_id)
            if forth is not None:
                below = below.where(STATES.c.state_id < forth.state_id)
            is_ahead = written.count(above, low, low) < written.count(below, low, high)
    return Leap(is_ahead, low.state_id, math.inf if forth is None else forth.state_id)


class _Written:
    """The states of a counter in the order of writing, as the queries above ask for them."""

    def __init__(self, connection: Connection, counter: int) -> None:
        self._connection = connection
        self._counter = counter

    def beside(self, query: Select[Any], state: Row[Any]) -> Row[Any] | None:
        """Return the number written next to a state."""
        wanted = {"counter": self._counter, "state_id": state.state_id}
        return self._connection.execute(query, wanted).first()

    def far(self, query: Select[Any], state: Row[Any], dated: Row[Any]) -> Row[Any] | None:
        """Return the number written next to a state, of those that are dated so."""
        while (number := self._asked(query, state, dated)) is not None:
            state = self._connection.execute(_STATE, {"state_id": number}).one()
            if state.state is not None and state.state not in NOT_KNOWN:
                return state
        return None

    def count(self, run: Select[Any], state: Row[Any], dated: Row[Any]) -> int:
        """Return how many states there are, up to a number that tells enough."""
        query = select(func.count()).select_from(run.limit(_MOST).subquery())
        return self._asked(query, state, dated) or 0

    def _asked(self, query: Select[Any], state: Row[Any], dated: Row[Any]) -> int | None:
        wanted = {"state_id": state.state_id, "moment": dated.last_updated_ts}
        found: int | None = self._connection.execute(
            query, {"counter": self._counter, **wanted}
        ).scalar()
        return found


def _apart(earlier: Row[Any] | None, later: Row[Any] | None) -> float:
    if earlier is None or later is None:
        return 0.0
    return float(later.last_updated_ts - earlier.last_updated_ts)

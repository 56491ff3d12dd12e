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

_NUMBERS = select(STATES.c.last_updated_ts, STATES.c.state_id).where(
    STATES.c.metadata_id == bindparam("counter"), STATES.c.state.not_in(NOT_KNOWN)
)
_DATED_BEFORE = STATES.c.last_updated_ts < bindparam("moment")
_DATED_AFTER = STATES.c.last_updated_ts > bindparam("moment")
_WRITTEN_BEFORE = STATES.c.state_id < bindparam("state_id", type_=BigInteger)
_WRITTEN_AFTER = STATES.c.state_id > bindparam("state_id", type_=BigInteger)
_FIRST = _NUMBERS.order_by(STATES.c.state_id).limit(1)
_LAST = _NUMBERS.order_by(STATES.c.state_id.desc()).limit(1)

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

    def one(query: Select[Any], state: Row[Any], moment: float | None = None) -> Row[Any] | None:
        wanted = {"counter": counter, "state_id": state.state_id, "moment": moment}
        return connection.execute(query, wanted).first()

    low = one(_FIRST.where(_DATED_BEFORE, _WRITTEN_AFTER), later, later.last_updated_ts)
    high = None if low is None else one(_LAST.where(_WRITTEN_BEFORE), low)
    if low is None or high is None:
        return None
    forth = one(_FIRST.where(_DATED_AFTER, _WRITTEN_AFTER), low, high.last_updated_ts)
    ahead_of = one(_LAST.where(_DATED_BEFORE, _WRITTEN_BEFORE), low, low.last_updated_ts)
    back = _apart(low, high)
    after = 0.0 if forth is None else _apart(one(_LAST.where(_WRITTEN_BEFORE), forth), forth)
    before = 0.0
    if ahead_of is not None:
        before = _apart(ahead_of, one(_FIRST.where(_WRITTEN_AFTER), ahead_of))
    is_ahead = before >= back / 2
    if is_ahead == (after >= back / 2):
        if min(abs(before - back), abs(after - back)) < back / 2:
            is_ahead = abs(before - back) < abs(after - back)
        else:
            above = _NUMBERS.where(_DATED_AFTER, _WRITTEN_BEFORE)
            if ahead_of is not None:
                above = above.where(STATES.c.state_id > ahead_of.state_id)
            below = _NUMBERS.where(_DATED_BEFORE, STATES.c.state_id >= low.state_id)
            if forth is not None:
                below = below.where(STATES.c.state_id < forth.state_id)
            wanted = {"counter": counter, "state_id": low.state_id}
            high_run = _count(connection, above, {**wanted, "moment": low.last_updated_ts})
            low_run = _count(connection, below, {**wanted, "moment": high.last_updated_ts})
            is_ahead = high_run < low_run
    return Leap(is_ahead, low.state_id, math.inf if forth is None else forth.state_id)


def _apart(earlier: Row[Any] | None, later: Row[Any] | None) -> float:
    if earlier is None or later is None:
        return 0.0
    return float(later.last_updated_ts - earlier.last_updated_ts)


def _count(connection: Connection, run: Select[Any], wanted: dict[str, float]) -> int:
    query = select(func.count()).select_from(run.limit(_MOST).subquery())
    return int(connection.execute(query, wanted).scalar_one())

"""States that a wrong clock has dated.

A machine whose clock is behind, until a time server tells it better, leaves states that were
written later than those that follow them by their date; one whose clock is ahead leaves states
that were written earlier than those before them. Of states that were brought from elsewhere that
is true too, but only a wrong clock lets a counter that never falls seem to fall. Which of the two
it was is told by where the clock leapt the other way by as much: after what was written behind,
before what was written ahead (`leaps.py`).
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import bindparam, func, select

from ..database.recorder_tables import STATES
from ..times import FOREVER, UTC_DAY
from .dating import Misdated, is_among, well_dated
from .leaps import leap_after
from .state_values import NOT_KNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Connection, Row

    from .leaps import Leap
    from .state_values import Parser
    from .states import Recorder

    type _Turn = tuple[Row[Any] | None, Row[Any] | None]

_OF_COUNTER = (
    STATES.c.metadata_id == bindparam("counter"),
    STATES.c.last_updated_ts >= bindparam("start"),
    STATES.c.last_updated_ts < bindparam("end"),
)
_BY_DATE = (STATES.c.last_updated_ts, STATES.c.state_id)

# A day or less is looked at in so many parts, more days in parts as long, up to so many.
_PARTS: Final = 16
_MOST_PARTS: Final = 64
_SOME: Final = 16
"""States of the time behind that are looked at where not all of a range is."""
# Answered by an index alone, the bounds by one look into it each.
_BOUNDS = select(
    *(
        select(bound(STATES.c.last_updated_ts)).where(*_OF_COUNTER).scalar_subquery()
        for bound in (func.min, func.max)
    )
)
_WRITTEN = select(func.min(STATES.c.state_id), func.max(STATES.c.state_id)).where(*_OF_COUNTER)
_WRITTEN_AND_HOW_MANY = _WRITTEN.add_columns(func.count())
_STATES = (
    select(
        STATES.c.last_updated_ts,
        STATES.c.state_id,
        func.lag(STATES.c.state_id).over(order_by=_BY_DATE).label("earlier"),
    )
    .where(*_OF_COUNTER)
    .subquery()
)
# Of numbers and of what is none alike, which an index alone tells.
_TURNED = (
    select(_STATES.c.last_updated_ts)
    .where(_STATES.c.earlier > _STATES.c.state_id)
    .order_by(_STATES.c.last_updated_ts)
)
_KNOWN = (
    select(STATES.c.last_updated_ts, STATES.c.state_id, STATES.c.state, STATES.c.attributes_id)
    .where(STATES.c.metadata_id == bindparam("counter"), STATES.c.state.not_in(NOT_KNOWN))
    .limit(1)
)
_FIRST_FROM = _KNOWN.where(STATES.c.last_updated_ts >= bindparam("moment")).order_by(*_BY_DATE)
_LAST_UNTIL = _KNOWN.where(STATES.c.last_updated_ts < bindparam("moment")).order_by(
    *(column.desc() for column in _BY_DATE)
)
_DATED_IN = _KNOWN.where(
    STATES.c.last_updated_ts >= bindparam("start"), STATES.c.last_updated_ts < bindparam("end")
)
_FIRST_WRITTEN = _DATED_IN.order_by(STATES.c.state_id)
_LAST_WRITTEN = _DATED_IN.order_by(STATES.c.state_id.desc())


def misdated_in(
    recorder: Recorder,
    counter: int,
    start: float,
    end: float,
    parse: Parser,
    *,
    most: float = math.inf,
) -> list[Misdated]:
    """Return which states of a device are misdated in a range.

    Args:
        recorder: where they are.
        counter: the recorder's id of the device's counter, which never falls.
        start: UTC seconds, included.
        end: UTC seconds, not included.
        parse: what reads the counter's states.
        most: states of the range that are looked at, the first ones; of those behind them some
            are. With 0 nothing but its edges is.

    """
    behind: list[tuple[Misdated, int]] = []
    ahead: list[Misdated] = []
    with recorder.connect() as connection:
        turns = [_turn_at(connection, counter, start)]
        if most and _first_turned(connection, counter, start, end, most) is not None:
            turns += _turns_in(connection, counter, start, end)
        turns.append(_turn_at(connection, counter, end))
        leap: Leap | None = None
        for before, after in turns:
            if before is None or after is None or not _is_turn(recorder, parse, before, after):
                continue
            if any(is_among(after, one) for one in ahead):
                continue
            # Mostly of the same clock as the one before.
            if leap is None or not leap.first_id <= before.state_id < leap.until_id:
                leap = leap_after(connection, counter, after)
            if leap is not None and leap.is_ahead:
                ahead.append(Misdated(before.last_updated_ts, before.state_id, is_ahead=True))
            elif before.last_updated_ts >= start:
                moment = min(after.last_updated_ts, end)
                behind.append((Misdated(moment, after.state_id), before.state_id))
    # What was written by the wrong clock among others is told by the last of them.
    told = [one for (one, earlier), (after, _) in pairwise(behind) if earlier <= after.state_id]
    return [*told, *(one for one, _ in behind[-1:]), *ahead]


def misdated_before(
    recorder: Recorder, counter: int, moment: float, parse: Parser
) -> list[Misdated]:
    """Return which states before a moment are misdated, as far as the last of them go.

    Args:
        recorder: where they are.
        counter: as of `misdated_in`.
        moment: UTC seconds.
        parse: what reads the counter's states.

    """
    day = {"counter": counter, "start": moment - UTC_DAY, "end": moment}
    with recorder.connect() as connection:
        last, first = _turn_at(connection, counter, moment)
        if last is None:
            return []
        # By an index alone: there nearly never is one.
        _, newest = connection.execute(_WRITTEN, day).one()
        if newest is not None and newest > last.state_id:
            written = connection.execute(_LAST_WRITTEN, day).first()
            if written is not None and _is_turn(recorder, parse, written, last):
                leap = leap_after(connection, counter, last)
                if leap is not None and leap.is_ahead:
                    return [Misdated(written.last_updated_ts, written.state_id, is_ahead=True)]
        if first is None or not _is_turn(recorder, parse, last, first):
            return []
        leap = leap_after(connection, counter, first)
    return [] if leap is not None and leap.is_ahead else [Misdated(moment, first.state_id)]


def is_any_misdated(recorder: Recorder, counter: int, parse: Parser) -> bool:
    """Return whether a wrong clock has dated any state of a counter, however far away.

    It looks at all of them, though mostly by an index alone: for where there is a suspicion.

    Args:
        recorder: where they are.
        counter: as of `misdated_in`.
        parse: what reads the counter's states.

    """
    with recorder.connect() as connection:
        wanted = {"counter": counter, "start": 0.0, "end": FOREVER}
        oldest, newest = connection.execute(_BOUNDS, wanted).one()
        if oldest is None:
            return False
        ever = float(oldest), newest + 1.0
        turned = _first_turned(connection, counter, *ever)
        if turned is None:
            return False
        # Mostly it is so there; else all of them are looked at.
        return any(
            _is_turn(recorder, parse, *turn)
            for span in (turned, ever)
            for turn in _turns_in(connection, counter, *span)
        )


class Around(NamedTuple):
    """What a counter's states say of a moment.

    `is_doubtful` tells whether a wrong clock has dated something there; `last` is when its last
    number before the moment came, `first` when the first from then on, in UTC seconds.
    """

    is_doubtful: bool
    last: float | None
    first: float | None


def around(recorder: Recorder, counter: int, moment: float, parse: Parser) -> Around:
    """Return what the states around a moment say, whichever clock was wrong.

    Args:
        recorder: where the states are.
        counter: as of `misdated_in`.
        moment: UTC seconds.
        parse: what reads the counter's states.

    """
    with recorder.connect() as connection:
        beside = _turn_at(connection, counter, moment)
        turns = [
            turn
            for state in beside
            if state is not None
            for turn in _turns_of(connection, counter, state)
        ]
    return Around(
        any(_is_turn(recorder, parse, *turn) for turn in turns),
        *(None if state is None else float(state.last_updated_ts) for state in beside),
    )


def _turns_of(connection: Connection, counter: int, state: Row[Any]) -> Iterator[_Turn]:
    """Yield a state with what contradicts it most: dated near it, and written the other way round.

    Near is within a day, and what is dated last before that: nobody may have written since a clock
    was put back. Looked at by an index alone, as there nearly never is one.
    """
    moment = float(state.last_updated_ts)
    day = {"counter": counter, "start": moment - UTC_DAY, "end": moment}
    _, newest = connection.execute(_WRITTEN, day).one()
    if newest is not None and newest > state.state_id:
        yield connection.execute(_LAST_WRITTEN, day).first(), state
    else:
        earlier = {"counter": counter, "moment": day["start"]}
        yield connection.execute(_LAST_UNTIL, earlier).first(), state
    day = {"counter": counter, "start": moment, "end": moment + UTC_DAY}
    oldest, _ = connection.execute(_WRITTEN, day).one()
    if oldest is not None and oldest < state.state_id:
        yield state, connection.execute(_FIRST_WRITTEN, day).first()


def _turn_at(connection: Connection, counter: int, moment: float) -> _Turn:
    """Return the last number before a moment and the first one from then on."""
    wanted = {"counter": counter, "moment": moment}
    return (
        connection.execute(_LAST_UNTIL, wanted).first(),
        connection.execute(_FIRST_FROM, wanted).first(),
    )


def _turns_in(connection: Connection, counter: int, start: float, end: float) -> list[_Turn]:
    """Return the numbers around where something was written before what is dated earlier."""
    wanted = {"counter": counter, "start": start, "end": end}
    turns: dict[tuple[int, int], _Turn] = {}
    for moment in connection.execute(_TURNED, wanted).scalars().all():
        before, after = _turn_at(connection, counter, moment)
        if before is not None and after is not None:
            turns[before.state_id, after.state_id] = before, after
    return list(turns.values())


def _is_turn(
    recorder: Recorder, parse: Parser, before: Row[Any] | None, after: Row[Any] | None
) -> bool:
    """Tell whether a state was written after the one that follows it, and was higher."""
    if before is None or after is None or before.state_id <= after.state_id:
        return False
    high, low = (
        recorder.units.values(parse, one.attributes_id)[one.state] for one in (before, after)
    )
    return high is not None and low is not None and low < high


def _first_turned(
    connection: Connection, counter: int, start: float, end: float, most: float = math.inf
) -> tuple[float, float] | None:
    """Return a part in which something was written before what is dated earlier, the first one.

    There nearly never is one, and to look at each state takes as long as to read it. A clock that
    is wrong by less than a part mostly shows a time at which nothing was written.
    """
    wanted = {"counter": counter, "start": start, "end": end}
    oldest, newest = connection.execute(_BOUNDS, wanted).one()
    if oldest is None:
        return None
    last, seen, since, length = 0, 0, start, end - start
    step = max(1.0, min(length, UTC_DAY) / _PARTS, min(UTC_DAY, length / _MOST_PARTS))
    # A range may be years, of which the recorder keeps days. One more, for what division rounds.
    skipped = max(int((oldest - start) / step) - 1, 0)
    for number in range(skipped, math.ceil(length / step)):
        begin = start + number * step
        if begin > newest:
            break
        if seen >= most:
            turned = _is_any_of_some(connection, counter, begin, min(end, newest), last)
            return (since, end) if turned else None
        part = {"counter": counter, "start": begin, "end": min(end, begin + step)}
        first, latest, count = connection.execute(_WRITTEN_AND_HOW_MANY, part).one()
        if first is not None:
            if first < last:
                return since, part["end"]
            last, since = latest, begin
        seen += count
    return None


def _is_any_of_some(
    connection: Connection, counter: int, start: float, end: float, last: int
) -> bool:
    """Return whether any of some states was written before one that is dated earlier.

    What a wrong clock has dated before a moment is told by what is dated later, however much later.
    """
    for number in range(_SOME):
        moment = start + (end - start) * number / _SOME
        state = connection.execute(_FIRST_FROM, {"counter": counter, "moment": moment}).first()
        if state is None:
            break
        if state.state_id < last:
            return True
        last = state.state_id
    return False


def oldest_well_dated(
    recorder: Recorder, metadata_ids: Iterable[int], misdated: Sequence[Misdated]
) -> float | None:
    """Return when the oldest state of some entities was written that is not misdated."""
    oldest = select(func.min(STATES.c.last_updated_ts)).where(
        STATES.c.metadata_id.in_(list(metadata_ids)), *well_dated(misdated)
    )
    with recorder.connect() as connection:
        return connection.execute(oldest).scalar()

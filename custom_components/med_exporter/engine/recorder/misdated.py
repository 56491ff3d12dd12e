"""States that a wrong clock has dated too early.

A machine that starts in the past, until a time server tells it better, leaves states that were
written later than those that follow them by their date. Of states that were brought from elsewhere
that is true too, but only a wrong clock lets a counter that never falls seem to fall.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, func, select

from ..database.recorder_tables import STATES
from ..times import UTC_DAY
from .dating import Misdated, well_dated
from .state_values import NOT_KNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from .state_values import Parser
    from .states import Recorder

_OF_COUNTER = (
    STATES.c.metadata_id == bindparam("counter"),
    STATES.c.last_updated_ts >= bindparam("start"),
    STATES.c.last_updated_ts < bindparam("end"),
)
_BY_DATE = (STATES.c.last_updated_ts, STATES.c.state_id)

# A range of less than so many days is looked at in so many parts.
_PARTS: Final = 16
# Answered by an index alone, the bounds by one look into it each.
_BOUNDS = select(
    *(
        select(bound(STATES.c.last_updated_ts)).where(*_OF_COUNTER).scalar_subquery()
        for bound in (func.min, func.max)
    )
)
_WRITTEN = select(func.min(STATES.c.state_id), func.max(STATES.c.state_id)).where(*_OF_COUNTER)
_STATES = (
    select(
        STATES.c.last_updated_ts,
        STATES.c.state_id,
        func.lag(STATES.c.state_id).over(order_by=_BY_DATE).label("earlier"),
    )
    .where(*_OF_COUNTER, STATES.c.state.not_in(NOT_KNOWN))
    .subquery()
)
_TURNED = (
    select(*_STATES.c)
    .where(_STATES.c.earlier > _STATES.c.state_id)
    .order_by(_STATES.c.last_updated_ts)
)
_KNOWN = (
    select(STATES.c.state_id, STATES.c.state, STATES.c.attributes_id)
    .where(STATES.c.metadata_id == bindparam("counter"), STATES.c.state.not_in(NOT_KNOWN))
    .limit(1)
)
_FIRST_FROM = _KNOWN.where(STATES.c.last_updated_ts >= bindparam("moment")).order_by(*_BY_DATE)
_LAST_UNTIL = _KNOWN.where(STATES.c.last_updated_ts < bindparam("moment")).order_by(
    *(column.desc() for column in _BY_DATE)
)
_OF_ID = select(STATES.c.state, STATES.c.attributes_id).where(
    STATES.c.state_id == bindparam("state_id")
)


def misdated_in(
    recorder: Recorder, counter: int, start: float, end: float, parse: Parser
) -> list[Misdated]:
    """Return which states of a device are misdated in a range.

    Args:
        recorder: where they are.
        counter: the recorder's id of the device's counter, which never falls.
        start: UTC seconds, included.
        end: UTC seconds, not included.
        parse: what reads the counter's states.

    """
    found: list[tuple[Misdated, int]] = []
    wanted = {"counter": counter, "start": start, "end": end}
    with recorder.connect() as connection:
        is_any = _is_any(connection, counter, start, end)
        turned = connection.execute(_TURNED, wanted).all() if is_any else ()
        for moment, state_id, earlier in turned:
            before, after = (
                recorder.units.values(parse, one.attributes_id)[one.state]
                for number in (earlier, state_id)
                for one in connection.execute(_OF_ID, {"state_id": number})
            )
            if before is not None and after is not None and after < before:
                found.append((Misdated(moment, state_id), earlier))
    found += [(one, one.first_id) for one in misdated_before(recorder, counter, end, parse)]
    # What was written by the wrong clock among others is told by the last of them.
    told = [one for (one, earlier), (after, _) in pairwise(found) if earlier <= after.first_id]
    return [*told, *(one for one, _ in found[-1:])]


def misdated_before(
    recorder: Recorder, counter: int, moment: float, parse: Parser
) -> list[Misdated]:
    """Return which states before a moment were written after the first one from then on.

    Args:
        recorder: where they are.
        counter: as of `misdated_in`.
        moment: UTC seconds.
        parse: what reads the counter's states.

    """
    wanted = {"counter": counter, "moment": moment}
    with recorder.connect() as connection:
        last = connection.execute(_LAST_UNTIL, wanted).first()
        first = connection.execute(_FIRST_FROM, wanted).first()
    if last is None or first is None or last.state_id < first.state_id:
        return []
    before, after = (
        recorder.units.values(parse, one.attributes_id)[one.state] for one in (last, first)
    )
    is_falling = before is not None and after is not None and after < before
    return [Misdated(moment, first.state_id)] if is_falling else []


def _is_any(connection: Connection, counter: int, start: float, end: float) -> bool:
    """Return whether anything of a day was written after what is dated later.

    There nearly never is, and to look at each state takes as long as to read it. A clock that is
    wrong by less mostly shows a time at which nothing was written.
    """
    wanted = {"counter": counter, "start": start, "end": end}
    oldest, newest = connection.execute(_BOUNDS, wanted).one()
    if oldest is None:
        return False
    last, step = 0, min(UTC_DAY, max(1.0, (end - start) / _PARTS))
    # A range may be years, of which the recorder keeps days. One more, for what division rounds.
    skipped = max(int((oldest - start) / step) - 1, 0)
    for number in range(skipped, math.ceil((end - start) / step)):
        begin = start + number * step
        if begin > newest:
            break
        part = {"counter": counter, "start": begin, "end": min(end, begin + step)}
        first, latest = connection.execute(_WRITTEN, part).one()
        if first is not None and first < last:
            return True
        last = max(last, latest or 0)
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

"""States that a wrong clock has dated too early.

A machine that starts in the past, until a time server tells it better, leaves states that were
written later than those that follow them by their date. Of states that were brought from elsewhere
that is true too, but only a wrong clock lets a counter that never falls seem to fall.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, select

from ..database.recorder_tables import STATES
from .dating import Misdated, well_dated
from .state_values import NOT_KNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Select

    from .state_values import Parser
    from .states import Recorder

_OF_COUNTER = (
    STATES.c.metadata_id == bindparam("counter"),
    STATES.c.last_updated_ts >= bindparam("start"),
    STATES.c.last_updated_ts < bindparam("end"),
)
_BY_DATE = (STATES.c.last_updated_ts, STATES.c.state_id)


def _turned(*, is_known: bool) -> Select[tuple[float, int, int]]:
    """Return what finds states of a counter that were written before the one before them."""
    states = select(
        STATES.c.last_updated_ts,
        STATES.c.state_id,
        func.lag(STATES.c.state_id).over(order_by=_BY_DATE).label("earlier"),
    ).where(*_OF_COUNTER)
    if is_known:
        states = states.where(STATES.c.state.not_in(NOT_KNOWN))
    found = states.subquery()
    order = found.c.last_updated_ts
    return select(*found.c).where(found.c.earlier > found.c.state_id).order_by(order)


# An index alone answers whether there is any, which there nearly never is.
_ANY = _turned(is_known=False).limit(1)
_ALL = _turned(is_known=True)
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
        is_any = connection.execute(_ANY, wanted).first() is not None
        for moment, state_id, earlier in connection.execute(_ALL, wanted).all() if is_any else ():
            before, after = (
                recorder.units.values(parse, one.attributes_id)[one.state]
                for number in (earlier, state_id)
                for one in connection.execute(_OF_ID, {"state_id": number})
            )
            if before is not None and after is not None and after < before:
                found.append((Misdated(moment, state_id), earlier))
    if (first_id := recorder.misdated_from(counter, end, parse)) is not None:
        found.append((Misdated(end, first_id), first_id))
    # What was written by the wrong clock among others is told by the last of them.
    told = [one for (one, earlier), (after, _) in pairwise(found) if earlier <= after.first_id]
    return [*told, *(one for one, _ in found[-1:])]


def oldest_well_dated(
    recorder: Recorder, metadata_ids: Iterable[int], misdated: Sequence[Misdated]
) -> float | None:
    """Return when the oldest state of some entities was written that is not misdated."""
    oldest = select(func.min(STATES.c.last_updated_ts)).where(
        STATES.c.metadata_id.in_(list(metadata_ids)), well_dated(misdated)
    )
    with recorder.connect() as connection:
        return connection.execute(oldest).scalar()

"""What leaves out states that a wrong clock has dated; `misdated.py` finds which they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import or_

from ..database.recorder_tables import STATES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, Row


class Misdated(NamedTuple):
    """States of a device that contradict one that is dated well.

    They are dated before it (UTC seconds) and were written later, by a clock that was behind: the
    id of the well dated one, or a later one, is theirs. Or they are dated after it and were
    written earlier, by a clock that was ahead.
    """

    moment: float
    state_id: int
    is_ahead: bool = False


def is_among(state: Row[Any], one: Misdated) -> bool:
    """Tell whether a state is among those that are misdated."""
    moment, state_id = float(state.last_updated_ts), int(state.state_id)
    if one.is_ahead:
        return moment > one.moment and state_id < one.state_id
    return moment < one.moment and state_id >= one.state_id


def well_dated(misdated: Iterable[Misdated]) -> list[ColumnElement[bool]]:
    """Return the conditions on states that leave out what is misdated."""
    return [
        or_(STATES.c.last_updated_ts <= one.moment, STATES.c.state_id >= one.state_id)
        if one.is_ahead
        else or_(STATES.c.last_updated_ts >= one.moment, STATES.c.state_id < one.state_id)
        for one in misdated
    ]

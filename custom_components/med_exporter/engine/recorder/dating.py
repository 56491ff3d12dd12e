"""What leaves out states that a wrong clock has dated; `misdated.py` finds which they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import or_

from ..database.recorder_tables import STATES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement


class Misdated(NamedTuple):
    """States of a device before a moment (UTC seconds) with an id from one on are misdated."""

    before: float
    first_id: int


def well_dated(misdated: Iterable[Misdated]) -> list[ColumnElement[bool]]:
    """Return the conditions on states that leave out what is misdated."""
    return [
        or_(STATES.c.last_updated_ts >= one.before, STATES.c.state_id < one.first_id)
        for one in misdated
    ]

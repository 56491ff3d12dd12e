"""What users have added to a plug's energy, or taken from it, beside what was counted.

A day has 96 little-endian numbers of 8 bytes, in mWh by quarter-hour. What was corrected by the
hour, since its quarter-hours were not kept any more, stands in the first one of the hour.
"""

from __future__ import annotations

import sys
from array import array
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from ..times import QUARTER, UTC_DAY, ceil_to
from .day import QUARTERS_A_DAY
from .tables import corrections_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Connection


def corrections_between(
    connection: Connection, plug_id: str, start: float, end: float
) -> dict[int, int]:
    """Return the mWh that were added, by quarter-hour that begins in [start, end), ascending.

    What was taken away is negative; quarter-hours that were not changed are left out.
    """
    columns = corrections_table.c
    rows = connection.execute(
        select(columns.day, columns.deltas)
        .where(
            columns.plug_id == plug_id,
            columns.day >= int(start // UTC_DAY),
            columns.day < ceil_to(end, UTC_DAY) // UTC_DAY,
        )
        .order_by(columns.day)
    )
    return {
        moment: mwh
        for day, deltas in rows
        for place, mwh in enumerate(_unpack(deltas))
        if mwh and start <= (moment := day * UTC_DAY + place * QUARTER) < end
    }


def note_corrections(connection: Connection, plug_id: str, added: Mapping[int, int]) -> None:
    """Add to what was corrected, by quarter-hour; what cancels out is forgotten."""
    days = {quarter // UTC_DAY for quarter in added}
    columns = corrections_table.c
    for day in sorted(days):
        first = day * UTC_DAY
        standing = corrections_between(connection, plug_id, first, first + UTC_DAY)
        deltas = array("q", [0] * QUARTERS_A_DAY)
        for place in range(QUARTERS_A_DAY):
            quarter = first + place * QUARTER
            deltas[place] = standing.get(quarter, 0) + added.get(quarter, 0)
        connection.execute(
            delete(corrections_table).where(columns.plug_id == plug_id, columns.day == day)
        )
        if any(deltas):
            connection.execute(
                insert(corrections_table).values(plug_id=plug_id, day=day, deltas=_pack(deltas))
            )


def _pack(deltas: array[int]) -> bytes:
    if sys.byteorder == "big":
        deltas.byteswap()
    return deltas.tobytes()


def _unpack(data: bytes) -> array[int]:
    deltas = array("q")
    deltas.frombytes(data)
    if sys.byteorder == "big":
        deltas.byteswap()
    return deltas

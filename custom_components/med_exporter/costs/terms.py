"""What a metering point's energy is priced with: stored, and compared with what it was before."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, update

from ..engine.costs.terms import read_terms
from ..engine.database.cost_tables import tariffs_table
from ..engine.tariff.kind import Need
from ..engine.times import day_start

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.engine import Connection

    from ..engine.costs.terms import Terms
    from ..engine.tariff import Colour

_COLOUR_START: Final = time(6)
_DAY: Final = timedelta(days=1)


def note_terms(connection: Connection, wanted: Terms, now: float) -> tuple[Terms, int | None]:
    """Store what energy is priced with from now on, as options and grid have it.

    Returns:
        The terms, with colours that were known before, and from when on (UTC seconds) energy costs
        something else than before; None where it does not. Days get another price where their
        contract or their Tempo colour is another; all of them do where the currency or the time
        zone is another.

    """
    before = read_terms(connection, [wanted.metering_point]).get(wanted.metering_point)
    colours: dict[date, Colour] = {}
    if wanted.needs(Need.COLOURS):
        first = wanted.tariff.contracts[0].valid_from - _DAY
        known = {**(before.colours if before else {}), **wanted.colours}
        colours = {day: colour for day, colour in known.items() if day >= first}
    terms = replace(wanted, colours=colours)
    if terms != before:
        _store(connection, terms, is_new=before is None)
    changed = _changed_from(before, terms)
    return terms, None if changed is None or changed > now else changed


def forget_terms(connection: Connection, metering_point: str) -> None:
    """Delete what is stored of a metering point."""
    here = tariffs_table.c.metering_point == metering_point
    connection.execute(delete(tariffs_table).where(here))


def _changed_from(before: Terms | None, terms: Terms) -> int | None:
    """Return from when on (UTC seconds) energy costs something else than before."""
    if before is None or (before.currency, before.zone) != (terms.currency, terms.zone):
        return 0
    found: list[float] = []
    day = before.tariff.first_difference(terms.tariff)
    if day is not None:
        found.append(day_start(day, terms.zone))
    days = [
        day
        for day in before.colours.keys() | terms.colours.keys()
        if before.colours.get(day) != terms.colours.get(day)
    ]
    if days:
        found.append(datetime.combine(min(days), _COLOUR_START, terms.zone).timestamp())
    return int(min(found)) if found else None


def _store(connection: Connection, terms: Terms, *, is_new: bool) -> None:
    values = {
        "contracts": json.dumps(terms.tariff.to_dicts()),
        "colours": json.dumps(
            {day.isoformat(): colour for day, colour in sorted(terms.colours.items())}
        ),
        "currency": terms.currency,
        "time_zone": terms.zone.key,
    }
    slug = terms.metering_point
    if is_new:
        connection.execute(insert(tariffs_table).values(metering_point=slug, **values))
    else:
        here = tariffs_table.c.metering_point == slug
        connection.execute(update(tariffs_table).where(here).values(**values))

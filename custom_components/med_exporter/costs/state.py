"""What a metering point's costs were priced with, and what of them is still to be done."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, cast

from sqlalchemy import insert, select, update

from ..engine.tariff import Eras, Tempo
from .tables import pricings_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from sqlalchemy.engine import Connection

    from ..engine.tariff import Colour, Colours

_DAY = timedelta(days=1)
_COLOUR_START = time(6)


@dataclass(kw_only=True, slots=True)
class Pricing:
    """The state of a metering point's costs.

    Attributes:
        metering_point: its slug.
        eras: the contract that has priced each day, or will.
        colours: the Tempo colour that each date was priced with; None where it was not known.
        dirty_from_ts: half-hours from here on are still to be priced, or priced anew.
        statistics_from_ts: hours from here on are still to be written to the statistics.
        written_until_ts: the end of the last hour that was ever written there.
        changed_from_ts: the first of those hours that has changed since, until it is announced.

    """

    metering_point: str
    eras: Eras = field(default_factory=Eras)
    colours: dict[date, Colour | None] = field(default_factory=dict)
    dirty_from_ts: int | None = None
    statistics_from_ts: int | None = None
    written_until_ts: int | None = None
    changed_from_ts: int | None = None

    @property
    def known_colours(self) -> Colours:
        """Return the colours to price with."""
        return {day: colour for day, colour in self.colours.items() if colour is not None}

    @property
    def missing_colours(self) -> list[date]:
        """Return the dates whose colour would be needed, ascending."""
        return sorted(day for day, colour in self.colours.items() if colour is None)

    def take_colours(self, known: Colours, days: tuple[date, date], zone: ZoneInfo) -> float | None:
        """Take the colours of the dates that Tempo contracts need, first and last included.

        A colour that was used once stays when nobody tells it any more.

        Returns:
            From when on (UTC seconds) a colour is another than before; None for no change.

        """
        first, last = days
        taken: dict[date, Colour | None] = {}
        for number in range((last - first).days + 1):
            day = first + number * _DAY
            if self._is_tempo(day) or self._is_tempo(day + _DAY):
                colour = known.get(day) or self.colours.get(day)
                taken[day] = None if colour is None else cast("Colour", str(colour))
        changed = [day for day in taken if day in self.colours and self.colours[day] != taken[day]]
        self.colours = taken
        if not changed:
            return None
        return datetime.combine(min(changed), _COLOUR_START, zone).timestamp()

    def _is_tempo(self, day: date) -> bool:
        contract = self.eras.contract_on(day)
        return contract is not None and isinstance(contract.pricing, Tempo)

    def values(self) -> dict[str, str | int | None]:
        """Return the columns of the table, but for the metering point."""
        colours = {day.isoformat(): colour for day, colour in sorted(self.colours.items())}
        return {
            "contracts": json.dumps(self.eras.to_stored()),
            "colours": json.dumps(colours),
            "dirty_from_ts": self.dirty_from_ts,
            "statistics_from_ts": self.statistics_from_ts,
            "written_until_ts": self.written_until_ts,
            "changed_from_ts": self.changed_from_ts,
        }


def read_pricing(connection: Connection, metering_point: str) -> Pricing | None:
    """Return the state of a metering point's costs; None before they were first priced."""
    here = pricings_table.c.metering_point == metering_point
    row = connection.execute(select(pricings_table).where(here)).first()
    if row is None:
        return None
    colours: Mapping[str, Colour | None] = json.loads(row.colours)
    return Pricing(
        metering_point=metering_point,
        eras=Eras.parse(json.loads(row.contracts)),
        colours={date.fromisoformat(day): colour for day, colour in colours.items()},
        dirty_from_ts=row.dirty_from_ts,
        statistics_from_ts=row.statistics_from_ts,
        written_until_ts=row.written_until_ts,
        changed_from_ts=row.changed_from_ts,
    )


def write_pricing(connection: Connection, pricing: Pricing) -> None:
    """Store the state of a metering point's costs."""
    here = pricings_table.c.metering_point == pricing.metering_point
    found = connection.execute(select(pricings_table.c.metering_point).where(here)).first()
    if found is None:
        values = {"metering_point": pricing.metering_point, **pricing.values()}
        connection.execute(insert(pricings_table).values(**values))
    else:
        connection.execute(update(pricings_table).where(here).values(**pricing.values()))

"""What the energy of a metering point is priced with, as it is stored."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import select

from ..database.cost_tables import tariffs_table
from ..database.own_tables import exists
from ..lazy_dataclass import dataclass
from ..tariff import Tariff, parse_contracts
from ..tariff.kind import Need
from ..tariff.kinds import needs
from ..times import day_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Row
    from sqlalchemy.engine import Connection

    from ..tariff import Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the energy of a metering point (its slug) is priced with.

    `colours` are those of Tempo by date, `currency` a code, `zone` the one that decides on days.
    """

    metering_point: str
    tariff: Tariff
    colours: dict[date, Colour]
    currency: str
    zone: ZoneInfo

    def needs(self, need: Need) -> bool:
        """Tell whether prices depend on something."""
        return any(needs(one.pricing.to_dict(), need) for one in self.tariff.contracts)

    def taxes_at(self, moment: float) -> tuple[float, float]:
        """Return the taxes of a moment (UTC seconds) as `Contract.taxes`; none without contract."""
        contract = self.tariff.contract_on(day_of(moment, self.zone))
        return (0.0, 0.0) if contract is None else contract.taxes

    def covers(self, moment: float) -> bool:
        """Tell whether a contract is in force at a moment (UTC seconds)."""
        return self.tariff.contract_on(day_of(moment, self.zone)) is not None

    @property
    def price_entities(self) -> list[str]:
        """Return the ids of the entities whose price counts."""
        return price_entities(self.tariff)


def price_entities(tariff: Tariff) -> list[str]:
    """Return the ids of the entities whose price counts in a tariff, each once."""
    every = (contract.pricing.to_dict() for contract in tariff.contracts)
    return sorted({one["entity_id"] for one in every if needs(one, Need.PRICES)})


def read_terms(connection: Connection, slugs: Collection[str] | None = None) -> dict[str, Terms]:
    """Return the terms of metering points, or of all, by slug; those without any are absent."""
    if (slugs is not None and not slugs) or not exists(connection, tariffs_table):
        return {}
    statement = select(tariffs_table)
    if slugs is not None:
        statement = statement.where(tariffs_table.c.metering_point.in_(list(slugs)))
    return {row.metering_point: _terms_of(row) for row in connection.execute(statement)}


def without_contract(slug: str, zone: ZoneInfo) -> Terms:
    """Return the terms of a metering point (its slug) that has none; days are those of a zone."""
    return Terms(metering_point=slug, tariff=Tariff(), colours={}, currency="", zone=zone)


def _terms_of(row: Row[tuple[str, str, str, str, str]]) -> Terms:
    colours: dict[str, Colour] = json.loads(row.colours)
    return Terms(
        metering_point=row.metering_point,
        tariff=parse_contracts(json.loads(row.contracts)),
        colours={date.fromisoformat(day): colour for day, colour in colours.items()},
        currency=row.currency,
        zone=ZoneInfo(row.time_zone),
    )

"""What only Home Assistant's side knows of contracts that are compared: colours, and prices."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from ..costs import DATA_COSTS
from ..engine.exports.contract_comparison.result import COLOURS
from ..engine.job import GivenTable
from ..engine.readings.fields import Kind
from ..engine.rows.tables import Column
from ..engine.tariff.kind import Need
from ..engine.tariff.kinds import needs
from ..engine.tariff.price_units import per_kwh
from ..errors import InvalidRequest
from ..exports.choosing import chosen_point
from ..grid.link import loaded_grid
from ..metering.contracts import currency_of
from ..object_reader import INVALID_VALUE, shown
from ..rights import may_read_entity

if TYPE_CHECKING:
    from homeassistant.auth.models import User
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from ..engine.job import Request

_DAY: Final = timedelta(days=1)
_MOST_DAYS: Final = 366


async def async_comparison(
    hass: HomeAssistant, request: Request, user: User | None
) -> tuple[GivenTable, ...]:
    """Return the colours of the range, and let the prices of entities be learnt.

    Raises InvalidRequest at an entity that shows no price, and DatabaseUnavailableError.
    """
    entry = chosen_point(hass, request, user)
    contracts = [offer["contract"] for offer in request.own["contracts"]]
    await _async_learn_prices(hass, entry, request, contracts, user)
    if any(needs(contract, Need.COLOURS) for contract in contracts):
        return (await _async_colours(hass, request),)
    return ()


async def _async_learn_prices(
    hass: HomeAssistant,
    entry: ConfigEntry,
    request: Request,
    contracts: list[dict[str, str]],
    user: User | None,
) -> None:
    currency = currency_of(hass, entry)
    entities: list[str] = []
    for place, contract in enumerate(contracts):
        if not needs(contract, Need.PRICES):
            continue
        entity_id = contract["entity_id"]
        field = f"contracts[{place}].entity_id"
        state = hass.states.get(entity_id)
        is_known = state is not None or er.async_get(hass).async_get(entity_id) is not None
        # What he may not read is answered as what does not exist.
        if not (is_known and may_read_entity(user, entity_id)):
            raise InvalidRequest(
                INVALID_VALUE, "unknown_entity", field=field, name=shown(entity_id)
            )
        unit = None if state is None else state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
        if unit is not None and per_kwh(unit, currency) is None:
            raise InvalidRequest(
                INVALID_VALUE, "no_energy_price", field=field, unit=unit, currency=currency
            )
        entities.append(entity_id)
    if entities:
        end = min(request.end, dt_util.utcnow().timestamp())
        if request.start < end:
            costs = hass.data[DATA_COSTS]
            await costs.async_learn_prices(entities, currency, request.start, end)


async def _async_colours(hass: HomeAssistant, request: Request) -> GivenTable:
    """Return the colours that the grid knows or can still be told; none without a grid."""
    zone = request.zone()
    day = datetime.fromtimestamp(request.start, zone).date() - _DAY
    last = datetime.fromtimestamp(request.end, zone).date()
    grid, rows = loaded_grid(hass), []
    while grid is not None and day <= last:
        until = min(day + timedelta(days=_MOST_DAYS - 1), last)
        found = await grid.async_colours(day, until)
        rows += [(at.isoformat(), str(colour)) for at, colour in found.items() if colour]
        day = until + _DAY
    columns = (Column("date", Kind.TEXT), Column("colour", Kind.TEXT))
    return GivenTable(name=COLOURS, columns=columns, rows=tuple(rows))

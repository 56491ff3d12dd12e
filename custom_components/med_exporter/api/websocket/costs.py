"""What metering points cost, and corrections of what they have counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from homeassistant.generated.languages import LANGUAGES
from homeassistant.util import dt as dt_util

from ...corrections.actions import async_correct
from ...costs.costs import SIGNAL_COSTS_UPDATED
from ...costs.official import official_tariffs
from ...engine.tariff.official import CURRENCY, OPTIONS, POWERS
from ...exports.comparison import async_compare_contracts
from ...flows.contract_texts import async_load_contract_texts
from ...inventory.costs import async_point_costs
from ...metering.devices import export_devices
from ...rights import Right, is_administrator
from .base import Command
from .feed import Feed

if TYPE_CHECKING:
    from homeassistant.auth.models import User
    from homeassistant.core import HomeAssistant

    from ...object_reader import ObjectReader


async def _list(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    """Return the costs of metering points, their contracts in the words of a `language`.

    `official` says which options the regulated tariff has, for which powers (kVA), in which money.
    """
    # Home Assistant makes the name of a file of it.
    language = asked.choice("language", sorted(LANGUAGES)) or hass.config.language
    asked.finish()
    points = await async_point_costs(hass, user)
    for point in points:
        texts = await async_load_contract_texts(hass, point["currency"], language)
        point["contracts"] = [texts.contract(one) for one in reversed(point["contracts"])]
        point["meters"] = _meters(hass, point["pdl"]) if is_administrator(user) else []
    official = {"currency": CURRENCY, "options": list(OPTIONS), "powers": POWERS}
    return {"points": points, "official": official}


def _meters(hass: HomeAssistant, pdl: str) -> list[dict[str, str]]:
    return [
        {"device_id": one.device_id, "name": one.name}
        for one in export_devices(hass)
        if one.pdl == pdl and one.plug_id is not None
    ]


async def _correct(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    return await async_correct(hass, asked.rest(), user)


async def _compare(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    return await async_compare_contracts(hass, asked.rest(), user)


async def _official(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    """Return what the regulated tariff costs today, for a comparison."""
    del user
    option = asked.choice("option", list(OPTIONS), required=True) or ""
    power = asked.integer("power", POWERS[0], POWERS[-1]) or POWERS[1]
    asked.finish()
    found = await official_tariffs(hass).async_price(option, power, dt_util.now().date())
    return {
        "valid_from": found.valid_from.isoformat(),
        "standing_charge": found.standing_charge,
        **found.prices,
    }


COMMANDS: Final[dict[str, Command]] = {
    "costs/list": Command(Right.USER, _list),
    "costs/correct": Command(Right.ADMINISTRATOR, _correct),
    "costs/compare": Command(Right.USER, _compare),
    "costs/official": Command(Right.USER, _official),
}
FEEDS: Final = {
    "costs": Feed(
        right=Right.USER, look=_list, signals=(SIGNAL_COSTS_UPDATED,), follow_entries=True
    )
}

"""The money of contracts when that of the installation becomes another.

An amount of francs does not become one of euros by a setting. So contracts keep their currency,
and the user is asked whether their prices are meant in the new one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from homeassistant.core import callback
from homeassistant.helpers import issue_registry as ir

from ..const import DOMAIN
from ..metering.contracts import CONF_CURRENCY, currency_of

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

ISSUE: Final = "currency_changed"


@callback
def async_look_at_currency(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Note the currency of a metering point's contracts, and say where it is another one now."""
    if CONF_CURRENCY not in entry.options:
        _keep(hass, entry, hass.config.currency)
    currency, now = currency_of(hass, entry), hass.config.currency
    issue_id = f"{ISSUE}_{entry.entry_id}"
    if currency == now:
        ir.async_delete_issue(hass, DOMAIN, issue_id)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        data={"entry_id": entry.entry_id},
        is_fixable=True,
        is_persistent=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key=ISSUE,
        translation_placeholders={"name": entry.title, "before": currency, "now": now},
    )


@callback
def async_take_currency(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Let a metering point's prices be in the installation's currency, for all of the past too."""
    _keep(hass, entry, hass.config.currency)
    hass.config_entries.async_schedule_reload(entry.entry_id)


def _keep(hass: HomeAssistant, entry: ConfigEntry, currency: str) -> None:
    options = {**entry.options, CONF_CURRENCY: currency}
    hass.config_entries.async_update_entry(entry, options=options)

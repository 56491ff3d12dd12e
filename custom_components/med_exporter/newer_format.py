"""What to tell the user of stored data whose format is newer than this version knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.core import callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN, LOGGER

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant


@callback
def async_report_newer_format(hass: HomeAssistant, kind: str) -> None:
    """Raise a repair issue for one kind of data, which has words `newer_{kind}`, and log it once.

    What is stored has to be left as it is: an update of the integration can read it.
    """
    issue_id = f"newer_{kind}"
    if ir.async_get(hass).async_get_issue(DOMAIN, issue_id) is None:
        LOGGER.error("Stored data is of a newer version and is left alone: %s", kind)
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        is_fixable=False,
        severity=ir.IssueSeverity.ERROR,
        translation_key=issue_id,
    )


@callback
def async_settle_newer_format(hass: HomeAssistant, kind: str) -> None:
    """Withdraw the issue, since this version knows the format."""
    ir.async_delete_issue(hass, DOMAIN, f"newer_{kind}")

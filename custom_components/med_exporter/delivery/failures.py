"""How a report that does not arrive is told: history, event, repair issue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util import dt as dt_util

from ..answers import utc
from ..const import DOMAIN, LOGGER
from ..database import DatabaseUnavailableError
from ..history.reasons import noted_as, reason_of
from ..history.records import EVENT_EXPORT, SIGNAL_DELIVERY_FAILED
from ..texts import said

if TYPE_CHECKING:
    from datetime import datetime

    from homeassistant.core import HomeAssistant

    from ..errors import MedError
    from ..history.history import History
    from ..history.records import ExportRecord
    from .records import Delivery

DELAYED: Final = "DELIVERY_DELAYED"
FAILED: Final = "DELIVERY_FAILED"

_ISSUES: Final = ("delivery_failed", "schedule_failed")


async def async_note(
    history: History, delivery: Delivery, code: str | None, error: MedError | None = None
) -> None:
    """Let an export's place in the history tell how its delivery stands.

    `code` is DELAYED or FAILED, with the error; None takes away what was said before.
    """
    try:
        record = await history.async_get(delivery.export_id)
    except DatabaseUnavailableError:
        LOGGER.warning("The history cannot tell of the delivery of %s", delivery.export_id)
        return
    if record is None:
        return
    warnings = [one for one in record.warnings if one.get("code") not in {DELAYED, FAILED}]
    if code is not None and error is not None:
        warnings.append(
            {
                **noted_as(code, error),
                "start": utc(delivery.first_try),
                "end": utc(dt_util.utcnow()),
                "count": delivery.tries,
            }
        )
    if warnings != record.warnings:
        record.warnings = warnings
        history.save(record)


@callback
def tell_delivery_failed(hass: HomeAssistant, delivery: Delivery, error: MedError) -> None:
    """Tell automations, the event entity and the user that a file was not delivered."""
    LOGGER.error("The report of “%s” was not delivered: %s", delivery.schedule_name, error)
    data: dict[str, Any] = {
        "export_id": delivery.export_id,
        "kind": "delivery",
        "status": "failed",
        "trigger": "schedule",
        "destination": delivery.delivery["method"],
        "destination_name": delivery.schedule_name,
        "error_code": error.code,
        "error_message": str(error),
    }
    hass.bus.async_fire(EVENT_EXPORT, data)
    async_dispatcher_send(hass, SIGNAL_DELIVERY_FAILED, data)
    _open_issue(
        hass,
        "delivery_failed",
        delivery.schedule_id,
        delivery.schedule_name,
        delivery.due,
        said(hass, error),
    )


@callback
def tell_schedule_failed(
    hass: HomeAssistant,
    schedule_id: str,
    name: str,
    due: datetime,
    cause: HomeAssistantError | ExportRecord,
) -> None:
    """Tell the user that a schedule has made no file; the history has told the others.

    `cause` is the error that kept the export from being made, or the export that has failed.
    """
    if isinstance(cause, HomeAssistantError):
        for_log, words = str(cause), said(hass, cause)
    else:
        for_log = cause.error_message or cause.error_code or cause.status.value
        words = reason_of(hass, cause) or for_log
    LOGGER.error("The schedule “%s” has made no file: %s", name, for_log)
    _open_issue(hass, "schedule_failed", schedule_id, name, due, words)


@callback
def close_issues(hass: HomeAssistant, schedule_id: str) -> None:
    """Take back what the user was told about a schedule."""
    for kind in _ISSUES:
        ir.async_delete_issue(hass, DOMAIN, f"{kind}_{schedule_id}")


@callback
def _open_issue(
    hass: HomeAssistant, kind: str, schedule_id: str, name: str, due: datetime, error: str
) -> None:
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"{kind}_{schedule_id}",
        is_fixable=False,
        # Reports are rare: a restart may not make the user miss this.
        is_persistent=True,
        severity=ir.IssueSeverity.ERROR,
        translation_key=kind,
        translation_placeholders={
            "name": name,
            "due": dt_util.as_local(due).strftime("%Y-%m-%d %H:%M"),
            "error": error,
        },
    )

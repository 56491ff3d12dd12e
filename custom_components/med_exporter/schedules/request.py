"""A schedule's request: read strictly and whole before anything is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..delivery.request import async_read_delivery
from ..errors import InvalidRequest
from ..exports.choosing import chosen_devices
from ..exports.request import async_read_request
from ..object_reader import INVALID_VALUE, ObjectReader, shown
from .cron import InvalidCronError, check_cron
from .defaults import LAST_MONTHS_BILL, ON_THE_FIRST

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

    from .records import Schedule

_LONGEST_NAME: Final = 200
SHOWN_ONLY: Final = ("created_at", "next_run", "last_run", "last_export_id")
"""Parts of a schedule's answer that may come back with a change, and change nothing."""


async def async_read_schedule(
    hass: HomeAssistant, value: object, known: Schedule | None = None
) -> dict[str, Any]:
    """Return the fields of `Schedule` that a request names, every value checked.

    A new schedule needs a name; without a time or an export it has last month's bill made on the
    first. A change of a known one names what changes. The export is checked as a whole, devices
    included, and so is the delivery.

    Raises:
        InvalidRequest: the first mistake, with its field.

    """
    request = ObjectReader(value)
    is_new = known is None
    name = request.label("name", _LONGEST_NAME, required=is_new)
    expression = request.text("schedule")
    export_config = request.take("export_config")
    if is_new:
        expression = ON_THE_FIRST if expression is None else expression
        export_config = dict(LAST_MONTHS_BILL) if export_config is None else export_config
    delivery = request.take("delivery")
    enabled = request.boolean("enabled")
    if known is not None:
        _check_unchanged(request, known)
    request.finish()

    if expression is not None:
        try:
            check_cron(expression)
        except InvalidCronError as err:
            if err.part is None:
                raise InvalidRequest(
                    INVALID_VALUE, "cron_never_due", field="schedule", schedule=shown(expression)
                ) from err
            raise InvalidRequest(
                INVALID_VALUE, "not_a_cron_expression", field="schedule", part=shown(err.part)
            ) from err
    if export_config is not None:
        await _async_check_export(hass, export_config)
    named = {
        "name": name,
        "schedule": None if expression is None else expression.strip(),
        "export_config": export_config,
        "delivery": None if delivery is None else await async_read_delivery(hass, delivery),
        "enabled": enabled,
    }
    return {field: one for field, one in named.items() if one is not None}


def _check_unchanged(request: ObjectReader, known: Schedule) -> None:
    """Take what a schedule is shown with, and refuse another id; times move by themselves."""
    if request.text("schedule_id") not in {None, known.id}:
        raise InvalidRequest("READ_ONLY", "read_only", field="schedule_id")
    for name in SHOWN_ONLY:
        request.take(name)


async def _async_check_export(hass: HomeAssistant, value: object) -> None:
    """Check an export as it would be checked when it is due."""
    try:
        checked = await async_read_request(hass, value)
        chosen_devices(hass, checked, None)
    except InvalidRequest as err:
        field = "export_config" if err.field in {None, "body"} else f"export_config.{err.field}"
        raise err.at(field) from err

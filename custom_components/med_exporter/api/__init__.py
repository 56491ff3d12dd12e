"""The HTTP API: doors here, views by subject. They parse, call one method and shape the answer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from homeassistant.core import callback

from ..later import Later
from ..rights import Right
from .door import Door

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

    from .base import ApiView

_view: Final = partial(Later, __package__)
_LINK, _USER, _ADMINISTRATOR = Right.LINK, Right.USER, Right.ADMINISTRATOR

# Words first, since the address of an export may be any name.
DOORS: Final = (
    Door(
        _USER,
        "/api/exports/openapi.json",
        "exports:openapi",
        _view("openapi", "DescriptionView"),
        "get",
    ),
    Door(
        _USER, "/api/exports/formats", "exports:formats", _view("catalogue", "FormatsView"), "get"
    ),
    Door(
        _USER, "/api/exports/devices", "exports:devices", _view("catalogue", "DevicesView"), "get"
    ),
    Door(
        _USER, "/api/exports/metrics", "exports:metrics", _view("catalogue", "MetricsView"), "get"
    ),
    Door(_USER, "/api/exports/create", "exports:create", _view("exports", "CreateView"), "post"),
    Door(_USER, "/api/exports/history", "exports:history", _view("exports", "HistoryView"), "get"),
    Door(_USER, "/api/exports/stats", "exports:stats", _view("exports", "StatisticsView"), "get"),
    Door(_USER, "/api/exports/preview", "exports:preview", _view("preview", "PreviewView"), "get"),
    Door(
        _USER,
        "/api/exports/compare_contracts",
        "exports:compare_contracts",
        _view("comparison", "ComparisonView"),
        "post",
    ),
    Door(
        _LINK,
        "/api/exports/download/{export_id}",
        "exports:download",
        _view("download", "DownloadView"),
        "get",
        "head",
    ),
    Door(
        _ADMINISTRATOR,
        "/api/exports/schedule",
        "exports:schedule:create",
        _view("schedules", "ScheduleCreateView"),
        "post",
    ),
    Door(
        _ADMINISTRATOR,
        "/api/exports/schedules",
        "exports:schedules",
        _view("schedules", "SchedulesView"),
        "get",
    ),
    Door(
        _ADMINISTRATOR,
        "/api/exports/schedules/{schedule_id}",
        "exports:schedule",
        _view("schedules", "ScheduleView"),
        "get",
        "put",
        "delete",
    ),
    Door(
        _ADMINISTRATOR,
        "/api/exports/schedules/{schedule_id}/run",
        "exports:schedule:run",
        _view("schedules", "ScheduleRunView"),
        "post",
    ),
    Door(
        _USER,
        "/api/exports/{export_id}",
        "exports:export",
        _view("exports", "ExportView"),
        "get",
        "delete",
    ),
    Door(
        _USER,
        "/api/exports/{export_id}/cancel",
        "exports:cancel",
        _view("exports", "CancelView"),
        "post",
    ),
    Door(
        _ADMINISTRATOR,
        "/api/export/configs",
        "export:configs",
        _view("destinations", "ConfigsView"),
        "get",
    ),
    Door(
        _ADMINISTRATOR,
        "/api/export/configs/{destination}",
        "export:config",
        _view("destinations", "ConfigView"),
        "get",
        "put",
    ),
    Door(
        _ADMINISTRATOR,
        "/api/export/configs/{destination}/test",
        "export:config:test",
        _view("destinations", "ConfigTestView"),
        "post",
    ),
    Door(
        _ADMINISTRATOR,
        "/api/export/{destination}/run",
        "export:run",
        _view("destinations", "RunView"),
        "post",
    ),
    Door(
        _ADMINISTRATOR, "/api/export/logs", "export:logs", _view("destinations", "LogsView"), "get"
    ),
)


@callback
def async_register_views(hass: HomeAssistant) -> None:
    """Register all doors. Called once, when the integration is set up."""
    for door in DOORS:
        hass.http.register_view(door)


def views() -> list[ApiView]:
    """Return what answers at each door; loads all of it, so not in the event loop."""
    return [door.view() for door in DOORS]

"""The HTTP API: views by subject. They parse, call one method and shape the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from homeassistant.core import callback

from .catalogue import DevicesView, FormatsView, MetricsView
from .comparison import ComparisonView
from .destinations import ConfigsView, ConfigTestView, ConfigView, LogsView, RunView
from .download import DownloadView
from .exports import CancelView, CreateView, ExportView, HistoryView, StatisticsView
from .openapi import openapi_view
from .preview import PreviewView
from .schedules import ScheduleCreateView, ScheduleRunView, SchedulesView, ScheduleView

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

_VIEWS: Final = (
    FormatsView,
    DevicesView,
    MetricsView,
    CreateView,
    HistoryView,
    StatisticsView,
    PreviewView,
    ComparisonView,
    DownloadView,
    ScheduleCreateView,
    SchedulesView,
    ScheduleView,
    ScheduleRunView,
    ExportView,
    CancelView,
    ConfigsView,
    ConfigView,
    ConfigTestView,
    RunView,
    LogsView,
)
# First, since the address of an export may be any name.
VIEWS: Final = (openapi_view(_VIEWS), *_VIEWS)


@callback
def async_register_views(hass: HomeAssistant) -> None:
    """Register all views. Called once, when the integration is set up."""
    for view in VIEWS:
        hass.http.register_view(view())

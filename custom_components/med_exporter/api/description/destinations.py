"""What is asked and answered of destinations, from the forms by which they are set up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from homeassistant.helpers.selector import BooleanSelector, SelectSelector

from ...const import DataType
from ...destinations.labels import LabelsSelector
from ...destinations.registry import DESTINATIONS
from ...engine.object_reader import MOST_ITEMS
from ...pushes.answers import PushStatus
from .shapes import (
    BOOLEAN,
    COUNT,
    TEXT,
    TIME,
    WARNING,
    asked,
    listed,
    named,
    one_of,
    or_null,
    several,
    told,
)

if TYPE_CHECKING:
    from homeassistant.helpers.selector import Selector

    from .shapes import Shape

_TYPE: Final = one_of(DESTINATIONS)
_MAYBE_TIME: Final = or_null(TIME)
_MAYBE_TEXT: Final = or_null(TEXT)


def destination_schemas() -> dict[str, Shape]:
    """Return what requests and answers hold, by name."""
    settings = {_name(name): _settings(name) for name in DESTINATIONS}
    config = told(
        {
            "id": TEXT,
            "name": TEXT,
            "type": _TYPE,
            "enabled": BOOLEAN,
            "config": {"type": "object"},
            "last_export_at": _MAYBE_TIME,
        }
    )
    log = told(
        {
            "id": TEXT,
            "export_config_id": _MAYBE_TEXT,
            "destination": _MAYBE_TEXT,
            "destination_name": _MAYBE_TEXT,
            "trigger": TEXT,
            "status": one_of(PushStatus),
            "records_exported": or_null(COUNT),
            "error_code": _MAYBE_TEXT,
            "error_message": _MAYBE_TEXT,
            "warnings": listed(WARNING),
            "started_at": _MAYBE_TIME,
            "completed_at": _MAYBE_TIME,
        }
    )
    return {
        **settings,
        "DestinationChange": asked(
            {
                "name": {"type": "string", "minLength": 1},
                "enabled": BOOLEAN,
                "config": {"anyOf": [named(name) for name in settings]},
                # As they were shown: they are taken back, and cannot be changed.
                **{name: {} for name in ("id", "type", "last_export_at")},
            }
        ),
        "PushRequest": asked(
            {
                "data": several(one_of(DataType), len(DataType), each_once=True),
                "pdl": several(TEXT, MOST_ITEMS, each_once=True),
                "start": TEXT,
                "end": TEXT,
            }
        ),
        "ExportConfig": config,
        "ExportConfigs": told({"configs": listed(config)}),
        "ConnectionTest": told({"success": BOOLEAN, "error_code": _MAYBE_TEXT, "message": TEXT}),
        "ExportLog": log,
        "ExportLogs": told(
            {"logs": listed(log), "total": COUNT, "limit": COUNT, "offset": COUNT},
        ),
    }


def _name(destination_type: str) -> str:
    return "".join(word.capitalize() for word in destination_type.split("_")) + "Settings"


def _settings(name: str) -> Shape:
    """Return the settings of a kind: what is not named stays as it is."""
    fields = DESTINATIONS[name].schema().schema
    return asked({str(marker): _field(selector) for marker, selector in fields.items()})


def _field(selector: Selector[Any]) -> Shape:
    if isinstance(selector, BooleanSelector):
        return BOOLEAN
    if isinstance(selector, LabelsSelector):
        return {"type": ["string", "object"]}
    if isinstance(selector, SelectSelector):
        options = [str(option) for option in selector.config["options"]]
        if selector.config.get("multiple", False):
            return several(one_of(options), MOST_ITEMS)
        # A number is shown as one, and may be given as a text.
        numbers = [int(option) for option in options if option.isdecimal()]
        return {"enum": [*options, *numbers]}
    return TEXT

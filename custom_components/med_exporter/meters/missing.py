"""Say when what tells of a meter is gone, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from homeassistant.components.sensor import ATTR_STATE_CLASS, SensorStateClass
from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir

from ..const import DOMAIN
from ..engine.recorder.state_values import number
from .meter import is_entity, meters_of

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from .meter import Meter

PATIENCE: Final = 3600
"""How long an entity that shows something may be without statistics, in seconds.

They come by minutes; after a start, those of the time before.
"""

_COUNTING: Final = (SensorStateClass.TOTAL, SensorStateClass.TOTAL_INCREASING)


@callback
def shows(hass: HomeAssistant, meter: Meter) -> bool:
    """Tell whether the entity of a meter shows what the recorder makes statistics of.

    Those of others are imported by whoever knows of them, a day late for example.
    """
    state = hass.states.get(meter.statistic_id)
    return (
        state is not None
        and number(state.state) is not None
        and state.attributes.get(ATTR_STATE_CLASS) in _COUNTING
    )


@callback
def why_missing(
    hass: HomeAssistant, meter: Meter, silent_for: float | None, late_for: float | None
) -> str | None:
    """Return the key of the issue that says why nothing tells of a meter; None where all is well.

    Args:
        hass: where the entity and the statistic are.
        meter: what is told of.
        silent_for: for how many seconds there has been no statistic; None where there is one.
        late_for: for how many seconds its last row has been too old; None where it is not.

    """
    if is_entity(meter.statistic_id):
        registry = er.async_get(hass)
        registered = registry.async_get(meter.registry_id or meter.statistic_id)
        if registered is not None and registered.disabled:
            return "meter_disabled"
        if registered is None and (
            meter.registry_id is not None
            or (silent_for is not None and hass.states.get(meter.statistic_id) is None)
        ):
            return "meter_removed"
        without = max(silent_for or 0, late_for or 0)
        return "meter_without_statistics" if without > PATIENCE else None
    return None if silent_for is None else "meter_removed"


@callback
def report_missing(hass: HomeAssistant, entry: ConfigEntry, meter: Meter, key: str | None) -> None:
    """Tell by a repair issue that nothing tells of a meter any longer, or take that back."""
    issue_id = _issue_id(meter.meter_id)
    if key is None:
        ir.async_delete_issue(hass, DOMAIN, issue_id)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key=key,
        translation_placeholders={
            "meter": meter.name,
            "point": entry.title,
            "statistic": meter.statistic_id,
        },
    )


@callback
def forget_missing(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take back what was said of the meters of an entry."""
    for meter_id in meters_of(entry):
        ir.async_delete_issue(hass, DOMAIN, _issue_id(meter_id))


def _issue_id(meter_id: str) -> str:
    return f"missing_{meter_id}"

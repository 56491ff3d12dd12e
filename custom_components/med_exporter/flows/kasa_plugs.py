"""The form in which the roles and rated powers of plugs are asked for, all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol
from homeassistant.helpers.selector import (
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ..const import CONF_RATED_POWER, CONF_ROLE, PlugRole
from ..form_fields import FiniteSelector
from .joining import CONF_COUNT_PAST
from .role_fields import distinct, watts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..sources.plug import PlugIdentity

_ROLE: Final = SelectSelector(
    SelectSelectorConfig(
        options=list(PlugRole), mode=SelectSelectorMode.DROPDOWN, translation_key=CONF_ROLE
    )
)
_RATED_POWER: Final = FiniteSelector(
    NumberSelectorConfig(
        min=1, max=100_000, step="any", mode=NumberSelectorMode.BOX, unit_of_measurement="W"
    )
)


class PlugsForm:
    """Two fields for each plug, named after it: its role, and with (W) its rated power.

    `known` is what is stored of plugs, by their id, `hosts` of hosts, by their MAC.
    """

    def __init__(
        self,
        plugs: Sequence[PlugIdentity],
        known: Mapping[str, Mapping[str, Any]],
        hosts: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self._plugs = dict(zip(_labels(plugs, hosts), plugs, strict=True))
        self._known = known

    @property
    def schema(self) -> vol.Schema:
        """The fields."""
        fields: dict[vol.Marker, Any] = {}
        for label in self._plugs:
            fields[vol.Required(label, default=PlugRole.CONSUMPTION)] = _ROLE
            fields[vol.Optional(watts(label))] = _RATED_POWER
        return vol.Schema(fields)

    @property
    def suggested(self) -> dict[str, Any]:
        """What is stored, as the fields show it."""
        values: dict[str, Any] = {}
        for label, plug in self._plugs.items():
            if (known := self._known.get(plug.plug_id)) is not None:
                values |= {label: known[CONF_ROLE], watts(label): known[CONF_RATED_POWER]}
        return {key: value for key, value in values.items() if value is not None}

    def stored(self, user_input: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Return what is stored of each plug, by its id."""
        return {
            plug.plug_id: {
                "name": plug.name,
                "mac": plug.mac,
                "child_id": plug.child_id,
                "model": plug.model,
                CONF_ROLE: user_input[label],
                CONF_RATED_POWER: user_input.get(watts(label)),
            }
            for label, plug in self._plugs.items()
        }


def _labels(plugs: Sequence[PlugIdentity], hosts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return distinct(
        [plug.name for plug in plugs],
        [f"{plug.name} ({hosts[plug.mac]['host']})" for plug in plugs],
        [f"{plug.name} ({plug.plug_id})" for plug in plugs],
        beside=[CONF_COUNT_PAST],
    )

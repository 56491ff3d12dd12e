"""How everything is set up, as tables; of secrets only that there is one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from homeassistant.const import (
    CONF_ID,
    CONF_NAME,
    CONF_TYPE,
    CONF_USERNAME,
)

from ..const import (
    CONF_DATA,
    CONF_INTERVAL,
    CONF_LABELS,
    CONF_PDL,
    CONF_PLUGS,
)
from ..destinations.registry import DESTINATIONS
from ..engine.fields import Kind
from ..engine.job import GivenTable
from ..engine.tables import Column, Holds
from ..entries import metering_point_entries
from ..metering.devices import export_devices
from ..pushes.entry import destination_entries
from ..pushes.runtime import CONF_ENABLED
from ..settings import BOUNDS, settings
from .schedules import schedules_table
from .tariffs import tariffs_table

if TYPE_CHECKING:
    from homeassistant.auth.models import User
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from ..engine.job import Request

_MASK: Final = "********"


async def async_configuration(
    hass: HomeAssistant, _request: Request, _user: User | None
) -> tuple[GivenTable, ...]:
    """Return the tables of an export of the configuration, in their order."""
    return (
        _metering_points(hass),
        _plugs(hass),
        _destinations(hass),
        tariffs_table(hass),
        schedules_table(hass),
        _limits(hass),
        _users(await hass.auth.async_get_users()),
    )


def _metering_points(hass: HomeAssistant) -> GivenTable:
    return GivenTable(
        name="metering_points",
        columns=(
            Column("name", Kind.TEXT, holds=Holds.POINT_NAME),
            Column("pdl", Kind.TEXT, holds=Holds.DEVICE_ID),
            Column("plugs", Kind.NUMBER),
            Column("enabled", Kind.FLAG),
        ),
        rows=tuple(
            (
                entry.data.get(CONF_NAME, entry.title),
                entry.data[CONF_PDL],
                len(entry.data[CONF_PLUGS]),
                entry.disabled_by is None,
            )
            for entry in metering_point_entries(hass)
        ),
    )


def _plugs(hass: HomeAssistant) -> GivenTable:
    return GivenTable(
        name="plugs",
        columns=(
            Column("name", Kind.TEXT, holds=Holds.DEVICE_NAME),
            Column("device_id", Kind.TEXT, holds=Holds.DEVICE_ID),
            Column("mac", Kind.TEXT, holds=Holds.DEVICE_ID),
            Column("address", Kind.TEXT, holds=Holds.ADDRESS),
            Column("pdl", Kind.TEXT, holds=Holds.DEVICE_ID),
            Column("type", Kind.TEXT),
            Column("role", Kind.TEXT),
            Column("rated_power", Kind.NUMBER, 1),
            Column("model", Kind.TEXT),
            Column("firmware", Kind.TEXT),
        ),
        rows=tuple(
            (
                device.name,
                device.device_id,
                device.mac,
                device.address,
                device.pdl,
                device.device_type,
                device.role.value,
                device.rated_power,
                device.model,
                device.firmware,
            )
            for device in export_devices(hass)
        ),
    )


def _destinations(hass: HomeAssistant) -> GivenTable:
    return GivenTable(
        name="destinations",
        columns=(
            Column("name", Kind.TEXT, holds=Holds.TEXT),
            Column("id", Kind.TEXT),
            Column("type", Kind.TEXT),
            Column("enabled", Kind.FLAG),
            Column("interval_min", Kind.NUMBER, unit="min"),
            Column("data_types", Kind.TEXT),
            Column("address", Kind.TEXT, holds=Holds.ADDRESS),
            Column("username", Kind.TEXT, holds=Holds.USER),
            Column("secret", Kind.TEXT),
            # Free words that often tell where this is.
            Column("labels", Kind.TEXT, holds=Holds.LOCATION),
            Column("settings", Kind.TEXT, holds=Holds.TEXT),
        ),
        rows=tuple(_destination(entry) for entry in destination_entries(hass)),
    )


def _destination(entry: ConfigEntry) -> tuple[Any, ...]:
    data, kind = entry.data, DESTINATIONS[entry.data[CONF_TYPE]]
    labels = data.get(CONF_LABELS)
    elsewhere = {kind.address, CONF_USERNAME, CONF_LABELS}
    own = {key: data[key] for key in kind.told if data.get(key) is not None}
    own = {key: value for key, value in own.items() if key not in elsewhere}
    return (
        entry.title,
        data[CONF_ID],
        data[CONF_TYPE],
        bool(entry.options.get(CONF_ENABLED, True)) and entry.disabled_by is None,
        int(data[CONF_INTERVAL]),
        ", ".join(sorted(str(one) for one in data[CONF_DATA])),
        data.get(kind.address),
        data.get(CONF_USERNAME),
        _MASK if any(data.get(key) for key in kind.secrets) else None,
        labels if labels is None or isinstance(labels, str) else _json(labels),
        _json(own),
    )


def _limits(hass: HomeAssistant) -> GivenTable:
    now = settings(hass)
    return GivenTable(
        name="limits",
        columns=(
            Column("name", Kind.TEXT),
            Column("value", Kind.NUMBER),
            Column("unit", Kind.TEXT),
        ),
        rows=tuple(
            (name, getattr(now, name), bounds.unit or None) for name, bounds in BOUNDS.items()
        ),
    )


def _users(users: list[User]) -> GivenTable:
    return GivenTable(
        name="users",
        columns=(
            Column("name", Kind.TEXT, holds=Holds.USER),
            Column("id", Kind.TEXT, holds=Holds.USER),
            Column("role", Kind.TEXT),
            Column("active", Kind.FLAG),
        ),
        rows=tuple(
            (user.name, user.id, _role(user), user.is_active)
            for user in users
            if not user.system_generated
        ),
    )


def _role(user: User) -> str:
    if user.is_owner:
        return "owner"
    return "administrator" if user.is_admin else "user"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)

"""How everything is set up, as tables; of secrets only that there is one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from homeassistant.const import CONF_ID, CONF_NAME, CONF_TYPE, CONF_USERNAME

from ..const import CONF_DATA, CONF_INTERVAL, CONF_LABELS, CONF_PDL, CONF_PLUGS
from ..destinations.registry import DESTINATIONS
from ..engine.outside import clean
from ..engine.readings.fields import Kind
from ..engine.rows.tables import Column, Holds
from ..entries.finding import metering_point_entries
from ..metering.devices import export_devices
from ..pushes.entry import destination_entries
from ..pushes.runtime import CONF_ENABLED
from ..settings import BOUNDS, settings
from .given import given_table
from .schedules import schedules_table
from .tariffs import tariffs_table

if TYPE_CHECKING:
    from homeassistant.auth.models import User
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from ..destinations.kind import DestinationKind
    from ..engine.job import GivenTable, Request

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
    return given_table(
        "metering_points",
        metering_point_entries(hass),
        (
            Column("name", Kind.TEXT, holds=Holds.POINT_NAME),
            lambda one: one.data.get(CONF_NAME, one.title),
        ),
        (Column("pdl", Kind.TEXT, holds=Holds.DEVICE_ID), lambda one: one.data[CONF_PDL]),
        (Column("plugs", Kind.NUMBER), lambda one: len(one.data[CONF_PLUGS])),
        (Column("enabled", Kind.FLAG), lambda one: one.disabled_by is None),
    )


def _plugs(hass: HomeAssistant) -> GivenTable:
    return given_table(
        "plugs",
        export_devices(hass),
        (Column("name", Kind.TEXT, holds=Holds.DEVICE_NAME), lambda one: one.name),
        (Column("device_id", Kind.TEXT, holds=Holds.DEVICE_ID), lambda one: one.device_id),
        (Column("mac", Kind.TEXT, holds=Holds.DEVICE_ID), lambda one: one.mac),
        (Column("address", Kind.TEXT, holds=Holds.ADDRESS), lambda one: one.address),
        (Column("pdl", Kind.TEXT, holds=Holds.DEVICE_ID), lambda one: one.pdl),
        (Column("type", Kind.TEXT), lambda one: one.device_type),
        (Column("role", Kind.TEXT), lambda one: one.role.value),
        (Column("rated_power", Kind.NUMBER, 1), lambda one: one.rated_power),
        (Column("model", Kind.TEXT), lambda one: one.model),
        (Column("firmware", Kind.TEXT), lambda one: one.firmware),
    )


def _destinations(hass: HomeAssistant) -> GivenTable:
    return given_table(
        "destinations",
        destination_entries(hass),
        (Column("name", Kind.TEXT, holds=Holds.TEXT), lambda one: one.title),
        (Column("id", Kind.TEXT), lambda one: one.data[CONF_ID]),
        (Column("type", Kind.TEXT), lambda one: one.data[CONF_TYPE]),
        (
            Column("enabled", Kind.FLAG),
            lambda one: bool(one.options.get(CONF_ENABLED, True)) and one.disabled_by is None,
        ),
        (Column("interval_min", Kind.NUMBER, unit="min"), lambda one: int(one.data[CONF_INTERVAL])),
        (Column("data_types", Kind.TEXT), lambda one: ", ".join(sorted(one.data[CONF_DATA]))),
        (
            Column("address", Kind.TEXT, holds=Holds.ADDRESS),
            lambda one: one.data.get(_kind(one).address),
        ),
        (
            Column("username", Kind.TEXT, holds=Holds.USER),
            lambda one: one.data.get(CONF_USERNAME),
        ),
        (
            Column("secret", Kind.TEXT),
            lambda one: _MASK if any(map(one.data.get, _kind(one).secrets)) else None,
        ),
        # Free words that often tell where this is.
        (Column("labels", Kind.TEXT, holds=Holds.LOCATION), _labels),
        (Column("settings", Kind.TEXT, holds=Holds.TEXT), _own_settings),
    )


def _kind(entry: ConfigEntry) -> DestinationKind:
    return DESTINATIONS[entry.data[CONF_TYPE]]


def _labels(entry: ConfigEntry) -> str | None:
    labels = entry.data.get(CONF_LABELS)
    return labels if labels is None or isinstance(labels, str) else _json(labels)


def _own_settings(entry: ConfigEntry) -> str:
    """Return what has no column of its own."""
    elsewhere = {_kind(entry).address, CONF_USERNAME, CONF_LABELS}
    own = {key: entry.data.get(key) for key in _kind(entry).told if key not in elsewhere}
    return _json({key: value for key, value in own.items() if value is not None})


def _limits(hass: HomeAssistant) -> GivenTable:
    now = settings(hass)
    return given_table(
        "limits",
        BOUNDS,
        (Column("name", Kind.TEXT), str),
        (Column("value", Kind.NUMBER), lambda name: getattr(now, name)),
        (Column("unit", Kind.TEXT), lambda name: BOUNDS[name].unit or None),
    )


def _users(users: list[User]) -> GivenTable:
    return given_table(
        "users",
        (user for user in users if not user.system_generated),
        (Column("name", Kind.TEXT, holds=Holds.USER), lambda user: user.name and clean(user.name)),
        (Column("id", Kind.TEXT, holds=Holds.USER), lambda user: user.id),
        (Column("role", Kind.TEXT), _role),
        (Column("active", Kind.FLAG), lambda user: user.is_active),
    )


def _role(user: User) -> str:
    if user.is_owner:
        return "owner"
    return "administrator" if user.is_admin else "user"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)

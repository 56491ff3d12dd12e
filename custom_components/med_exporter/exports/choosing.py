"""Which export type, devices or metering point a request is about, of what its caller may have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..const import CONF_PDL
from ..engine.export_types import EXPORT_TYPES
from ..entries.finding import metering_point_entries
from ..errors import InvalidRequest, NotAllowedError, UnknownMeteringPointError
from ..metering.devices import (
    AmbiguousDeviceError,
    UnknownDeviceError,
    export_devices,
    select_devices,
)
from ..object_reader import INVALID_REQUEST, shown
from ..rights import is_administrator, readable_devices, readable_points

if TYPE_CHECKING:
    from homeassistant.auth.models import User
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from ..engine.job import Request
    from ..metering.devices import ExportDevice


def require_export_type(user: User | None, request: object) -> None:
    """Raise NotAllowedError at `export_type` for one that only administrators may export.

    The request is as it came: whoever lacks the right learns nothing of what else is in it.
    """
    name = request.get("export_type") if isinstance(request, dict) else None
    export_type = EXPORT_TYPES.get(name) if isinstance(name, str) else None
    if export_type and export_type.administrators_only and not is_administrator(user):
        raise NotAllowedError(field="export_type")


def chosen_devices(hass: HomeAssistant, request: Request, user: User | None) -> list[ExportDevice]:
    """Return the devices asked for; none for an export that is not about devices.

    Of an export about one metering point, those of the point.

    Raises InvalidRequest; unknown and unreadable ones are answered alike.
    """
    export_type = EXPORT_TYPES[request.export_type]
    if not export_type.is_about_devices:
        return []
    known = readable_devices(user, export_devices(hass))
    if export_type.about_one_point:
        pdl = chosen_point(hass, request, user).data[CONF_PDL]
        own = [device for device in known if device.pdl == pdl]
        if not own:
            raise InvalidRequest("UNKNOWN_DEVICE", "no_device", field="pdl")
        return own
    try:
        devices = select_devices(
            known, "all" if request.device_names is None else request.device_names
        )
    except UnknownDeviceError as err:
        raise InvalidRequest(
            "UNKNOWN_DEVICE", "unknown_device", field="devices", name=shown(err.name)
        ) from err
    except AmbiguousDeviceError as err:
        raise InvalidRequest(
            "AMBIGUOUS_DEVICE",
            "ambiguous_device",
            field="devices",
            name=shown(err.name),
            ids=", ".join(err.ids),
        ) from err
    if not devices and export_type.needs_devices:
        raise InvalidRequest("UNKNOWN_DEVICE", "no_device", field="devices")
    return devices


def chosen_point(hass: HomeAssistant, request: Request, user: User | None) -> ConfigEntry:
    """Return the metering point of a request that is about one: the only one where none is named.

    Raises InvalidRequest; unknown and unreadable ones are answered alike.
    """
    pdl: str | None = request.own["pdl"]
    entries = metering_point_entries(hass)
    readable = readable_points(user, export_devices(hass), [one.data[CONF_PDL] for one in entries])
    found = [
        one
        for one in entries
        if one.data[CONF_PDL] in readable and pdl in (None, one.data[CONF_PDL])
    ]
    if not found and pdl is not None:
        raise UnknownMeteringPointError(shown(pdl))
    if len(found) != 1:
        raise InvalidRequest(INVALID_REQUEST, "required", field="pdl")
    return found[0]

"""From a checked request to the engine's job."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from homeassistant.util import dt as dt_util

from ..engine.formats import FORMATS
from ..engine.job import Job, JobDevice
from ..errors import InvalidRequest
from ..metering.devices import (
    AmbiguousDeviceError,
    UnknownDeviceError,
    export_devices,
    select_devices,
)
from ..rights import readable_devices
from .object_reader import shown

if TYPE_CHECKING:
    from homeassistant.auth.models import User
    from homeassistant.core import HomeAssistant

    from ..metering.devices import ExportDevice
    from .files import ExportFolder
    from .request import ExportRequest


def chosen_devices(
    hass: HomeAssistant, request: ExportRequest, user: User | None
) -> list[ExportDevice]:
    """Return the devices asked for.

    Raises InvalidRequest; unknown and unreadable ones are answered alike.
    """
    known = readable_devices(user, export_devices(hass))
    try:
        devices = select_devices(known, request.devices)
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
    if not devices:
        raise InvalidRequest("UNKNOWN_DEVICE", "no_device", field="devices")
    return devices


def plan_job(
    export_id: str, request: ExportRequest, devices: list[ExportDevice], folder: ExportFolder
) -> Job:
    """Return what the engine is to do."""
    zone = ZoneInfo(request.time_zone)
    last_moment = request.end - timedelta(microseconds=1)
    days = tuple(
        moment.astimezone(zone).date().isoformat() for moment in (request.start, last_moment)
    )
    extension = FORMATS[request.format].extension
    if request.options.compression:
        extension += ".gz"
    path = folder.file_for(export_id, request.export_type, (days[0], days[1]), extension)
    return Job(
        export_type=request.export_type,
        format=request.format,
        devices=tuple(_job_device(device) for device in devices),
        start=request.start.timestamp(),
        end=request.end.timestamp(),
        timezone=request.time_zone,
        aggregation=request.aggregation,
        fields=request.fields,
        metadata={
            "export_id": export_id,
            "export_type": request.export_type,
            "created_at": dt_util.utcnow().astimezone(zone).isoformat(timespec="seconds"),
            "start": request.start.astimezone(zone).isoformat(),
            "end": request.end.astimezone(zone).isoformat(),
            "timezone": request.time_zone,
            "aggregation": request.aggregation,
        },
        path=str(path),
        options=request.options,
    )


def _job_device(device: ExportDevice) -> JobDevice:
    return JobDevice(
        device_id=device.device_id,
        device_ip=device.address,
        device_name=device.name,
        entities=dict(device.entities),
        rated_power=device.rated_power,
        plug_id=device.plug_id,
    )

"""From a checked request to the engine's job."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from homeassistant.const import CONF_NAME, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.util import dt as dt_util
from homeassistant.util import slugify

from ..const import CONF_PDL
from ..engine.formats import FORMATS
from ..engine.job import GivenTable, Job, JobDevice, MeteringPoint, Privacy
from ..engine.periods import boundaries
from ..entries import metering_point_entries
from ..errors import InvalidRequest
from ..metering.devices import (
    AmbiguousDeviceError,
    UnknownDeviceError,
    export_devices,
    select_devices,
)
from ..object_reader import shown
from ..rights import readable_devices
from ..settings import settings

if TYPE_CHECKING:
    from pathlib import Path

    from homeassistant.auth.models import User
    from homeassistant.core import HomeAssistant

    from ..metering.devices import ExportDevice
    from .files import ExportFolder
    from .request import ExportRequest

_NOT_ABOUT_DEVICES: Final = ("audit_logs", "configuration")


def chosen_devices(
    hass: HomeAssistant, request: ExportRequest, user: User | None
) -> list[ExportDevice]:
    """Return the devices asked for; none for an export that is not about devices.

    Raises InvalidRequest; unknown and unreadable ones are answered alike.
    """
    if request.export_type in _NOT_ABOUT_DEVICES:
        return []
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
    if not devices and request.export_type != "system_report":
        raise InvalidRequest("UNKNOWN_DEVICE", "no_device", field="devices")
    return devices


def check_pdf_rows(hass: HomeAssistant, request: ExportRequest, devices: int) -> None:
    """Refuse a PDF that may have more rows than allowed, as far as it can be told beforehand.

    Raises InvalidRequest with code TOO_MANY_PDF_ROWS. How many raw rows there are only the job
    finds out, which then fails with the same code.
    """
    if request.format != "pdf" or request.aggregation == "raw" or not devices:
        return
    start = request.start.timestamp()
    end = min(request.end.timestamp(), dt_util.utcnow().timestamp())
    if end <= start:
        return
    periods = boundaries(request.aggregation, start, end, ZoneInfo(request.time_zone))
    rows = (len(periods) - 1) * devices
    limit = settings(hass).max_pdf_rows
    if rows > limit:
        raise InvalidRequest(
            "TOO_MANY_PDF_ROWS", "too_many_pdf_rows", field="format", rows=rows, limit=limit
        )


def file_path(export_id: str, request: ExportRequest, folder: ExportFolder) -> Path:
    """Return where a request's file will lie; its name tells type and days."""
    zone = ZoneInfo(request.time_zone)
    last_moment = request.end - timedelta(microseconds=1)
    days = tuple(
        moment.astimezone(zone).date().isoformat() for moment in (request.start, last_moment)
    )
    extension = FORMATS[request.format].package(request.tables).extension
    if request.options.compression:
        extension += ".gz"
    return folder.file_for(export_id, request.export_type, (days[0], days[1]), extension)


def plan_job(
    hass: HomeAssistant,
    export_id: str,
    request: ExportRequest,
    devices: list[ExportDevice],
    path: str,
    privacy_key: str = "",
    given: tuple[GivenTable, ...] = (),
) -> Job:
    """Return what the engine is to do.

    Args:
        hass: Home Assistant.
        export_id: of the export, for the file's metadata.
        request: what is wanted.
        devices: those of the request.
        path: the file; empty for a preview.
        privacy_key: hexadecimal, behind pseudonyms.
        given: tables that the engine cannot read by itself.

    Raises InvalidRequest when the file would be too large.

    """
    check_pdf_rows(hass, request, len(devices))
    zone = ZoneInfo(request.time_zone)
    limits = settings(hass)
    metadata = {
        "export_id": export_id,
        "export_type": request.export_type,
        "created_at": dt_util.utcnow().astimezone(zone).isoformat(timespec="seconds"),
    }
    if request.export_type != "configuration":
        metadata["start"] = request.start.astimezone(zone).isoformat()
        metadata["end"] = request.end.astimezone(zone).isoformat()
    metadata["timezone"] = request.time_zone
    if request.export_type == "device_data":
        metadata["aggregation"] = request.aggregation
    points = _metering_points(hass)
    if request.privacy and request.export_type in _NOT_ABOUT_DEVICES:
        # Texts may name any device: what is to be removed has to be known.
        devices = export_devices(hass)
    return Job(
        export_type=request.export_type,
        format=request.format,
        devices=tuple(_job_device(hass, device, points) for device in devices),
        start=request.start.timestamp(),
        end=request.end.timestamp(),
        timezone=request.time_zone,
        aggregation=request.aggregation,
        fields=request.fields,
        metadata=metadata,
        path=path,
        options=request.options,
        max_records=limits.max_records_per_export,
        max_bytes=limits.max_file_bytes,
        max_pdf_rows=limits.max_pdf_rows,
        aggregation_functions=dict(request.aggregation_functions),
        filters=request.filters,
        custom_fields=request.custom_fields,
        currency=hass.config.currency,
        grouping=request.grouping,
        breakdown_by=request.breakdown_by,
        include_charts=request.include_charts,
        report_sections=request.report_sections,
        event_types=request.event_types,
        severity_levels=request.severity_levels,
        users=request.users,
        privacy=Privacy(
            **dict.fromkeys(request.privacy, True), key=privacy_key if request.privacy else ""
        ),
        points=tuple(
            point
            for pdl, point in points.items()
            if request.export_type in _NOT_ABOUT_DEVICES
            or any(device.pdl == pdl for device in devices)
        ),
        given=given,
    )


def _metering_points(hass: HomeAssistant) -> dict[str, MeteringPoint]:
    """Return all metering points by their pdl."""
    return {
        entry.data[CONF_PDL]: MeteringPoint(
            slug=slugify(entry.data[CONF_PDL]),
            pdl=entry.data[CONF_PDL],
            name=entry.data.get(CONF_NAME, entry.title),
        )
        for entry in metering_point_entries(hass)
    }


def _job_device(
    hass: HomeAssistant, device: ExportDevice, points: dict[str, MeteringPoint]
) -> JobDevice:
    point = points.get(device.pdl)
    return JobDevice(
        device_id=device.device_id,
        device_ip=device.address,
        device_name=device.name,
        entities=dict(device.entities),
        rated_power=device.rated_power,
        plug_id=device.plug_id,
        metering_point=None if point is None else point.slug,
        role=str(device.role),
        mac=device.mac,
        model=device.model,
        firmware=device.firmware,
        last_seen=last_answer(hass, device),
    )


def last_answer(hass: HomeAssistant, device: ExportDevice) -> float | None:
    """Return when a device that answers now last did so, in UTC seconds.

    The recorder keeps changes only, so it knows less.
    """
    states = (hass.states.get(entity_id) for entity_id in device.entities.values())
    return max(
        (
            state.last_reported.timestamp()
            for state in states
            if state is not None and state.state not in (STATE_UNAVAILABLE, STATE_UNKNOWN)
        ),
        default=None,
    )

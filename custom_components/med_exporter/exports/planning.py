"""From a checked request to the engine's job."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from homeassistant.components.recorder import is_entity_recorded  # type: ignore[attr-defined]
from homeassistant.const import CONF_NAME, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from ..const import CONF_PDL, CONF_PLUGS
from ..engine.export_types import EXPORT_TYPES
from ..engine.formats import FORMATS
from ..engine.job import GivenTable, Job, JobDevice, MeteringPoint
from ..engine.times import boundaries
from ..entries.finding import metering_point_entries, metering_point_slugs, point_slug
from ..errors import InvalidRequest
from ..metering.contracts import currencies_of, tariff_of
from ..metering.devices import export_devices
from ..metering.left_states import former_entities
from ..settings import settings

if TYPE_CHECKING:
    from pathlib import Path

    from homeassistant.core import HomeAssistant

    from ..engine.job import Request
    from ..metering.devices import ExportDevice
    from .files import ExportFolder


def check_pdf_rows(hass: HomeAssistant, request: Request, devices: int) -> None:
    """Refuse a PDF that may have more rows than allowed, as far as it can be told beforehand.

    Raises InvalidRequest with code TOO_MANY_PDF_ROWS. How many raw rows there are only the job
    finds out, which then fails with the same code.
    """
    on_pages = FORMATS[request.format].on_pages
    if not on_pages or request.aggregation == "raw" or not devices:
        return
    end = min(request.end, dt_util.utcnow().timestamp())
    if end <= request.start:
        return
    periods = boundaries(request.aggregation, request.start, end, request.zone())
    rows = (len(periods) - 1) * devices
    limit = settings(hass).max_pdf_rows
    if rows > limit:
        raise InvalidRequest(
            "TOO_MANY_PDF_ROWS", "too_many_pdf_rows", field="format", rows=rows, limit=limit
        )


def house_of(hass: HomeAssistant, request: Request, devices: list[ExportDevice]) -> str:
    """Return what the home in a file is called: its one metering point, else the installation.

    Nothing where the file keeps anything to itself: such a name tells as much.
    """
    if request.privacy.active:
        return ""
    pdls = {device.pdl for device in devices}
    names = [
        entry.data.get(CONF_NAME, entry.title)
        for entry in metering_point_entries(hass)
        if entry.data[CONF_PDL] in pdls
    ]
    return names[0] if len(names) == 1 else hass.config.location_name


def file_path(export_id: str, request: Request, folder: ExportFolder, house: str = "") -> Path:
    """Return where a request's file will lie; its name tells type, days and whose they are."""
    zone = request.zone()
    days = tuple(
        datetime.fromtimestamp(moment, zone).date().isoformat()
        for moment in (request.start, request.end - 0.001)
    )
    tables = EXPORT_TYPES[request.export_type].tables(request)
    extension = FORMATS[request.format].package(tables).extension
    if request.options.compression:
        extension += ".gz"
    return folder.file_for(export_id, request.export_type, (days[0], days[1]), extension, house)


def plan_job(
    hass: HomeAssistant,
    export_id: str,
    request: Request,
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
    zone = request.zone()
    limits = settings(hass)
    export_type = EXPORT_TYPES[request.export_type]
    metadata = {
        "export_id": export_id,
        "export_type": request.export_type,
        "created_at": dt_util.utcnow().astimezone(zone).isoformat(timespec="seconds"),
    }
    if export_type.is_about_a_time:
        metadata["start"] = datetime.fromtimestamp(request.start, zone).isoformat()
        metadata["end"] = datetime.fromtimestamp(request.end, zone).isoformat()
    metadata["timezone"] = request.timezone
    if export_type.has_rows:
        metadata["aggregation"] = request.aggregation
    points = _metering_points(hass)
    if request.privacy.active and not export_type.is_about_devices:
        # Texts may name any device: what is to be removed has to be known.
        devices = export_devices(hass)
    key = privacy_key if request.privacy.active else ""
    fields = _fields(hass, request, devices)
    has_money = export_type.about_money or "cost" in fields
    return Job.of(
        replace(
            request,
            fields=fields,
            privacy=replace(request.privacy, key=key),
        ),
        devices=tuple(_job_device(hass, device, points) for device in devices),
        metadata=metadata,
        path=path,
        max_records=limits.max_records_per_export,
        max_bytes=limits.max_file_bytes,
        max_pdf_rows=limits.max_pdf_rows,
        currency=_currency(hass, devices, points, has_money=has_money),
        points=tuple(
            point
            for pdl, point in points.items()
            if not export_type.is_about_devices or any(device.pdl == pdl for device in devices)
        ),
        given=given,
    )


def _fields(hass: HomeAssistant, request: Request, devices: list[ExportDevice]) -> tuple[str, ...]:
    """Return the columns of a file, without those that no device has and nobody asked for."""
    pdls = {device.pdl for device in devices}
    had = {name for device in devices for name in device.entities}
    had |= {name for device in devices for former in device.former for name in former.entities}
    if any(tariff_of(one) for one in metering_point_entries(hass) if one.data[CONF_PDL] in pdls):
        had.add("cost")
    return tuple(one for one in request.fields if one in had or one not in request.spare_fields)


def _currency(
    hass: HomeAssistant,
    devices: list[ExportDevice],
    points: dict[str, MeteringPoint],
    *,
    has_money: bool,
) -> str:
    """Return the currency of the costs in a file.

    Raises InvalidRequest where they would be in several: a column has one, and no sum of those is
    money.
    """
    slugs = {points[device.pdl].slug for device in devices if device.pdl in points}
    currencies = sorted(currencies_of(hass, slugs))
    if len(currencies) > 1 and has_money:
        raise InvalidRequest(
            "SEVERAL_CURRENCIES",
            "several_currencies",
            field="devices",
            currencies=", ".join(currencies),
        )
    return currencies[0]


def _metering_points(hass: HomeAssistant) -> dict[str, MeteringPoint]:
    """Return all metering points by their pdl."""
    return {
        entry.data[CONF_PDL]: MeteringPoint(
            slug=point_slug(entry),
            pdl=entry.data[CONF_PDL],
            name=entry.data.get(CONF_NAME, entry.title),
            plugs=tuple(entry.data[CONF_PLUGS]),
        )
        for entry in metering_point_entries(hass)
    }


def _job_device(
    hass: HomeAssistant, device: ExportDevice, points: dict[str, MeteringPoint]
) -> JobDevice:
    point = points.get(device.pdl)
    entities = _entities_of(device)
    return JobDevice(
        device_id=device.device_id,
        device_ip=device.address,
        device_name=device.name,
        entities=entities,
        not_recorded=not_recorded(hass, device),
        rated_power=device.rated_power,
        plug_id=device.plug_id,
        metering_point=None if point is None else point.slug,
        is_by_statistics=device.device_type == "meter",
        role=str(device.role),
        mac=device.mac,
        model=device.model,
        firmware=device.firmware,
        last_seen=last_answer(hass, device),
        former=former_entities(entities, device.former, device.left),
    )


def _entities_of(device: ExportDevice) -> dict[str, str]:
    entities = dict(device.entities)
    if device.statistic_ids:
        # A statistic of no entity has hours, which stand where no states are.
        entities.setdefault("energy_total_kwh", device.statistic_ids[0])
    return entities


def is_of_now(hass: HomeAssistant, job: Job) -> bool:
    """Return whether all that a job names by an id still goes by it: metering points, entities.

    What has been removed has left its states, and its energy, under the id that it had.
    """
    points = metering_point_slugs(hass)
    present = {device.device_id: _entities_of(device) for device in export_devices(hass)}
    return all(point.slug in points for point in job.points) and all(
        present.get(device.device_id, {}).get(field, entity_id) == entity_id
        for device in job.devices
        for field, entity_id in device.entities.items()
    )


def not_recorded(hass: HomeAssistant, device: ExportDevice) -> tuple[str, ...]:
    """Return the reading fields whose entity the recorder does not keep: excluded or disabled."""
    registry = er.async_get(hass)
    return tuple(
        field
        for field, entity_id in device.entities.items()
        if not is_entity_recorded(hass, entity_id)
        or ((entry := registry.async_get(entity_id)) is not None and entry.disabled)
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

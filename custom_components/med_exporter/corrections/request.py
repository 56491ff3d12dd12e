"""What a caller asks to be put right, read alike at every door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from homeassistant.util import dt as dt_util

from ..engine.times import QUARTER, quarter_of
from ..entries.finding import metering_point_entries, point_slug
from ..errors import INVALID_DATE_RANGE, InvalidRequest, UnknownMeteringPointError
from ..ledger import LedgerPlug
from ..ledger.corrections import Correction, Operation
from ..metering.devices import (
    AmbiguousDeviceError,
    UnknownDeviceError,
    export_devices,
    select_devices,
)
from ..object_reader import INVALID_REQUEST, INVALID_VALUE, ObjectReader, shown
from ..pushes.date_range import read_push_range

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

    from ..metering.devices import ExportDevice
    from ..pushes.date_range import Bound

UNKNOWN_DEVICE: Final = "UNKNOWN_DEVICE"
MAX_DAYS: Final = 366


def read_correction(hass: HomeAssistant, values: object) -> tuple[Correction, str]:
    """Return what an object asks to be corrected, and the reason that it gives.

    `meter` is a device id, an entity id, a name or an address; `pdl` the metering point, which is
    enough where that has one meter. `start` and `end` are dates, the last of which belongs to the
    range, or times on quarter-hours. `value` goes with `operation` `set` (kWh, which may be less
    than nothing for a meter that is no plug) and `scale` (a factor). Raises InvalidRequest at the
    first mistake's field.
    """
    reader = ObjectReader(values)
    device = _meter(hass, reader.text("meter"), reader.text("pdl"))
    start, end = _range(reader)
    operation = Operation(reader.choice("operation", list(Operation), required=True) or "")
    value = reader.number("value")
    if operation is Operation.REMOVE:
        if value is not None:
            raise InvalidRequest(INVALID_VALUE, "value_without_use", field="value")
    elif value is None:
        raise InvalidRequest(INVALID_REQUEST, "required", field="value")
    else:
        low, high = _least(operation, device), _MOST[operation]
        if not low <= value <= high:
            raise InvalidRequest(INVALID_VALUE, "out_of_range", field="value", low=low, high=high)
    reason = (reader.text("reason", required=True) or "").strip()
    if not reason:
        raise InvalidRequest(INVALID_REQUEST, "required", field="reason")
    reader.finish()
    plug = _ledger_plug(hass, device)
    correction = Correction(
        plug=plug, start=start, end=end, operation=operation, value=value or 0.0
    )
    return correction, reason


_MOST: Final = {Operation.SET: 1_000_000, Operation.SCALE: 1_000}


def _least(operation: Operation, device: ExportDevice) -> int:
    """Return the lowest value: what Home Assistant measures may run both ways, a plug does not."""
    is_signed = operation is Operation.SET and device.device_type == "meter"
    return -_MOST[operation] if is_signed else 0


def _meter(hass: HomeAssistant, name: str | None, pdl: str | None) -> ExportDevice:
    devices = [one for one in export_devices(hass) if one.plug_id is not None]
    if pdl is not None:
        devices = [one for one in devices if one.pdl == pdl]
        if not devices:
            raise UnknownMeteringPointError(pdl)
    if name is None:
        if pdl is None:
            raise InvalidRequest(INVALID_REQUEST, "required", field="meter")
        found, name = devices, pdl
    else:
        of_entity = [one for one in devices if name in one.entities.values()]
        try:
            found = of_entity or select_devices(devices, [name])
        except UnknownDeviceError as err:
            raise InvalidRequest(
                UNKNOWN_DEVICE, "unknown_device", field="meter", name=shown(name)
            ) from err
        except AmbiguousDeviceError as err:
            found = [one for one in devices if one.device_id in err.ids]
    if len(found) > 1:
        raise InvalidRequest(
            INVALID_VALUE,
            "ambiguous_device",
            field="meter",
            name=shown(name),
            ids=", ".join(one.device_id for one in found),
        )
    return found[0]


def _range(reader: ObjectReader) -> tuple[int, int]:
    asked = read_push_range(
        cast("Bound", reader.take("start", required=True)),
        cast("Bound", reader.take("end", required=True)),
    )
    assert asked is not None
    assert asked.start is not None
    assert asked.end is not None
    start, end = asked.start.timestamp(), asked.end.timestamp()
    now = quarter_of(dt_util.utcnow().timestamp())
    # A day that still runs belongs to the range as far as it has come.
    end = min(end, now)
    for field, moment in (("start", start), ("end", end)):
        if moment % QUARTER:
            raise InvalidRequest(INVALID_DATE_RANGE, "not_a_quarter_hour", field=field)
    if start >= end:
        raise InvalidRequest(INVALID_DATE_RANGE, "range_not_over", field="start")
    if end - start > MAX_DAYS * 86400 + 3600:
        raise InvalidRequest(INVALID_DATE_RANGE, "range_too_long", field="end", days=MAX_DAYS)
    return int(start), int(end)


def _ledger_plug(hass: HomeAssistant, device: ExportDevice) -> LedgerPlug:
    assert device.plug_id is not None
    entry = next(one for one in metering_point_entries(hass) if one.data["pdl"] == device.pdl)
    return LedgerPlug(
        plug_id=device.plug_id,
        name=device.name,
        metering_point=point_slug(entry),
        metering_point_name=entry.title,
        role=device.role,
    )

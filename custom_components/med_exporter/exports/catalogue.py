"""What there is to choose from in a file export: formats, reading fields and devices."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..database import async_read_recorder
from ..engine.formats import FORMATS
from ..engine.lazy_dataclass import dataclass
from ..engine.recorder.counts import RecordedCounts
from ..engine.recorder.states import last_seen
from ..metering.contracts import currency_of_costs
from ..metering.devices import export_devices
from ..rights import readable_devices
from .planning import last_answer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from homeassistant.auth.models import User
    from homeassistant.core import HomeAssistant
    from sqlalchemy import Connection

    from ..metering.devices import ExportDevice


_DATA_COUNTS: Final[HassKey[RecordedCounts]] = HassKey("med_exporter.recorded_counts")


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """A field of a reading that carries a measured or computed value.

    `unit` is None for a cost, which is in the currency of the contracts.
    """

    field: str
    name: str
    description: str
    data_type: str
    unit: str | None


METRICS: Final = (
    Metric(
        field="power_w",
        name="Power (Watts)",
        description="Instantaneous power consumption",
        data_type="float",
        unit="W",
    ),
    Metric(
        field="energy_kwh",
        name="Energy (kWh)",
        description="Energy used since the previous reading",
        data_type="float",
        unit="kWh",
    ),
    Metric(
        field="energy_total_kwh",
        name="Energy total (kWh)",
        description="Energy counter, ever growing",
        data_type="float",
        unit="kWh",
    ),
    Metric(
        field="voltage",
        name="Voltage (Volts)",
        description="Mains voltage",
        data_type="float",
        unit="V",
    ),
    Metric(
        field="current",
        name="Current (Amperes)",
        description="Current drawn",
        data_type="float",
        unit="A",
    ),
    Metric(
        field="cost",
        name="Cost",
        description="Calculated energy cost",
        data_type="float",
        unit=None,
    ),
    Metric(
        field="is_on",
        name="Relay",
        description="Whether the plug is switched on",
        data_type="boolean",
        unit="",
    ),
    Metric(
        field="filled",
        name="Filled",
        description="Whether the energy was used while nobody read the plug",
        data_type="boolean",
        unit="",
    ),
    Metric(
        field="from_statistics",
        name="From statistics",
        description="Whether the row is an hour of statistics, the readings being purged",
        data_type="boolean",
        unit="",
    ),
)


def list_formats() -> list[dict[str, str]]:
    """Return the formats that exist, as the API shows them."""
    return [
        {
            "id": item.id,
            "name": item.name,
            "description": item.description,
            "mime_type": item.single.mime_type,
            "extension": item.single.extension,
        }
        for item in FORMATS.values()
    ]


def list_metrics(hass: HomeAssistant) -> list[dict[str, str]]:
    """Return the fields that can be exported beside a row's own keys; a cost in its currency."""
    return [
        {
            "field": metric.field,
            "name": metric.name,
            "description": metric.description,
            "data_type": metric.data_type,
            "unit": currency_of_costs(hass) if metric.unit is None else metric.unit,
        }
        for metric in METRICS
    ]


async def async_list_devices(hass: HomeAssistant, user: User | None) -> list[dict[str, Any]]:
    """Return the devices that the caller may export.

    `last_seen` is the UTC time of the last answer (None when never), `data_points` how many states
    the recorder holds of the field it holds most of, or hours of statistics where these are more.
    Raises DatabaseUnavailableError.
    """
    devices = readable_devices(user, export_devices(hass))
    counts = hass.data.setdefault(_DATA_COUNTS, RecordedCounts())
    answers = [last_answer(hass, device) for device in devices]
    held = await async_read_recorder(hass, partial(_held, counts, devices, answers))
    return [
        {
            "device_id": device.device_id,
            "device_ip": device.address,
            "device_name": device.name,
            "device_type": device.device_type,
            "mac": device.mac,
            "pdl": device.pdl,
            "role": str(device.role),
            "last_seen": _utc(last),
            "data_points": count,
        }
        for device, (count, last) in zip(devices, held, strict=True)
    ]


def _utc(moment: float | None) -> datetime | None:
    return None if moment is None else dt_util.utc_from_timestamp(moment)


def _held(
    counts: RecordedCounts,
    devices: Sequence[ExportDevice],
    answers: Sequence[float | None],
    connection: Connection,
) -> list[tuple[int, float | None]]:
    """Return per device how much the recorder holds, and when it last answered.

    Of those that do not answer now, the recorder tells when it last knew something.
    """
    states = counts.states(connection, _entity_ids(devices))
    silent = [one for one, at in zip(devices, answers, strict=True) if at is None]
    seen = last_seen(connection, _entity_ids(silent)) if silent else {}
    ids = [one for device in devices for one in device.statistic_ids]
    hours = counts.hours(connection, ids) if ids else {}
    found = []
    for device, answer in zip(devices, answers, strict=True):
        own = [states[one] for one in device.entities.values() if one in states]
        own += [hours[one] for one in device.statistic_ids if one in hours]
        moments = [seen[one] for one in device.entities.values() if one in seen]
        moments += [
            hours[one].last or 0.0 for one in device.statistic_ids if one in hours and not moments
        ]
        count = max((one.count for one in own), default=0)
        found.append((count, answer or max(moments, default=None) or None))
    return found


def _entity_ids(devices: Sequence[ExportDevice]) -> list[str]:
    return [entity_id for device in devices for entity_id in device.entities.values()]

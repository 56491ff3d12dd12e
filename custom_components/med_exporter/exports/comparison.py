"""Contracts compared at once, without a file: one answer for every door."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from homeassistant.util import dt as dt_util

from ..database import async_read_recorder
from ..engine.times import utc_text
from ..errors import InvalidRequest
from ..object_reader import INVALID_REQUEST
from .choosing import chosen_devices
from .jobs import DATA_JOBS
from .planning import plan_job
from .request import async_read_request

if TYPE_CHECKING:
    from homeassistant.auth.models import User
    from homeassistant.core import HomeAssistant
    from sqlalchemy import Connection

    from ..engine.exports.contract_comparison.result import Line, Result
    from ..engine.job import Job

_EXPORT_TYPE = "contract_comparison"


async def async_compare_contracts(
    hass: HomeAssistant, asked: object, user: User | None
) -> dict[str, Any]:
    """Return what a metering point's past would have cost under several contracts.

    `asked` has `contracts` (see `engine.tariff.offers.read_offers`), `date_range` as in any
    request, up to three years, and `pdl`, which may be left out where there is one metering point
    that the caller may read. The contract that the metering point has is compared too.

    Returns:
        `metering_point`, `pdl`, `start`, `end`, `currency`, `energy_kwh`, `produced_kwh`,
        `cheapest` (a name, None where it cannot be told), `contracts` (the cheapest first, each
        with `name`, `priced_on`, `energy_cost`, `standing_charge`, `feed_in`, `total`,
        `difference` to the cheapest, `shift_saving`, `unpriced_kwh`), `months` (each with `start`,
        `energy_kwh`, `produced_kwh`, and `contracts` with `name` and the amounts), `warnings`.

    Raises:
        InvalidRequest: at the first mistake.
        DatabaseUnavailableError: the database cannot be read.

    """
    if not isinstance(asked, dict):
        raise InvalidRequest(INVALID_REQUEST, "not_an_object", field="body")
    for key in asked.keys() - {"contracts", "date_range", "pdl"}:
        raise InvalidRequest(INVALID_REQUEST, "unknown_field", field=str(key))
    request = await async_read_request(
        hass, {**asked, "export_type": _EXPORT_TYPE, "format": "json"}
    )
    devices = chosen_devices(hass, request, user)
    given = await hass.data[DATA_JOBS].async_given(request, user)
    job = plan_job(hass, "", request, devices, "", given=given)
    end = min(request.end, max(dt_util.utcnow().timestamp(), request.start))
    result = await async_read_recorder(hass, partial(_compare, job, end))
    return _answer(job, result, end)


def _compare(job: Job, end: float, connection: Connection) -> Result:
    """Compare; called in the recorder's executor."""
    from ..engine.exports.contract_comparison.result import (  # noqa: PLC0415  # not at start-up
        compared,
    )

    return compared(job, connection, end)


def _answer(job: Job, result: Result, end: float) -> dict[str, Any]:
    (point,) = job.points
    return {
        "metering_point": point.name,
        "pdl": point.pdl,
        "start": utc_text(result.edges[0] if result.edges else job.start),
        "end": utc_text(end),
        "currency": job.currency,
        "energy_kwh": round(sum(result.kwh), 3),
        "produced_kwh": round(sum(result.produced_kwh), 3),
        "cheapest": result.cheapest,
        "contracts": [_totals(line) for line in result.lines],
        "months": [
            {
                "start": utc_text(result.edges[place]),
                "energy_kwh": round(kwh, 3),
                "produced_kwh": round(result.produced_kwh[place], 3),
                "contracts": [
                    {"name": line.name, **line.months[place]._asdict()} for line in result.lines
                ],
            }
            for place, kwh in enumerate(result.kwh)
        ],
        "warnings": result.warnings,
    }


def _totals(line: Line) -> dict[str, Any]:
    return {
        "name": line.name,
        "priced_on": line.priced_on,
        **line.money._asdict(),
        "difference": line.difference,
        "shift_saving": line.shift_saving,
        "unpriced_kwh": line.unpriced_kwh,
    }

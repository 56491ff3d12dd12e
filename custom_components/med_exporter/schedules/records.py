"""A schedule: what is exported by itself, when, and where the file goes."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  # the codec reads annotations
from dataclasses import field
from datetime import datetime  # noqa: TC003  # see above
from typing import Any

from ..engine.lazy_dataclass import dataclass


@dataclass(kw_only=True, slots=True)
class Schedule:
    """One schedule.

    Attributes:
        id: public UUID.
        name: for people.
        schedule: a cron expression, in the installation's time zone.
        export_config: a request of `POST /api/exports/create`.
        delivery: where the file goes, as `delivery.async_read_delivery` returns it.
        enabled: whether it runs by itself.
        created_at: UTC.
        created_by: user id, None for an automation.
        handled_until: UTC; every time it was due until then has been taken care of.
        under_way: UTC; the due time whose run has begun and not ended, None for none.
        last_run_at: UTC; the due time of the last run, or when it was asked for.
        last_export_id: of that run.

    """

    id: str
    name: str
    schedule: str
    export_config: Mapping[str, Any]
    created_at: datetime
    handled_until: datetime
    delivery: Mapping[str, Any] = field(default_factory=lambda: {"method": "none"})
    enabled: bool = True
    created_by: str | None = None
    under_way: datetime | None = None
    last_run_at: datetime | None = None
    last_export_id: str | None = None


def with_pdl(export_config: Mapping[str, Any], before: str, now: str) -> Mapping[str, Any]:
    """Return an export that names a metering point by its id now, where it did by that before."""
    config = dict(export_config)
    if config.get("pdl") == before:
        config["pdl"] = now
    if isinstance(devices := config.get("devices"), list):
        config["devices"] = [now if one == before else one for one in devices]
    return config

"""The schedules, one row each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..engine.readings.fields import Kind
from ..engine.rows.tables import Column, Holds
from ..schedules.scheduler import DATA_SCHEDULES
from .given import given_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from homeassistant.core import HomeAssistant

    from ..engine.job import GivenTable


def schedules_table(hass: HomeAssistant) -> GivenTable:
    """Return what is exported by itself, when, and where it goes."""
    scheduler = hass.data[DATA_SCHEDULES]
    return given_table(
        "schedules",
        scheduler.schedules(),
        (Column("name", Kind.TEXT, holds=Holds.TEXT), lambda one: one.name),
        (Column("id", Kind.TEXT), lambda one: one.id),
        (Column("schedule", Kind.TEXT), lambda one: one.schedule),
        (Column("enabled", Kind.FLAG), lambda one: one.enabled),
        (Column("export_type", Kind.TEXT), lambda one: one.export_config.get("export_type")),
        (Column("format", Kind.TEXT), lambda one: one.export_config.get("format")),
        (Column("request", Kind.TEXT, holds=Holds.TEXT), lambda one: _rest(one.export_config)),
        (Column("delivery", Kind.TEXT), lambda one: one.delivery.get("method")),
        # Addresses of people, names of their phones, folders of theirs.
        (
            Column("recipients", Kind.TEXT, holds=Holds.USER),
            lambda one: _recipients(one.delivery),
        ),
        (Column("next_run", Kind.TIME), lambda one: _seconds(scheduler.next_run(one))),
        (Column("last_run", Kind.TIME), lambda one: _seconds(one.last_run_at)),
    )


def _rest(request: Mapping[str, Any]) -> str:
    rest = {key: request[key] for key in request if key not in {"export_type", "format"}}
    return json.dumps(rest, ensure_ascii=False, default=str)


def _recipients(delivery: Mapping[str, Any]) -> str | None:
    """Return who or what gets the file."""
    for key in ("recipients", "target", "path"):
        value = delivery.get(key)
        if value:
            return value if isinstance(value, str) else ", ".join(map(str, value))
    return None


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()

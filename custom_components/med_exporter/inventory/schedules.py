"""The schedules, one row each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..engine.fields import Kind
from ..engine.job import GivenTable
from ..engine.tables import Column, Holds
from ..schedules.scheduler import DATA_SCHEDULES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from homeassistant.core import HomeAssistant


def schedules_table(hass: HomeAssistant) -> GivenTable:
    """Return what is exported by itself, when, and where it goes."""
    return GivenTable(
        name="schedules",
        columns=(
            Column("name", Kind.TEXT, holds=Holds.TEXT),
            Column("id", Kind.TEXT),
            Column("schedule", Kind.TEXT),
            Column("enabled", Kind.FLAG),
            Column("export_type", Kind.TEXT),
            Column("format", Kind.TEXT),
            Column("request", Kind.TEXT, holds=Holds.TEXT),
            Column("delivery", Kind.TEXT),
            # Addresses of people, names of their phones, folders of theirs.
            Column("recipients", Kind.TEXT, holds=Holds.USER),
            Column("next_run", Kind.TIME),
            Column("last_run", Kind.TIME),
        ),
        rows=tuple(_rows(hass)),
    )


def _rows(hass: HomeAssistant) -> list[tuple[Any, ...]]:
    scheduler = hass.data[DATA_SCHEDULES]
    rows = []
    for one in scheduler.schedules():
        request: Mapping[str, Any] = one.export_config
        rest = {key: request[key] for key in request if key not in {"export_type", "format"}}
        rows.append(
            (
                one.name,
                one.id,
                one.schedule,
                one.enabled,
                request.get("export_type"),
                request.get("format"),
                json.dumps(rest, ensure_ascii=False, default=str),
                one.delivery.get("method"),
                _recipients(one.delivery),
                _seconds(scheduler.next_run(one)),
                _seconds(one.last_run_at),
            )
        )
    return rows


def _recipients(delivery: Mapping[str, Any]) -> str | None:
    """Return who or what gets the file."""
    for key in ("recipients", "target", "path"):
        value = delivery.get(key)
        if value:
            return value if isinstance(value, str) else ", ".join(map(str, value))
    return None


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()

"""Section `device_summary`: what there is, and how it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...readings.fields import Kind
from ...recorder.availability import AWAY, last_states
from ...recorder.states import last_seen
from ...recorder.statistics import Statistics
from ...rows.content import Figure
from ...rows.tables import Column, small_table
from . import Section

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...job import Job, JobDevice
    from ...recorder.states import Recorder

_COLUMNS = (
    Column("device", Kind.TEXT),
    Column("metering_point", Kind.TEXT),
    Column("model", Kind.TEXT),
    Column("firmware", Kind.TEXT),
    Column("address", Kind.TEXT),
    Column("role", Kind.TEXT),
    Column("last_seen", Kind.TIME),
    Column("rows", Kind.NUMBER),
    Column("state", Kind.TEXT),
)


def section(job: Job, recorder: Recorder, end: float, on_read: Callable[[float], None]) -> Section:
    """Return one row for each device, as `SectionModule.section` describes.

    `rows` counts the states, in the range, of the field with the most, and hours of statistics
    where there never were any; `last_seen` is when the latest of them was, or the latest answer;
    `state` is that of the relay at the end, or `unavailable`.
    """
    points = {point.slug: point.name for point in job.points}
    rows = []
    for place, device in enumerate(job.devices, 1):
        entities = list(device.entities.values())
        ids = recorder.metadata_ids(entities).values()
        count = max(recorder.counts(ids, job.start, end).values(), default=0)
        with recorder.connect() as connection:
            seen = last_seen(connection, entities)
        answered = [moment for moment in (device.last_seen, *seen.values()) if moment is not None]
        if not seen:
            hours = Statistics.of_device(recorder.connect, device)
            count = hours.count(job.start, end)
            answered += hours.last()
        rows.append(
            (
                device.device_name,
                points.get(device.metering_point or ""),
                device.model,
                device.firmware,
                device.device_ip,
                device.role,
                max(answered, default=None),
                count,
                state_of(recorder, device, end),
            )
        )
        on_read(place / len(job.devices))
    figures = [Figure(name="device_count", value=len(rows))]
    return Section(table=small_table("device_summary", _COLUMNS, rows), figures=figures)


def state_of(recorder: Recorder, device: JobDevice, end: float) -> str | None:
    """Return `on`, `off` or `unavailable`; None when that is not known."""
    states = last_states(recorder, device, end)
    relay = states.get("is_on")
    if relay in {"on", "off", AWAY}:
        return relay
    return AWAY if AWAY in states.values() else None

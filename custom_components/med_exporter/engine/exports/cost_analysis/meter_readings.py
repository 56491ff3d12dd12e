"""What meters showed when the time of a bill began and ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...readings.fields import ENTITY_FIELDS
from ...recorder.statistics import Statistics

if TYPE_CHECKING:
    from ...job import Job, JobDevice
    from ...recorder.states import Recorder

_COUNTER = ENTITY_FIELDS.index("energy_total_kwh")

type Readings = tuple[float, float]
"""In kWh: at the start, and at the end."""


def meter_readings(job: Job, recorder: Recorder) -> dict[str, Readings]:
    """Return the readings of a job's range by plug id, where both are known.

    Home Assistant's statistics keep what a counter showed at the end of each hour. A counter that
    began anew meanwhile, or has replaced another one, has no readings that a bill could show.
    """
    found: dict[str, Readings] = {}
    for device in job.devices:
        if device.plug_id is None or any(former.until > job.start for former in device.former):
            continue
        readings = _readings(job, recorder, device)
        if readings is not None:
            found[device.plug_id] = readings
    return found


def _readings(job: Job, recorder: Recorder, device: JobDevice) -> Readings | None:
    statistics = Statistics.of_device(recorder.connect, device)
    shown: list[float] = []
    for edge in (job.start, job.end):
        hour = statistics.last_before(_COUNTER, edge)
        if hour is None or hour.end != edge or hour.state is None:
            return None
        shown.append(hour.state)
    start, end = shown
    return (start, end) if start <= end else None

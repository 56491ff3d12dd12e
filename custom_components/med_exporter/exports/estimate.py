"""How long exports will take, judged by those before."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..engine.job import Job

# Until an export of this life has been timed.
_FIRST_GUESS_SECONDS_PER_DEVICE_DAY = 0.05
_PROCESS_START_SECONDS = 1.0


class Estimate:
    """Expects of an export what the ones before took for each day of each device."""

    def __init__(self) -> None:
        self._seconds_per_device_day = _FIRST_GUESS_SECONDS_PER_DEVICE_DAY

    def seconds(self, job: Job) -> float:
        """Return how long a job will probably take, in seconds."""
        return _PROCESS_START_SECONDS + _device_days(job) * self._seconds_per_device_day

    def learn(self, job: Job, seconds: float) -> None:
        """Let the time a job took stand for half of the next estimate."""
        measured = max(seconds - _PROCESS_START_SECONDS, 0) / max(_device_days(job), 0.01)
        self._seconds_per_device_day = (self._seconds_per_device_day + measured) / 2


def _device_days(job: Job) -> float:
    return len(job.devices) * (job.end - job.start) / 86400

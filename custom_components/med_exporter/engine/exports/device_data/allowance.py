"""How many readings a preview takes, so that none keeps anybody waiting.

Rows of long periods, totals and outliers need all readings of a range, which may be millions. What
would need too many is shown of a shorter range, which ends where the readings become too many.
"""

from __future__ import annotations

import math
from itertools import islice
from typing import TYPE_CHECKING, Final

from ...readings.succession import stretches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...job import Job, JobDevice
    from ...readings.reading import Reading
    from ...recorder.states import Recorder

MOST_READINGS: Final = 12_000
"""Readings of all devices after which no further row is begun: a day of one each 10 s, and more."""
_OF_EACH: Final = 256
"""Readings of a device that are taken for raw rows, before it is known whose come first."""
_AT_ONCE: Final = 32


class TooManyReadingsError(Exception):
    """More readings would be needed than a preview takes.

    Attributes:
        until: UTC seconds, a whole number; those up to then are few enough.

    """

    def __init__(self, until: float) -> None:
        super().__init__(until)
        self.until = until


class Allowance:
    """The readings that one preview may take.

    Args:
        job: whose.
        recorder: where the states are.
        end: UTC seconds up to which values are known.

    """

    def __init__(self, job: Job, recorder: Recorder, end: float) -> None:
        self._job = job
        self._recorder = recorder
        self._end = end
        self._left = 2 * MOST_READINGS + _OF_EACH * len(job.devices)

    def reach(self, device: JobDevice, devices: int = 1) -> float:
        """Return until when a device's readings are few enough; infinity for all of the range.

        It may have its part where so many devices share what a preview takes. They are as many as
        the states of the entity that has most, or a few times as many where entities change at
        different times.
        """
        start, end = self._job.start, self._end
        most = max(MOST_READINGS // devices, 1)
        for one, since, until in stretches(device, start, end):
            ids = self._recorder.metadata_ids(tuple(one.entities.values())).values()
            beyond = self._recorder.first_beyond(ids, most, since, until)
            if beyond < until:
                reach = max(math.floor(beyond), math.floor(start) + 1)
                # All that is left may lie in one second.
                return reach if reach < end else math.inf
        return math.inf

    def require_all(self) -> None:
        """Raise TooManyReadingsError where those of all devices together are too many."""
        devices = self._job.devices
        until = min((self.reach(device, len(devices)) for device in devices), default=math.inf)
        if until < self._end:
            raise TooManyReadingsError(until)

    def of(self, readings: Iterator[Reading]) -> Iterator[Reading]:
        """Yield readings; where they become too many, raise as `require_all` does.

        So it is where filters keep few of them, or nobody knows for long what a counter shows.
        """
        while some := list(islice(readings, _AT_ONCE)):
            if 0 <= self._left < len(some):
                self.require_all()
            self._left -= len(some)
            yield from some

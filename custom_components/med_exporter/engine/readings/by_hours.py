"""The readings of a device by the hour, though the recorder keeps them one by one.

Where readings are very many, the hours that Home Assistant has made of them say nearly the same,
thousands of times faster: energy is that of the counter, levels are averages. What has happened
since the last of them, and what has no hours, as a relay, is read as ever.
"""

from __future__ import annotations

from dataclasses import replace
from heapq import merge
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from ..costs.plug_ledger import PlugLedger
from ..recorder.statistics import Statistics, hourly_readings
from .fields import ENTITY_FIELDS
from .from_states import readings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..job import JobDevice
    from ..recorder.states import Recorder
    from ..recorder.statistics import Coverage
    from .reading import Reading

_RELAY: Final = "is_on"


class Hours:
    """The hours of a device in a range, and what is read beside and behind them.

    Args:
        recorder: where they are.
        device: whose.
        span: UTC seconds: start, included, and end, not included.

    Attributes:
        until: UTC seconds at which the last hour ends, or the range if that is earlier; its start
            where the hours do not tell of all that states do.

    """

    def __init__(self, recorder: Recorder, device: JobDevice, span: tuple[float, float]) -> None:
        self._recorder = recorder
        self._device = device
        self._start, self._end = span
        self._statistics = Statistics.of_device(recorder.connect, device)
        self.until = self._start
        has_all = {*device.entities} <= {
            _RELAY,
            *(ENTITY_FIELDS[one] for one in self._statistics.ids),
        }
        last = self._statistics.last()
        if has_all and last and not device.former and not device.not_recorded:
            self.until = min(max(self._start, min(last)), self._end)

    def reach(self, most: int) -> float:
        """Return until when no entity that is read has more than so many states."""
        ids = self._recorder.metadata_ids(tuple(self._device.entities.values()))
        beyond = self._recorder.first_beyond(ids.values(), most, self.until, self._end)
        relay = [ids[one] for one in (self._device.entities.get(_RELAY),) if one in ids]
        return min(beyond, self._recorder.first_beyond(relay, most, self._start, self.until))

    def readings(
        self, ledger: PlugLedger, on_block: Callable[[float], None], coverage: Coverage
    ) -> Iterator[Reading]:
        """Return the hours, and readings, oldest first; `from_states.readings` describes them."""
        recorder, device = self._recorder, self._device
        hours = hourly_readings(self._statistics, self._start, self.until, coverage)
        relay = {name: one for name, one in device.entities.items() if name == _RELAY}
        if relay:
            switched = readings(
                recorder, replace(device, entities=relay, hours={}), PlugLedger(),
                (self._start, self.until), on_block,
            )  # fmt: skip
            hours = merge(hours, switched, key=itemgetter(0))
        behind = readings(recorder, device, ledger, (self.until, self._end), on_block, coverage)
        return chain(hours, behind)

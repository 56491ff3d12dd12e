"""Energy that is to be priced: slots of any length, and their sum as a function of time."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple

from ..times import QUARTER, UTC_DAY, ceil_to

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CONSUMPTION: Final = "consumption"
PRODUCTION: Final = "production"
IGNORED: Final = "ignored"
UNKNOWN: Final = -(2**31)
"""Stands in a slot of which nothing is known, as in the ledger, whose days are handed over."""
MWH_PER_KWH: Final = 1_000_000
_TOGETHER: Final = "*"
"""Stands for all devices: no device has this id."""


class Energy(NamedTuple):
    """What a device used or produced in slots that follow each other.

    Attributes:
        device: as the result is to name it.
        role: `consumption` or `production`.
        start: UTC seconds at which the first slot begins.
        seconds: length of a slot.
        mwh: by slot, as the ledger has them: `UNKNOWN` where nothing is known, less than 0 where a
            meter ran back.

    """

    device: str
    role: str
    start: int
    seconds: int
    mwh: Sequence[int]


class Grown:
    """The energy of a device up to any time.

    What a stretch has is the difference of two values, so that parts add up to their whole.
    """

    def __init__(self, blocks: Sequence[Energy]) -> None:
        self._blocks = blocks
        self._ends = [block.start + block.seconds * len(block.mwh) for block in blocks]
        self._grown: list[list[int]] = []
        self._before = [0]
        self._last: tuple[float, float] = (0.0, 0.0)
        for block in blocks:
            grown = [0, *accumulate(0 if mwh == UNKNOWN else mwh for mwh in block.mwh)]
            self._grown.append(grown)
            self._before.append(self._before[-1] + grown[-1])

    def until(self, moment: float) -> float:
        """Return the mWh up to a moment; the end of a stretch is the start of the next one."""
        if moment != self._last[0]:
            self._last = (moment, self._until(moment))
        return self._last[1]

    def _until(self, moment: float) -> float:
        index = bisect_right(self._ends, moment)
        if index == len(self._ends):
            return self._before[index]
        block = self._blocks[index]
        if moment <= block.start:
            return self._before[index]
        slot, rest = divmod(moment - block.start, block.seconds)
        grown = self._grown[index]
        slot = int(slot)
        total: float = self._before[index] + grown[slot]
        if rest:
            total += (grown[slot + 1] - grown[slot]) * rest / block.seconds
        return total

    def is_known(self, begin: float, end: float) -> bool:
        """Tell whether anything is known of a stretch."""
        for index in range(bisect_right(self._ends, begin), len(self._ends)):
            block = self._blocks[index]
            if block.start >= end:
                return False
            first = max(int((begin - block.start) // block.seconds), 0)
            after = int(-(-(end - block.start) // block.seconds))
            known = block.mwh[first:after]
            if len(known) > list(known).count(UNKNOWN):
                return True
        return False


def by_quarters(edges: Iterable[float]) -> list[int]:
    """Return edges of periods (UTC seconds) such that each quarter-hour is in the one it begins in.

    So it is with energy (`ledger.books`). One that is under way has all of its energy behind it,
    of which an edge at this moment would leave out a share.
    """
    return [ceil_to(edge, QUARTER) for edge in edges]


def grown(energies: Iterable[Energy]) -> dict[tuple[str, str], Grown]:
    """Return the energy of each device and role."""
    blocks: dict[tuple[str, str], list[Energy]] = {}
    for energy in energies:
        blocks.setdefault((energy.device, energy.role), []).append(energy)
    return {key: Grown(sorted(own, key=_start)) for key, own in blocks.items()}


def together(energies: Iterable[Energy]) -> list[Energy]:
    """Return energies with the whole days of UTC of all devices of a role added up."""
    found: list[Energy] = []
    days: dict[tuple[str, int, int], list[int]] = {}
    for one in energies:
        if one.start % UTC_DAY or one.seconds * len(one.mwh) != UTC_DAY:
            found.append(one)
            continue
        key = (one.role, one.start, one.seconds)
        before = days.get(key)
        days[key] = (
            list(one.mwh)
            if before is None
            else [
                left if right == UNKNOWN else right if left == UNKNOWN else left + right
                for left, right in zip(before, one.mwh, strict=True)
            ]
        )
    return found + [
        Energy(_TOGETHER, role, start, seconds, mwh) for (role, start, seconds), mwh in days.items()
    ]


def _start(energy: Energy) -> int:
    return energy.start

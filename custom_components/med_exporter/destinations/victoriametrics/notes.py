"""What is left in memory of rows that a server shows, until they are on its disk."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from ...engine.lazy_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..databases.outcomes import Stretch


@dataclass(frozen=True, slots=True)
class Note:
    """Rows of one series that a server showed.

    Attributes:
        labels: of the series.
        stretches: what became of all of them, in their order.
        moments: at which milliseconds (UTC) it showed a value, in their order.
        samples: how many it showed from the first to the last of these, None where that is unknown.
        due: the loop's time at which they are on its disk, and can be settled.

    """

    labels: dict[str, str]
    stretches: Sequence[Stretch]
    moments: Sequence[range]
    samples: int | None
    due: float

    @property
    def size(self) -> int:
        """Return as how many rows it counts in memory."""
        return len(self.stretches) + len(self.moments)

    def stamps(self) -> list[int]:
        """Return all moments."""
        return list(chain.from_iterable(self.moments))


def moments_of(stamps: Sequence[int]) -> list[range]:
    """Return moments that grow, one range for all that are equally far apart."""
    if len(stamps) > 1:
        # Mostly they are one, and compared as a whole; one by one takes ten times as long.
        whole = range(stamps[0], stamps[-1] + 1, stamps[1] - stamps[0])
        if len(whole) == len(stamps) and list(whole) == stamps:
            return [whole]
    found: list[range] = []
    start = 0
    while start < len(stamps):
        first, end = stamps[start], start + 1
        step = stamps[end] - first if end < len(stamps) else 1
        while end < len(stamps) and stamps[end] - stamps[end - 1] == step:
            end += 1
        found.append(range(first, stamps[end - 1] + 1, step))
        start = end
    return found

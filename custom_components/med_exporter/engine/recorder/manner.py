"""In which manner states are read; what is made of them does not depend on it."""

from __future__ import annotations

from typing import NamedTuple


class Manner(NamedTuple):
    """How many states are read at a time, and in which order.

    Attributes:
        one_pass: whether all devices are read in one pass by time, where a device can be; None:
            where that is faster.
        page: states that are read at a time.
        together: states of a page of one pass that are in memory together.
        per_entity: states of an entity that a page of one pass has at least, on the average.
        waiting: readings of one pass in memory; what waits beyond them does so on the disk.
        least_shared: states of one pass from which on a second process makes a part.
        own_part: of the range, that the first makes by itself then.
        attempts: frames of the second in which both may come to know the same, before the first
            goes on alone: so long it may wait for what it cannot take.

    """

    one_pass: bool | None = None
    page: int = 8192
    together: int = 512
    per_entity: int = 16
    waiting: int = 16_384
    least_shared: float = 150_000
    own_part: float = 0.4
    attempts: int = 4


USUAL = Manner()

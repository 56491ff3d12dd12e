"""Streams that are each in order of time, as one."""

from __future__ import annotations

import math
from bisect import bisect_left
from operator import itemgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MOMENT = itemgetter(0)


def merged[T: tuple[Any, ...]](streams: Sequence[Iterator[list[T]]]) -> Iterator[list[T]]:
    """Yield what streams bring, in order of time, in blocks about as large as theirs.

    What has the same moment comes in the order of the streams.

    Args:
        streams: items that begin with their moment, oldest first, some at a time, perhaps none.

    """
    if len(streams) == 1:
        yield from filter(None, streams[0])
        return
    heads = [_Head(stream) for stream in streams]
    while True:
        for head in heads:
            head.fill()
        horizon = min((head.items[-1][0] for head in heads if not head.is_last), default=math.inf)
        block: list[T] = []
        for head in heads:
            head.move(block, horizon)
        if not block:
            return
        # The sort is stable and knows runs: it merges those of the streams in C.
        block.sort(key=_MOMENT)
        yield block


class _Head[T: tuple[Any, ...]]:
    """What has come of a stream and waits for the others."""

    def __init__(self, stream: Iterator[list[T]]) -> None:
        self._stream = stream
        self.items: list[T] = []
        self.is_last = False
        """Whether nothing more comes."""

    def fill(self) -> None:
        """Take more, until something is known to have no other of its moment behind it."""
        while not self.is_last and (not self.items or self.items[0][0] == self.items[-1][0]):
            more = next(self._stream, None)
            if more is None:
                self.is_last = True
            else:
                self.items += more

    def move(self, block: list[T], horizon: float) -> None:
        """Hand over what is from before the horizon."""
        items = self.items
        if not items or items[0][0] >= horizon:
            return
        if items[-1][0] < horizon:
            block += items
            self.items = []
            return
        low = bisect_left(items, horizon, key=_MOMENT)
        block += items[:low]
        self.items = items[low:]

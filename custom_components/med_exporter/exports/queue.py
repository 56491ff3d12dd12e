"""Whose turn it is: exports that wait, fairly between users."""

from __future__ import annotations

from collections import Counter
from enum import IntEnum
from typing import TYPE_CHECKING

from ..engine.lazy_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Priority(IntEnum):
    """How urgent an export is; the lowest number goes first."""

    WAITED_FOR = 0
    """Somebody holds the line for the result."""
    ASKED_FOR = 1
    """A user or an automation has asked for it."""
    SCHEDULED = 2
    """Nobody is there who waits."""


@dataclass(frozen=True, slots=True)
class _Place[T]:
    item: T
    owner: str | None
    priority: Priority


class FairQueue[T]:
    """Items that wait for their turn.

    The next one belongs to the owner with the fewest items under way, and among these to the one
    who was served the longest time ago: whoever asks for twenty exports holds up nobody who asks
    for one. Within an owner the most urgent item goes first, then the oldest. An item that
    somebody waits for goes before those of others who have as many under way.
    """

    def __init__(self) -> None:
        self._places: list[_Place[T]] = []
        self._served: dict[str | None, int] = {}
        self._turns = 0

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._places)

    def __iter__(self) -> Iterator[T]:
        """Return those that wait, in the order in which they came."""
        return iter([place.item for place in self._places])

    def add(self, item: T, *, owner: str | None, priority: Priority) -> None:
        """Let an item wait; `owner` is a user's id, None for automations and schedules."""
        self._places.append(_Place(item, owner, priority))

    def remove(self, item: T) -> None:
        """Let an item wait no longer. Raises ValueError for one that does not."""
        self._places.remove(self._place(item))

    def take(self, under_way: Iterable[str | None]) -> T:
        """Take the next item out. Raises IndexError when nothing waits.

        Args:
            under_way: the owner of each item that runs now.

        """
        running = Counter(under_way)

        def rank(place: _Place[T]) -> tuple[int, int, int]:
            return running[place.owner], place.priority, self._served.get(place.owner, 0)

        if not self._places:
            raise IndexError("nothing waits")
        chosen = min(self._places, key=rank)
        self._places.remove(chosen)
        self._turns += 1
        self._served[chosen.owner] = self._turns
        return chosen.item

    def _place(self, item: T) -> _Place[T]:
        for place in self._places:
            if place.item is item:
                return place
        raise ValueError("it does not wait")

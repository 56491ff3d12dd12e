"""How far back a server keeps samples, where it does not tell."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from homeassistant.util import dt as dt_util

from .rows import Rows, selector_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from .flags import Flags
    from .rows import Row
    from .whereabouts import Whereabouts

USUAL_RETENTION: Final = timedelta(days=31)
"""The retention that a server has by itself."""
# The shortest one that it takes.
_ANY_RETENTION: Final = timedelta(days=1)


class Retention:
    """Judges whether rows are missing since they are too old.

    Args:
        whereabouts: finds rows.
        write: writes some rows of a series and returns whether they appear.

    """

    def __init__(
        self,
        whereabouts: Whereabouts,
        write: Callable[[dict[str, str], Rows], Awaitable[bool]],
    ) -> None:
        self._whereabouts = whereabouts
        self._write = write
        # The newest row of each series that was seen on the server, and the newest of all that it
        # is known to drop.
        self._witnesses: dict[str, tuple[dict[str, str], Row]] = {}
        self._dropped_until = -1

    @property
    def has_witnesses(self) -> bool:
        """Return whether any row was seen on the server."""
        return bool(self._witnesses)

    def limit(self, flags: Flags) -> int:
        """Return the millisecond before which nothing is kept; 0 where that is not known."""
        told = 0 if flags.retention is None else milliseconds_ago(flags.retention)
        return max(told, self._dropped_until + 1)

    def witness(self, labels: dict[str, str], newest: Row | None) -> None:
        """Take note of the newest row of a series that was found, if one was."""
        known = self._witnesses.get(selector_of(labels))
        if newest is not None and (known is None or known[1].stamp < newest.stamp):
            self._witnesses[selector_of(labels)] = labels, newest

    async def async_drops(
        self, labels: dict[str, str], missing: Sequence[Row], flags: Flags
    ) -> bool:
        """Return whether rows are missing because the server keeps nothing this old.

        Where it does not tell its retention: the newest of them, sent twice more, does not even
        appear, while a newer row is there. A server that was killed meanwhile has forgotten
        them, but shows them when they are sent again. Raises DestinationError.
        """
        newest = max(missing, key=_stamp)
        if flags.retention is not None:
            return newest.stamp < milliseconds_ago(flags.retention)
        if newest.stamp > milliseconds_ago(_ANY_RETENTION):
            return False
        for _ in range(2):
            if not await self._is_witnessed(labels, newest):
                return False
            if await self._write(labels, Rows.of([newest])):
                return False
        if not await self._is_witnessed(labels, newest):
            return False
        self._dropped_until = newest.stamp
        return True

    async def _is_witnessed(self, labels: dict[str, str], row: Row) -> bool:
        """Return whether a newer row is there: of the same series, as rules may drop one alone.

        What is older than the retention that servers have by themselves any series may witness.
        """
        own = self._witnesses.get(selector_of(labels))
        is_old = row.stamp < milliseconds_ago(USUAL_RETENTION)
        witnesses = list(self._witnesses.values()) if is_old else [own] if own else []
        newest = max(witnesses, key=lambda one: one[1].stamp, default=None)
        if newest is None or newest[1].stamp <= row.stamp:
            return False
        there, witness = newest
        return (await self._whereabouts.async_find(there, Rows.of([witness]))).has(witness)


def milliseconds_ago(ago: timedelta) -> int:
    """Return the moment so long ago."""
    return round((dt_util.utcnow() - ago).timestamp() * 1000)


def _stamp(row: Row) -> int:
    return row.stamp

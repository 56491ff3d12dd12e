"""The outcome of what was queued, for those who ignore it and those who go on with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncio import Future


def ignorable[F: Future[Any]](future: F) -> F:
    """Return a future whose error is not logged where nobody looks at it."""
    future.add_done_callback(succeeded)
    return future


def succeeded(future: Future[Any]) -> bool:
    """Tell whether a future that is done has a result; its error then counts as looked at."""
    return not future.cancelled() and future.exception() is None


def end_like(future: Future[Any], other: Future[Any]) -> None:
    """Let a future, which is not done, end as another one that has no result."""
    if other.cancelled():
        future.cancel()
    elif (error := other.exception()) is not None:
        future.set_exception(error)

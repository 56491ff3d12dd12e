"""What a server answers, taken apart: whatever is not what was asked for is one named error."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .base import DestinationError

# Characters that are parsed in less time than it takes to hand them to a thread.
_SHORT: Final = 64 * 1024
_STRANGE: Final = (
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)


async def parsed(text: str) -> Any:  # noqa: ANN401 (JSON)
    """Return what JSON says; a long one is parsed in a thread.

    Raises ValueError for what is none: numbers that are none, and nesting without end, among it.
    """
    if len(text) <= _SHORT:
        return orjson.loads(text)
    return await asyncio.get_running_loop().run_in_executor(None, orjson.loads, text)


@contextmanager
def understood(otherwise: Callable[[], DestinationError]) -> Iterator[None]:
    """Read an answer: where it has another form than expected, it is that of another server.

    Nothing but the taking apart of the answer belongs inside. Raises what `otherwise` makes.
    """
    try:
        yield
    except _STRANGE as err:
        raise otherwise() from err

"""What a server answers: unpacked and taken apart, but no more of it than an answer can be.

Nothing that a server says holds the event loop or fills the memory. Parsing in a thread is not
enough for that, as a parser lets nobody else work: so what it is given is limited too.
"""

from __future__ import annotations

import asyncio
import csv
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from aiohttp import ClientResponse


ENCODING: Final = "gzip"
"""How answers may be packed."""
MOST_OF_AN_ANSWER: Final = 16 * 1024 * 1024
"""Bytes of an answer that are taken: a year of half-hours in Jeedom's words is a tenth of that."""
LONGEST_LINE: Final = 256 * 1024
"""Bytes of one of its lines, where it is read by the line."""
_MOST_OF_A_REFUSAL: Final = 64 * 1024
# What is parsed in 20 ms at the most; a year of half-hours in Jeedom's words has a quarter of that.
_MOST_VALUES: Final = 300_000
_BEGIN_VALUES: Final = ",[{"
# Characters that are parsed in less time than it takes to hand them to a thread.
_SHORT: Final = 64 * 1024
_PIECE: Final = 64 * 1024
_GZIP: Final = 16 + zlib.MAX_WBITS
_STRANGE: Final = (
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    csv.Error,
)


class StrangeAnswerError(ValueError):
    """An answer without end, or that cannot be unpacked: it is that of another server."""


async def text_of(response: ClientResponse, most: int | None = None) -> str:
    """Return an answer's text, of no more bytes than `most`. Raises StrangeAnswerError."""
    body = bytearray()
    async for piece in _pieces_of(response, most):
        body += piece
    return body.decode(errors="replace")


async def beginning_of(response: ClientResponse) -> str:
    """Return the beginning of a refusal's text, or of what should be empty; never fails by it."""
    body = bytearray()
    try:
        async for piece in _pieces_of(response):
            body += piece
            if len(body) > _MOST_OF_A_REFUSAL:
                response.close()
                break
    except StrangeAnswerError:
        pass
    return body[:_MOST_OF_A_REFUSAL].decode(errors="replace")


async def lines_of(response: ClientResponse) -> AsyncIterator[bytes]:
    """Yield an answer's lines, but empty ones. Raises StrangeAnswerError."""
    rest = b""
    async for piece in _pieces_of(response):
        *lines, rest = (rest + piece).split(b"\n")
        for line in filter(None, lines):
            yield _checked(line)
        _checked(rest)
    if rest:
        yield rest


async def parsed(text: str | bytes) -> Any:  # noqa: ANN401 (JSON)
    """Return what JSON says. Raises ValueError for what is none, as `taken_apart`."""
    return await taken_apart(text, _same)


async def taken_apart[T](text: str | bytes, reader: Callable[[Any], T]) -> T:
    """Return what a function makes of what JSON says: of a long one, in a thread.

    Raises ValueError for what is no JSON (numbers that are none, and nesting or values without end,
    among it), and what the function raises.
    """
    if len(text) <= _SHORT:
        return reader(orjson.loads(text))
    await _check_values(text)
    return await in_turn(lambda: reader(orjson.loads(text)))


async def in_turn[T](reader: Callable[[], T]) -> T:
    """Return what a function gives that takes more than a moment; others have their turn too."""
    return await asyncio.get_running_loop().run_in_executor(None, reader)


@contextmanager
def understood(otherwise: Callable[[], Exception]) -> Iterator[None]:
    """Read an answer: where it has another form than expected, it is that of another server.

    Nothing but the taking apart of the answer belongs inside. Raises what `otherwise` makes.
    """
    try:
        yield
    except _STRANGE as err:
        raise otherwise() from err


async def _pieces_of(response: ClientResponse, most: int | None = None) -> AsyncIterator[bytes]:
    """Yield an answer unpacked, as long as it may be; others come to their turn in between."""
    unpacked = _unpacker(response.headers.get("Content-Encoding", ""))
    taken = 0
    async for part in response.content.iter_any():
        for piece in unpacked(part):
            taken += len(piece)
            if taken > (MOST_OF_AN_ANSWER if most is None else most):
                response.close()
                raise StrangeAnswerError
            yield piece
            await asyncio.sleep(0)
    for piece in unpacked(None):
        yield piece


def _unpacker(encoding: str) -> Callable[[bytes | None], Iterator[bytes]]:
    """Return what unpacks a part of an answer, and for None its end, in pieces of a limit."""
    if encoding.casefold() in {"", "identity"}:
        return _unchanged
    if encoding.casefold() != ENCODING:
        raise StrangeAnswerError
    engine = zlib.decompressobj(_GZIP)

    def unpacked(part: bytes | None) -> Iterator[bytes]:
        try:
            if part is None and (end := engine.flush()):
                yield end
            while part:
                yield engine.decompress(part, _PIECE)
                part = engine.unconsumed_tail
        except zlib.error as err:
            raise StrangeAnswerError from err

    return unpacked


def _unchanged(part: bytes | None) -> Iterator[bytes]:
    if part:
        yield part


def _same(value: Any) -> Any:  # noqa: ANN401 (JSON)
    return value


def _checked(line: bytes) -> bytes:
    if len(line) > LONGEST_LINE:
        raise StrangeAnswerError
    return line


async def _check_values(text: str | bytes) -> None:
    """Raise StrangeAnswerError where a text holds more values than a parser takes a moment for."""
    count = 0
    for start in range(0, len(text), _PIECE):
        for sign in _BEGIN_VALUES:
            count += (
                text.count(sign, start, start + _PIECE)
                if isinstance(text, str)
                else text.count(sign.encode(), start, start + _PIECE)
            )
        if count > _MOST_VALUES:
            raise StrangeAnswerError
        await asyncio.sleep(0)

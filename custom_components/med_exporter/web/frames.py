"""What comes over a websocket, counted before anybody reads it.

aiohttp reads as many frames as come at once, keeps pings and empty messages however many wait,
takes a frame for as long as it says to be, and unpacks what nobody agreed to have packed.
"""

from __future__ import annotations

from typing import Final

# Our dialogues ask, and are answered with one message. Pings come once a minute, and answers to
# what was given up.
_MOST_MESSAGES: Final = 100
# Parts of messages: a proxy may hand on the largest answer by the page of memory.
_MOST_PARTS: Final = 2_500

_FINAL: Final = 0x80
# Extensions, of which none is asked for.
_RESERVED: Final = 0x70
_MASKED: Final = 0x80
_LENGTH: Final = 0x7F
# How many more bytes tell the length.
_LONGER: Final = {126: 2, 127: 8}


class Frames:
    """Counts what a server sends from one question of ours to the next."""

    def __init__(self, most: int) -> None:
        """`most` is in bytes."""
        self._most = most
        # Bytes of the frame under way that are still to come, and a header that is not whole.
        self._rest = 0
        self._header = b""
        self.ask()

    def ask(self) -> None:
        """Count anew: something was asked."""
        self._left = self._most
        self._messages = 0
        self._parts = 0

    def take(self, data: bytes) -> bool:
        """Count bytes as they come; return whether they are neither too much nor out of order."""
        self._left -= len(data)
        if self._header:
            data = self._header + data
            self._header = b""
        end, place = len(data), self._rest
        while place < end:
            start, length = place, data[place + 1] & _LENGTH if place + 1 < end else 0
            place += 2 + _LONGER.get(length, 0)
            if place > end:
                self._header = data[start:]
                place = end
                break
            if length in _LONGER:
                length = int.from_bytes(data[start + 2 : place], "big")
            if not self._is_next(data[start], data[start + 1]):
                return False
            place += length
        self._rest = place - end
        return self._rest <= self._left

    def _is_next(self, first: int, second: int) -> bool:
        if first & _FINAL:
            self._messages += 1
        else:
            self._parts += 1
        return (
            not first & _RESERVED
            and not second & _MASKED
            and self._messages <= _MOST_MESSAGES
            and self._parts <= _MOST_PARTS
        )

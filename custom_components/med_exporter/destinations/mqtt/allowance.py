"""How much may come from a broker that nobody has asked for."""

from __future__ import annotations

import time
from typing import Final

# What may come at once, and in a second from then on: far more than others publish on the few
# topics that are listened to, and too little to keep a processor busy.
_AT_ONCE: Final = 5000.0
_IN_A_SECOND: Final = 50.0
# Answers to one packet: what is delivered once and only once is answered twice.
_ANSWERS: Final = 2.0


class Allowance:
    """Counts packets that come against those that were sent, and raises where they never end."""

    def __init__(self) -> None:
        self._left = _AT_ONCE
        self._looked_at = time.monotonic()

    def asked(self) -> None:
        """Note that something was sent that is answered."""
        self._left = min(_AT_ONCE, self._left + _ANSWERS)

    def came(self) -> None:
        """Note that something came. Raises ConnectionError where it is too much."""
        self._left -= 1.0
        if self._left >= 0:
            return
        now = time.monotonic()
        self._left = min(_AT_ONCE, self._left + (now - self._looked_at) * _IN_A_SECOND)
        self._looked_at = now
        if self._left < 0:
            raise ConnectionError("more than anybody asked for")

"""The XOR autokey cipher and the TCP framing of older Kasa devices."""

from __future__ import annotations

import json
import operator
from itertools import accumulate
from typing import Any

FIRST_KEY = 171
HEADER_BYTES = 4


def encrypt(plain: bytes) -> bytes:
    """Encrypt: every byte is XORed with the encrypted byte before it, the first with 171."""
    return bytes(accumulate(plain, operator.xor, initial=FIRST_KEY))[1:]


def decrypt(encrypted: bytes) -> bytes:
    """Undo :func:`encrypt`."""
    keys = bytes([FIRST_KEY]) + encrypted[:-1]
    return bytes(map(operator.xor, encrypted, keys))


def decode(encrypted: bytes) -> dict[str, Any]:
    """Return the JSON object inside an encrypted body.

    Raises ValueError when the body is not an encrypted JSON object.
    """
    request = json.loads(decrypt(encrypted))
    if not isinstance(request, dict):
        raise ValueError(f"not a JSON object: {request!r}")  # noqa: TRY004 (bad bytes)
    return request


def encode(answer: dict[str, Any]) -> bytes:
    """Return the encrypted body of an answer, without the length that TCP puts before it."""
    return encrypt(json.dumps(answer, separators=(",", ":")).encode())


def header(length: int) -> bytes:
    """Return the big-endian length that precedes a body of `length` bytes on TCP."""
    return length.to_bytes(HEADER_BYTES, "big")

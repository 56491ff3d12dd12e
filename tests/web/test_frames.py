"""What a server may send over a websocket from one question to the next, however it is cut up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.web.frames import Frames

MOST = 200_000
PING, TEXT, PART, LAST = 0x89, 0x81, 0x00, 0x80


def frame(first: int, size: int) -> bytes:
    """Return a server's frame of so many bytes."""
    if size < 126:
        return bytes((first, size)) + b"x" * size
    if size < 65_536:
        return bytes((first, 126)) + size.to_bytes(2, "big") + b"x" * size
    return bytes((first, 127)) + size.to_bytes(8, "big") + b"x" * size


def taken(frames: Frames, said: bytes, piece: int) -> bool:
    """Return whether all is taken that comes in pieces of a size."""
    return all(frames.take(said[start : start + piece]) for start in range(0, len(said), piece))


pieces = st.sampled_from([1, 2, 7, 126, 4_096, 1 << 20])


@given(pieces, st.lists(st.sampled_from([0, 1, 125, 126, 127, 3_000, 65_535, 65_536]), max_size=3))
def test_what_a_dialogue_needs_is_taken_however_it_comes(piece: int, sizes: list[int]) -> None:
    frames = Frames(MOST)
    for size in sizes:
        frames.ask()
        said = frame(PING, 4) + frame(TEXT & 0x7F, size) + frame(PART, size) + frame(LAST, 5)
        assert taken(frames, said, piece)


FLOODS = {
    "pings": frame(PING, 0) * 101,
    "messages": frame(TEXT, 200) * 101,
    "parts of nothing": frame(PART, 0) * 2_501,
    "bytes": frame(TEXT, 60_000) * 4,
    "a frame that will be too long": bytes((TEXT, 127)) + (MOST + 1).to_bytes(8, "big"),
    "what is packed unasked": frame(TEXT | 0x40, 10),
    "what is masked": bytes((TEXT, 0x81)) + b"mask" + b"x",
}


@pytest.mark.parametrize("kind", FLOODS)
@given(piece=pieces)
def test_what_no_dialogue_needs_is_not(kind: str, piece: int) -> None:
    assert not taken(Frames(MOST), FLOODS[kind], piece)


@given(pieces)
def test_every_question_may_be_answered_anew(piece: int) -> None:
    frames = Frames(MOST)
    for _ in range(3):
        assert taken(frames, frame(TEXT, MOST // 2) + frame(PING, 1) * 50, piece)
        frames.ask()
    assert taken(frames, frame(TEXT, MOST // 2), piece)
    assert not taken(frames, frame(TEXT, MOST // 2), piece)

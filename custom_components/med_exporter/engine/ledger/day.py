"""The quarter-hours of one day, packed into bytes.

A day has 96 little-endian whole numbers of milliwatt-hours: of 4 bytes, or of 8 where one of them
would not fit. The least number of 4 bytes stands for a quarter-hour of which nothing is known; one
that is known to be empty has 0, and one in which a meter that measures both ways ran back, or that
holds a correction, has less. Beside them stands the part that was filled, which means spread over
the time it came from since nobody read the plug then: NULL where nothing was filled, no bytes where
all of it was, 5 bytes for each quarter-hour (its place in one, its mWh in four) where these are
few, and else as many numbers as of the energy. The least number of 4 bytes stands there for a
quarter-hour that was cut from its hour, of which only the whole is known: all of it is an estimate,
and none of the hour's. A single byte stands for a day of these.

What was told as a whole, such as a day by a plug's own counter, is spread over its quarter-hours,
and nobody knows how much of it each had. A bit for each quarter-hour that lies in a whole together
with the one before it, the first in the lowest, tells where splitting is guessing; the bytes end
with the last one that is not empty. One that was measured may lie between the parts of a whole.
Where they are NULL, the wholes were not told: what was filled in one go is one.
"""

from __future__ import annotations

import struct
import sys
from array import array
from itertools import accumulate
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    type Numbers = Sequence[int]

QUARTERS_A_DAY: Final = 96
UNKNOWN: Final = -(2**31)

_MOST_OF_4_BYTES: Final = 2**31 - 1
_ALL_OF_IT: Final = b""
CUT: Final = UNKNOWN
"""The filled part of a quarter-hour that was cut from its hour."""
_ALL_CUT: Final = b"\0"
_PLACE: Final = struct.Struct("<Bi")
_JOINED_BYTES: Final = QUARTERS_A_DAY // 8
_QUARTERS_AN_HOUR: Final = 4
_MOST_PLACES: Final = QUARTERS_A_DAY * 4 // _PLACE.size
_PLACES: Final = tuple(range(QUARTERS_A_DAY))
_ALL_KNOWN: Final = range(QUARTERS_A_DAY + 1)
_NOTHING: Final = (0,) * (QUARTERS_A_DAY + 1)


class Day:
    """What is known of a day.

    Attributes:
        energy: mWh by quarter-hour, `UNKNOWN` where nothing is known.
        filled: the part of it that was filled, 0 where nothing is known, `CUT` where all of it was
            cut from its hour; None where nothing was.
        joined: a bit for each quarter-hour that shares a whole with the one before it; None where
            the wholes were not told.

    """

    __slots__ = ("energy", "filled", "joined")

    def __init__(
        self, energy: Numbers, filled: Numbers | None = None, joined: int | None = None
    ) -> None:
        self.energy = energy
        self.filled = filled
        self.joined = joined

    @classmethod
    def unknown(cls) -> Self:
        """Return a day of which nothing is known yet."""
        return cls([UNKNOWN] * QUARTERS_A_DAY)

    @classmethod
    def unpacked(cls, energy: bytes, filled: bytes | None, joined: bytes | None = None) -> Self:
        """Read a day from its bytes. Raises ValueError for what is no day."""
        numbers = _unpack(energy)
        bits = None if joined is None else int.from_bytes(joined, "little")
        return cls(numbers, _unpack_filled(numbers, filled), bits)

    def packed(self) -> tuple[bytes, bytes | None, bytes | None]:
        """Return the bytes of the energy, of the filled part and of the wholes."""
        joined = None
        if self.joined is not None:
            joined = self.joined.to_bytes(_JOINED_BYTES, "little").rstrip(b"\0")
        return _pack(self.energy), self._packed_filled(), joined

    def _packed_filled(self) -> bytes | None:
        if self.filled is None or not any(self.filled):
            return None
        if UNKNOWN in self.energy:
            is_all = [_known(mwh) for mwh in self.energy] == list(self.filled)
        else:
            is_all = list(self.energy) == list(self.filled)
        if is_all:
            return _ALL_OF_IT
        pairs = zip(self.energy, self.filled, strict=True)
        if all(part == (0 if mwh == UNKNOWN else CUT) for mwh, part in pairs):
            return _ALL_CUT
        places = [(place, mwh) for place, mwh in enumerate(self.filled) if mwh]
        if len(places) <= _MOST_PLACES and _fits([mwh for _, mwh in places]):
            return b"".join(_PLACE.pack(place, mwh) for place, mwh in places)
        return _pack(self.filled)

    def joining(self, joined: int) -> Day:
        """Return the day with more wholes; bits as of `joined`."""
        before = self.joined
        if before is None:
            before = self._filled_in_one_go()
        return Day(self.energy, self.filled, before | joined)

    def joints(self) -> int:
        """Return a bit for each quarter-hour of which only the sum with others is known.

        It shares a whole with the one before it, as that with its own, up to one without a bit.
        """
        if self.joined is None:
            return self._filled_in_one_go() | self._cut()
        return self.joined | self._cut()

    def estimated(self, place: int) -> int:
        """Return the mWh that a quarter-hour has of what was filled, or cut from its hour."""
        return 0 if self.filled is None else _amount(self.energy[place], self.filled[place])

    def _filled_in_one_go(self) -> int:
        bits, filled = 0, self.filled
        if filled is not None:
            for place, part in enumerate(filled):
                beside = filled[place - 1 if place else 1]
                if part and beside and CUT not in (part, beside):
                    bits |= 1 << place
        return bits

    def _cut(self) -> int:
        if self.filled is None or CUT not in self.filled:
            return 0
        cut = (place for place, part in enumerate(self.filled) if part == CUT)
        return sum(1 << place for place in cut if place % _QUARTERS_AN_HOUR)

    def adding(self, parts: Iterable[tuple[int, int, int]]) -> Day:
        """Return the day with more energy.

        Args:
            parts: places of quarter-hours (0 to 95), each with the mWh that are added, and how
                many of these were filled, or `CUT`. One that was not known is known from then on.

        """
        parts = list(parts)
        if len(parts) == QUARTERS_A_DAY == self.energy.count(UNKNOWN):
            # As of a past, which has hundreds of them.
            places, energies, fillings = zip(*parts, strict=True)
            if places == _PLACES:
                return Day(energies, fillings, self.joined)
        energy = list(self.energy)
        filled = [0] * QUARTERS_A_DAY if self.filled is None else list(self.filled)
        for place, mwh, part in parts:
            before, estimated = energy[place], filled[place]
            energy[place] = _known(before) + mwh
            if before == UNKNOWN or part == estimated == CUT:
                filled[place] = part
            else:
                filled[place] = _amount(before, estimated) + _amount(mwh, part)
        return Day(energy, filled, self.joined)

    def emptied(self) -> Day:
        """Return the day with all that is known of it known to be empty."""
        return Day([UNKNOWN if mwh == UNKNOWN else 0 for mwh in self.energy])

    def parted(self, place: int) -> tuple[Day, Day]:
        """Return two days: up to a place, and empty after it; from it on, and unknown before.

        What shares a whole over that place shares it no longer.
        """
        gone, nothing, joined = self.emptied().energy, [0] * QUARTERS_A_DAY, self.joined
        filled = nothing if self.filled is None else self.filled
        until = Day(
            [*self.energy[:place], *gone[place:]],
            [*filled[:place], *nothing[place:]],
            None if joined is None else joined & ~(-1 << place),
        )
        since = Day(
            [*[UNKNOWN] * place, *self.energy[place:]],
            [*nothing[:place], *filled[place:]],
            None if joined is None else joined & (-1 << (place + 1)),
        )
        return until, since

    def forgetting(self, places: Iterable[int]) -> Day:
        """Return the day with nothing known of quarter-hours that are empty."""
        energy = list(self.energy)
        filled = None if self.filled is None else list(self.filled)
        joined = self.joined
        for place in places:
            if energy[place]:
                continue
            energy[place] = UNKNOWN
            if filled is not None:
                filled[place] = 0
            if joined is not None:
                joined &= ~(1 << place)
        return Day(energy, filled, joined)

    def replacing(self, parts: Iterable[tuple[int, int, int]]) -> Day:
        """Return the day with other energy: places, each with its mWh and the filled part."""
        energy = list(self.energy)
        filled = [0] * QUARTERS_A_DAY if self.filled is None else list(self.filled)
        for place, mwh, part in parts:
            energy[place], filled[place] = mwh, part
        return Day(energy, filled, self.joined)

    def known(self, first: int = 0, after: int = QUARTERS_A_DAY) -> int:
        """Return how many quarter-hours in [first, after) are known."""
        return after - first - self.energy[first:after].count(UNKNOWN)

    def ends(self) -> list[int]:
        """Return the first and the last quarter-hour that are known, or nothing."""
        places = [place for place, mwh in enumerate(self.energy) if mwh != UNKNOWN]
        return places[:1] + places[-1:]

    def mwh(self, first: int = 0, after: int = QUARTERS_A_DAY) -> int:
        """Return the energy of the quarter-hours in [first, after)."""
        part = self.energy[first:after]
        return sum(part) - UNKNOWN * part.count(UNKNOWN)

    def hours(self) -> list[int]:
        """Return the energy of the day's 24 hours, 0 where nothing is known."""
        energy = self.energy
        if UNKNOWN in energy:
            energy = [_known(mwh) for mwh in energy]
        quarters = (energy[first::_QUARTERS_AN_HOUR] for first in range(_QUARTERS_AN_HOUR))
        return [one + two + three + four for one, two, three, four in zip(*quarters, strict=True)]

    def running(self) -> tuple[Numbers, Numbers, Numbers]:
        """Return energy, filled energy and known quarter-hours up to each place, from 0 to 96."""
        energy, filled = self.energy, self.filled
        counts: Numbers = _ALL_KNOWN
        if UNKNOWN in energy:
            counts = [0, *accumulate(mwh != UNKNOWN for mwh in energy)]
            energy = [_known(mwh) for mwh in energy]
        sums = [0, *accumulate(energy)]
        if filled is None:
            return sums, _NOTHING, counts
        if filled is self.energy:
            return sums, sums, counts
        if CUT in filled:
            filled = [_amount(mwh, part) for mwh, part in zip(energy, filled, strict=True)]
        return sums, [0, *accumulate(filled)], counts

    def whole(self) -> tuple[int, int, int]:
        """Return energy, filled energy and known quarter-hours of all of it."""
        energy, filled = self.energy, self.filled
        unknown = energy.count(UNKNOWN)
        mwh = sum(energy) - UNKNOWN * unknown
        if filled is None:
            part = 0
        elif filled is energy:
            part = mwh
        elif CUT in filled:
            part = sum(map(_amount, energy, filled))
        else:
            part = sum(filled)
        return mwh, part, QUARTERS_A_DAY - unknown

    def is_cut(self, place: int) -> bool:
        """Tell whether a quarter-hour was cut from its hour."""
        return self.filled is not None and self.filled[place] == CUT

    def parts(self) -> Iterator[tuple[int, int, int]]:
        """Yield the quarter-hours that are known: place, mWh, filled mWh or `CUT`."""
        filled = self.filled
        for place, mwh in enumerate(self.energy):
            if mwh != UNKNOWN:
                yield place, mwh, 0 if filled is None else filled[place]

    def entries(self, *, cut: bool = True) -> Iterator[tuple[int, int, int]]:
        """Yield the quarter-hours that are known: place, mWh, filled mWh.

        `cut` tells whether those that were cut from their hour count as filled.
        """
        for place, mwh, part in self.parts():
            yield place, mwh, part if part != CUT else mwh if cut else 0


def _amount(mwh: int, part: int) -> int:
    """Return how much of an energy is filled."""
    return _known(mwh) if part == CUT else part


def _known(mwh: int) -> int:
    """Return an energy, 0 where nothing is known."""
    return 0 if mwh == UNKNOWN else mwh


def _unpack_filled(energy: Numbers, filled: bytes | None) -> Numbers | None:
    if filled is None:
        return None
    if filled == _ALL_OF_IT:
        return [_known(mwh) for mwh in energy] if UNKNOWN in energy else energy
    if filled == _ALL_CUT:
        return [0 if mwh == UNKNOWN else CUT for mwh in energy]
    if len(filled) <= _MOST_PLACES * _PLACE.size and len(filled) % _PLACE.size == 0:
        return _spread(filled)
    return _unpack(filled)


def _fits(numbers: Numbers) -> bool:
    """Tell whether numbers take 4 bytes."""
    return min(numbers) >= UNKNOWN and max(numbers) <= _MOST_OF_4_BYTES


def _spread(data: bytes) -> list[int]:
    """Return the numbers of a day of which few are told, each with its place."""
    numbers = [0] * QUARTERS_A_DAY
    for place, mwh in _PLACE.iter_unpack(data):
        if place >= QUARTERS_A_DAY:
            raise ValueError(f"a day of quarter-hours has no number {place}")
        numbers[place] = mwh
    return numbers


def _pack(numbers: Numbers) -> bytes:
    values = array("i" if _fits(numbers) else "q", numbers)
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


def _unpack(data: bytes) -> array[int]:
    width, rest = divmod(len(data), QUARTERS_A_DAY)
    if rest or width not in (4, 8):
        raise ValueError(f"{len(data)} bytes are no day of quarter-hours")
    values = array("i" if width == 4 else "q")
    values.frombytes(data)
    if sys.byteorder == "big":
        values.byteswap()
    return values

"""The most that anybody can know of a plug's energy from what it said truly.

What may be missing of the truth, and nothing else:

- what a plug forgets: from the last reading that was *proven* before it rebooted, was erased or
  rolled over untold, to the first one after, less what it shows then, where that can be nothing
  that it had saved: less than half of before, and of a month more than an hour's worth less;
- months that rolled over unseen, of a plug that tells no date and has no total; and of one that
  tells them by date, what was used in a month after it was told last, where no reading tells it;
- what counters say beside one that shows more than can be: all of that may be as false;
- what a counter said a few times only since a gap, or since it had leapt by more than a socket
  passes, when it is then back at less, which it could have come to from before that: a plug that
  goes back to what it had saved says the same as one that has not rebooted, and said something
  false meanwhile;
- what a counter fell to, and stood at until it was beyond where it had been: a plug that was never
  away, and said one falsehood for an hour at most, makes the same readings.

A reading is proven by two later ones of the same counter in a row, without a break or a falsehood
between, of which the second has grown: until then a spike cannot be told from energy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

# What a socket passes in the hour that a plug may not have saved, in mWh.
SAVED = 4_200_000
# So far apart readings may be for power to say something of the time between, in seconds.
SHORT = 540.0
# What a socket passes in a second, and before a counter has to show it, in mWh and seconds.
PASSES, LATE = 4_200_000 / 3600, 120
# So long a counter may be told to stand where it does not, in seconds.
STOOD = 3600.0
# A counter that has moved so often goes on from where it stands.
MOVES = 4


class After(Enum):
    """How a counter goes on after a break."""

    ZERO = auto()
    """At zero, at any time."""
    ERASED = auto()
    """At zero, but as well could be at what it had saved."""
    MONTH = auto()
    """At zero, at the end of a month."""
    NAMED = auto()
    """In a period that it tells."""
    SAVED = auto()
    """At what it had saved."""


@dataclass(frozen=True)
class Break:
    """When a counter does not go on, and how it goes on after that."""

    at: float
    after: After


@dataclass(frozen=True)
class Said:
    """What a plug said of a counter: `mwh` truly, None where it was false.

    `level` rises with what a plug that tells months by date counts in all of them;
    `is_fresh` unless the plug has stopped bringing its counters up to date.
    """

    at: float
    mwh: int | None
    level: float = 0.0
    is_fresh: bool = True


@dataclass
class Chapter:
    """What a plug said, in one stay with its Home Assistant."""

    began: float = 0.0
    first: int = 0
    said: dict[str, list[Said]] = field(default_factory=lambda: {"total": [], "month": []})
    breaks: dict[str, list[Break]] = field(default_factory=lambda: {"total": [], "month": []})
    months: dict[date, int] = field(default_factory=dict)
    """What a plug said last of each month that it tells by date, in mWh by the first of it."""
    ambiguous: float = 0.0
    """By how much truths exceed this one that nobody can tell from it, in mWh."""


def proven(said: list[Said], breaks: Iterable[Break]) -> list[Said]:
    """Return the true readings that later ones prove."""
    ends = [b.at for b in breaks]
    good: list[Said] = []
    waiting: list[Said] = []
    for before, now in zip([None, *said], said, strict=False):
        if now.mwh is None or (
            before is not None and any(before.at < end <= now.at for end in ends)
        ):
            waiting = []
        if now.mwh is None:
            continue
        if waiting and now.at - waiting[-1].at > SHORT:
            waiting = []
        waiting.append(now)
        if len(waiting) > 1:
            last = waiting[-2]
            # The same moment twice is one reading.
            is_apart = now.at - waiting[0].at >= 3
            if is_apart and now.level > last.level and last.is_fresh and now.is_fresh:
                good += waiting
                waiting = []
                waiting.append(now)
    return good


def certain(good: list[Said], breaks: list[Break]) -> tuple[list[Said], list[Break]]:
    """Return the readings that were not false, and the breaks that were, in every truth."""
    for end in [b for b in breaks if b.after is After.SAVED]:
        after = next((one for one in good if one.at >= end.at), None)
        before = [one for one in good if one.at < end.at]
        first = next((o for o in reversed(before) if after and o.level <= after.level), None)
        if after is None or first is None or first is before[-1]:
            continue
        away = [one for one in before if one.at > first.at]
        moves = sum(b.level > a.level for a, b in pairwise([first, *away]))
        ends = [b for b in breaks if first.at < b.at <= after.at]
        is_alike = moves < MOVES and {b.after for b in ends} == {After.SAVED}
        seconds = away[0].at - first.at
        has_leapt = away[0].level - first.level > PASSES * (seconds + LATE)
        if is_alike and (seconds > SHORT or has_leapt):
            good = [one for one in good if one not in away]
            breaks = [b for b in breaks if b not in ends]
    return good, breaks


def untold(said: list[Said], breaks: list[Break]) -> tuple[list[Said], list[Break]]:
    """Return the readings and breaks without those of which only standing below tells."""
    for end in breaks:
        true = [one for one in said if one.mwh is not None]
        before = next((one for one in reversed(true) if one.at < end.at), None)
        rest = [one for one in true if one.at >= end.at]
        stood = list(takewhile(lambda one, rest=rest: one.level == rest[0].level, rest))
        after = next(iter(rest[len(stood) :]), None)
        if before is None or after is None or stood[-1].at - stood[0].at > STOOD:
            continue
        if stood[0].level < before.level <= after.level:
            said = [one for one in said if one not in stood]
            breaks = [b for b in breaks if not before.at < b.at <= after.at]
    return said, breaks


def knowable(said: Mapping[str, list[Said]], breaks: Mapping[str, list[Break]]) -> float:
    """Return what the proven readings of all counters prove together, in mWh."""
    good = {}
    for name in said:
        told, ends = untold(said[name], breaks[name])
        good[name] = certain(proven(told, ends), ends)
    breaks = {name: left for name, (_, left) in good.items()}
    rows = sorted(
        (reading.at, name, number, reading)
        for name, (readings, _) in good.items()
        for number, reading in enumerate(readings)
    )
    best = 0.0
    last: dict[str, tuple[Said, float]] = {}
    for at, name, _, now in rows:
        if name in last:
            before, level = last[name]
            between = [b.after for b in breaks[name] if before.at < b.at <= at]
            best = max(best, level + _kept(before, now, between))
        last[name] = now, best
    return best


def _kept(before: Said, now: Said, breaks: list[After]) -> float:
    assert before.mwh is not None
    assert now.mwh is not None
    if not breaks:
        return now.level - before.level
    if set(breaks) == {After.NAMED}:
        return now.mwh
    if After.SAVED in breaks or After.NAMED in breaks:
        return 0.0
    if now.mwh >= before.mwh:
        # It has passed what it showed before: nobody sees that it began again.
        return now.mwh - before.mwh
    if After.ERASED in breaks and before.mwh - now.mwh <= SAVED:
        return 0.0
    return now.mwh if 2 * now.mwh < before.mwh else 0.0

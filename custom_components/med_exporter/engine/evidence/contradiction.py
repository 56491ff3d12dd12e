"""Hold what one counter of a plug has counted against what the others show."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from .move import ROLLS_WITHIN, Kind
from .pace import LAG, SHORT, Pace, passable
from .reading import Reason

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from .move import Move, Parts
    from .register import Register
    from .verdict import Verdict


# A plug that restarts may go back so far with its days and months, in seconds.
HOUR = 3600


def contradict(
    verdict: Verdict, registers: Mapping[str, Register], proved: int, pace: Pace, at: datetime
) -> None:
    """Do not count what was confirmed where other counters show that it was not used.

    Args:
        verdict: what is believed so far; what is not counted of it is put right.
        registers: the counters by name.
        proved: what all of them had proved before, in mWh.
        pace: what can have passed.
        at: when the reading was.

    """
    lag = passable(pace.limit_w, LAG)
    waited = {
        name
        for name, move in verdict.good.items()
        if registers[name].goes_on(move, pace) is not None
    }
    for name in sorted(verdict.jumped | waited - verdict.returned):
        move, register = verdict.good[name], registers[name]
        # Whether it had leapt says the reading that it goes on from.
        doubt = register.doubt
        kind = doubt.kind if doubt is not None and name in verdict.jumped else move.kind
        since = register.age - (0.0 if doubt is None else doubt.seconds)
        fits = kind is not Kind.FALLS and move.growth <= pace.room(since)
        agreed = _alike(name, verdict, registers)
        if fits and since > SHORT and not agreed:
            # What happened while nobody looked one counter may tell alone.
            continue
        if kind is not Kind.FOLLOWS and not register.is_young:
            verdict.left.add(name)

        most = _limit(name, verdict, registers, proved, lag, pace, agreed)
        if most is None and kind is Kind.LEAPS:
            most = _passable_beside(name, verdict, registers, proved, lag, pace)
        may_forget = name == "total" and kind is Kind.FALLS and since > SHORT
        if may_forget and most is not None and move.claim <= most + passable(pace.limit_w, HOUR):
            # With a restart that nobody saw the others may have forgotten what was not saved.
            continue
        if most is not None and move.claim > most + lag:
            verdict.untrue[name] = Reason.CONTRADICTED
            most = proved
        else:
            # What the others lack by being late, they show themselves soon.
            most = _limit(name, verdict, registers, proved, 0, pace, agreed)
        if most is not None and move.claim > most + register.noise:
            verdict.good[name] = replace(move, claim=most, reach=most)
    _hold_to_month(verdict, registers, proved, pace, at)
    _hold_late(verdict, registers, proved, lag)


def lacks_its_day(shown: Mapping[str, Parts], month: Register, pace: Pace, at: datetime) -> bool:
    """Return whether a month shows less than its own day, after a time that nobody watched.

    Where one ends, the new one can have begun before the day that was the last of the old one ends.
    Beside a total none of them matters: that one tells all.

    Args:
        shown: what each counter shows, in mWh by period.
        month: the register of the month.
        pace: what can have passed.
        at: when the reading was.

    """
    may_end = (at - ROLLS_WITHIN).month != (at + ROLLS_WITHIN).month
    if may_end or month.age <= SHORT or shown.keys() != {"day", "month"}:
        return False
    day, mwh = max(shown["day"].items())
    counted = shown["month"].get(day[: len("2026-11")])
    return counted is not None and counted + passable(pace.limit_w, LAG) < mwh


def _hold_late(verdict: Verdict, registers: Mapping[str, Register], proved: int, lag: int) -> None:
    """Do not count twice what a counter was held to have forgotten, and shows only now.

    It was late, and what it had lacked is what it now is ahead by of those that went on with it.
    """
    for name, move in verdict.good.items():
        register = registers[name]
        if move.kind is not Kind.FOLLOWS or not register.lifted or name in verdict.anew:
            continue
        grown = {
            other: register.seen + mwh
            for other, beside, mwh in _beside(name, verdict, registers, verdict.anew)
            if beside.is_exact and registers[other].speaks_of(register, beside, proved, lag)
        }
        # What those show that were never late is all; else what any does.
        sure = [mwh for other, mwh in grown.items() if not registers[other].lifted]
        late = move.claim - max(sure or grown.values(), default=move.claim)
        if late > register.noise:
            late = min(late, register.lifted, lag)
            register.lifted -= late
            claim = move.claim - late
            verdict.good[name] = replace(move, claim=claim, reach=min(move.reach, claim))


def _hold_to_month(
    verdict: Verdict, registers: Mapping[str, Register], proved: int, pace: Pace, at: datetime
) -> None:
    """Let a day that began anew add no more than its month, where that stood too high before.

    A month counts what its day does: the rest of it is what it showed when the day began. Where
    that is less than what it is said to have stood at before, by more than what a plug forgets
    that restarts, and more than one can have counted that was emptied since, it never stood there:
    what was proved then is no ground for the day to add to.
    """
    day, month = verdict.good.get("day"), verdict.good.get("month")
    if day is None or month is None or month.kind is not Kind.FOLLOWS:
        return
    if "day" not in verdict.over and max(day.parts) in registers["day"].shown:
        return
    register, newest = registers["month"], max(month.parts)
    if newest not in register.shown or "month" in verdict.over or not register.good_at:
        return
    value = day.parts[max(day.parts)]
    rest = month.parts[newest] - value
    began = _began_at_last(value, at, pace)
    seconds = (began - datetime.fromisoformat(register.good_at)).total_seconds()
    fell = register.shown[newest] - rest
    most = max(month.reach, proved)
    if fell > passable(pace.limit_w, HOUR) and rest > pace.room(max(0.0, seconds)):
        claim = min(day.claim, most + registers["day"].noise)
        verdict.good["day"] = replace(day, claim=claim, reach=min(day.reach, claim))


def _began_at_last(value: int, at: datetime, pace: Pace) -> datetime:
    """Return when a day that shows so much, in mWh, has begun at last by the plug's clock."""
    midnight = datetime.combine((at + ROLLS_WITHIN).date(), time(), at.tzinfo)
    if value > pace.room((at - midnight + ROLLS_WITHIN).total_seconds()):
        midnight -= timedelta(days=1)
    return min(midnight + ROLLS_WITHIN, at)


def _limit(
    name: str,
    verdict: Verdict,
    registers: Mapping[str, Register],
    proved: int,
    lag: int,
    pace: Pace,
    agreed: frozenset[str],
) -> int | None:
    """Return what counters that have forgotten nothing since let be true of another.

    It is what all had proved when that one was good last, and what they have grown by since. None
    where there are none that are as late at most. Those `agreed` have forgotten nothing.
    """
    register = registers[name]
    # A plug of which two counters have begun anew may have been erased.
    fallen = {n for n in verdict.jumped if _has_fallen(registers[n])}
    erased = {
        other
        for other, move in verdict.good.items()
        if len(fallen - {other}) > 1 and registers[other].may_restart(move.parts, pace)
    }
    exact = [
        register.seen + mwh
        for other, move, mwh in _beside(name, verdict, registers, erased)
        if other in agreed
        or (move.is_exact and registers[other].speaks_of(register, move, proved, lag))
    ]
    return max(*exact, proved) if exact else None


def _passable_beside(
    name: str,
    verdict: Verdict,
    registers: Mapping[str, Register],
    proved: int,
    lag: int,
    pace: Pace,
) -> int | None:
    """Return the most that can have been used where another has gone on since one was good last.

    That one can have forgotten what happened while nobody looked, but no more than the socket can
    have passed in all that time. None where there is none.
    """
    register = registers[name]
    room = pace.room(register.age)
    grown = [
        mwh
        for other, move, mwh in _beside(name, verdict, registers, verdict.anew)
        if move.kind is Kind.FOLLOWS
        # What shows as little may have begun anew, and nobody has seen it fall.
        and move.parts[max(move.parts)] > room
        and registers[other].lasts_beside(register, proved, lag)
    ]
    return max(register.seen + max(grown) + room, proved) if grown else None


def _alike(name: str, verdict: Verdict, registers: Mapping[str, Register]) -> frozenset[str]:
    """Return the total and the month where they have grown alike since the day was good last.

    Each forgets at a time of its own: what both say, neither has forgotten. The day says nothing
    so of the others: it begins anew too often.
    """
    if name != "day":
        return frozenset()
    register = registers[name]
    grown = {
        other: mwh
        for other, move, mwh in _beside(name, verdict, registers, verdict.anew)
        if move.kind is Kind.FOLLOWS
        and registers[other].lasts_for >= register.age
        and (move.growth or registers[other].owed <= registers[other].noise)
    }
    noise = sum(registers[other].noise for other in grown)
    is_alike = len(grown) > 1 and max(grown.values()) - min(grown.values()) <= noise
    return frozenset(grown if is_alike else ())


def _beside(
    name: str, verdict: Verdict, registers: Mapping[str, Register], left_out: Collection[str]
) -> Iterator[tuple[str, Move, int]]:
    """Yield the others that were there when a counter was good last, and are good now.

    With each its move, and what it has grown by since then, in mWh.
    """
    before = registers[name].beside
    for other, move in verdict.good.items():
        if other in before and other != name and other not in left_out:
            yield other, move, registers[other].grown + move.growth - before[other]


def _has_fallen(register: Register) -> bool:
    return register.doubt is not None and register.doubt.kind is Kind.FALLS

"""Let the counters of a plug go on from what was believed of a reading."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .move import Kind
from .pace import SHORT, Pace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .dates import Clocks
    from .reading import Reading
    from .register import Register
    from .verdict import Verdict


def proved_by(registers: Mapping[str, Register], energy: int) -> int:
    """Return what all counters prove together, in mWh: `energy` where none has begun.

    It is less than what was counted once some of that is taken back.
    """
    return max((r.claim for r in registers.values() if r.is_begun), default=energy)


def go_on(
    registers: Mapping[str, Register],
    verdict: Verdict,
    pace: Pace,
    reading: Reading,
    clocks: Clocks,
    energy: int,
) -> int:
    """Let the counters go on from what is believed, and return all that is then proved, in mWh.

    Args:
        registers: the counters by name.
        verdict: what is believed of the reading.
        pace: what can have passed before it.
        reading: what the plug said.
        clocks: the plug's own date of each counter.
        energy: what had been counted, in mWh.

    """
    gaps = {name for name, register in registers.items() if register.age > SHORT / 2}
    _tell_what_waits(registers, verdict, pace)
    levels = _accept(registers, verdict, reading, clocks, proved_by(registers, energy))
    for name in verdict.good:
        others = [registers[other] for other in verdict.good if other != name]
        registers[name].recover(pace, reading.at, others, may_roll=name == "total")
    proved = proved_by(registers, energy)
    may_catch_up = not any(register.may_return for register in registers.values())
    for name, register in registers.items():
        register.level = min(register.level, proved)
        if register.doubt is not None:
            register.doubt.proved = min(register.doubt.proved, proved)
        is_broken = bool(verdict.anew) or name in gaps
        if name in verdict.fresh:
            # It shows what it had counted a moment ago, when nearly all of that was used.
            levels[name] = max(levels[name], proved - verdict.fresh[name])
        if name in levels:
            is_broken = is_broken or not verdict.good[name].is_exact
            register.settle(
                proved,
                levels[name],
                verdict.good[name].parts,
                is_broken=is_broken,
                may_catch_up=may_catch_up,
            )
        elif verdict.anew:
            register.is_suspect = True
        if name in verdict.ahead:
            # From where it now stands it only grows.
            move = replace(verdict.ahead[name], kind=Kind.FOLLOWS)
            register.hold(move, proved, reading.at.isoformat(), clocks[name], pace)
    return proved


def remember(registers: Mapping[str, Register], proved: int) -> None:
    """Let those that are believed now remember what the others had grown by then.

    Args:
        registers: the counters by name.
        proved: what all of them prove, in mWh.

    """
    grown = {name: register.grown for name, register in registers.items() if register.is_begun}
    for register in registers.values():
        if register.is_begun and not register.age:
            register.seen, register.beside = proved, grown
            register.had_stopped = register.owed > register.noise


def _tell_what_waits(registers: Mapping[str, Register], verdict: Verdict, pace: Pace) -> None:
    """Let what waits know how much is confirmed now of the time when it began to wait.

    What has fallen may have been false to: where it stood then, only its next reading tells.
    """
    confirmed = {
        name: more
        for name in verdict.jumped
        if (more := registers[name].goes_on(verdict.good[name], pace)) is not None
    }
    for name, more in confirmed.items():
        doubt, claim = registers[name].doubt, verdict.good[name].claim - more
        for other, register in registers.items():
            waits = register.doubt
            if doubt is None or waits is None or waits.seconds > doubt.seconds:
                continue
            if waits.kind is not Kind.FALLS:
                waits.proved = max(waits.proved, claim)
            elif other in confirmed.keys() - verdict.untrue.keys() - verdict.ahead.keys():
                move = verdict.good[other]
                if not any(move.parts.values()):
                    # It was emptied before it was read so: what it shows next may be of that time.
                    continue
                least = claim + min(more, confirmed[other])
                verdict.good[other] = replace(move, claim=max(move.claim, least))


def _leave(name: str, register: Register, verdict: Verdict, at: str) -> None:
    """Remember where a counter stood that moves far, or whose period is over."""
    if name in verdict.left:
        register.leave(at)
    elif name in verdict.grown:
        register.leave(at, moves=1)
    if name in verdict.over:
        for place in register.places():
            place.is_over = True


def _accept(
    registers: Mapping[str, Register],
    verdict: Verdict,
    reading: Reading,
    clocks: Clocks,
    before: int,
) -> dict[str, int]:
    """Believe the good moves, and return what was used for certain when each moved last."""
    levels = dict[str, int]()
    for name, move in verdict.good.items():
        register = registers[name]
        _leave(name, register, verdict, reading.at.isoformat())
        # What was proved while it was not read may have been used after it moved.
        was_read = register.age <= reading.seconds
        age = 0.0
        # What has moved by less than power has brought since has done so before.
        has_moved_now = was_read and not register.has_lost(move.growth)
        # What a counter goes on from all that was proved says no more of that.
        grown = min(move.claim - register.claim, move.growth)
        level = register.level + grown
        if has_moved_now:
            # It may have been late before: then this is not all of the time since.
            level = max(level, before)
        at, clock = reading.at.isoformat(), clocks[name]
        if name in verdict.ahead and register.doubt is not None:
            at, clock = register.doubt.at, register.doubt.clock
            age, level = register.doubt.seconds, max(move.claim, register.doubt.proved)
        elif name in verdict.anew:
            level = move.claim
        if register.doubt is not None and not move.parts.items() <= register.doubt.shown.items():
            # It has moved since it was doubted.
            level = max(level, register.doubt.proved)
        lasted = register.lasts_for
        has_moved = register.accept(move, restarts=name in verdict.anew, age=age)
        if name in verdict.jumped - verdict.over and move.kind is Kind.FOLLOWS:
            # It had to wait for another reading, but has not begun anew.
            register.lasts_for = lasted
        register.date(at, clock, restarts=name in verdict.anew, has_moved=has_moved)
        if has_moved:
            levels[name] = level
        if name in verdict.returned and move.to is not None:
            register.come_back(move.to)
    return levels

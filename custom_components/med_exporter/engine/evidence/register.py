"""One counter of a plug: what was believed of it last, and what it says now."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from .pace import passable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .pace import Pace

type Parts = dict[str, int]
"""What a counter shows, in mWh by the period that it is of: `2026-11`, or empty where nobody
tells the period."""

UNDATED: Final = ""

# Smaller falls than this, in mWh, are rounding unless they halve the counter.
_SMALL_FALL: Final = 10_000
# The coarsest and finer steps in which plugs count, in mWh.
_GRAINS: Final = (10_000, 1_000, 100, 10, 1)
# A plug that reboots goes back to what it saved last, an hour ago at most.
_SAVED_EVERY: Final = 3600
# A plug that answers twice at once says the same falsehood twice.
_CONFIRMS_AFTER: Final = 3.0
# What nobody has taken back for so long is true although it stands still, in seconds.
_STANDS_AFTER: Final = 3600.0
_KEPT_PARTS: Final = 8


class Kind(StrEnum):
    """Where a counter went from what was believed of it."""

    FOLLOWS = "follows"
    """It stands or grows, by what the socket can pass."""
    LEAPS = "leaps"
    """It grows by more."""
    FALLS = "falls"


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """What a reading says of a counter.

    `claim` is all the energy that was used if it is true, `growth` what the counter grew since it
    was believed. `is_steady` says whether that is what a short time at the measured power brings,
    `is_sure` whether power or an earlier reading speaks for it, `is_prompt` whether it can have
    passed since the counter was read, `is_new` whether it is not on the line that was held;
    `refused` is that line where it takes it back.
    """

    kind: Kind
    claim: int
    growth: int = 0
    is_steady: bool = False
    is_sure: bool = False
    is_prompt: bool = False
    is_new: bool = False
    refused: Held | None = None


@dataclass(kw_only=True, slots=True)
class Held:
    """A line of readings that nothing else speaks for yet.

    `first` and `last` are what it showed, `claim` all that was used by the first if it is true,
    `age` the seconds since it moved, `idle` since it was read.
    """

    kind: Kind
    first: Parts
    last: Parts
    claim: int
    at: str
    age: float = 0.0
    idle: float = 0.0

    @property
    def has_grown(self) -> bool:
        """Return whether it has moved on since it is held."""
        return self.first != self.last


@dataclass(kw_only=True, slots=True)
class Register:
    """A counter, and the least energy that it proves.

    Energies in mWh. `level` is what had been used in all when it stood at `shown`. Seconds: `age`
    since it got there, `unread` since it was last seen there, `vague` since it last grew or stood
    still as power says, `steady` since it last did anything but that. Of periods up to `since` only
    what is in `shown` is known. `is_young` until a second reading goes on from the first. `held` is
    a line that waits to be confirmed, `past` where it stood before it last fell or leapt, with the
    level then.
    """

    shown: Parts = field(default_factory=dict)
    level: int = 0
    since: str = UNDATED
    grain: int = _GRAINS[0]
    age: float = 0.0
    unread: float = 0.0
    vague: float = 0.0
    steady: float = 0.0
    is_young: bool = True
    held: Held | None = None
    past: tuple[Parts, int] | None = None

    @property
    def is_begun(self) -> bool:
        """Return whether it was ever read."""
        return bool(self.shown)

    @property
    def value(self) -> int:
        """Return what the counter showed when it was last believed, in its newest period."""
        return self.shown[max(self.shown)] if self.shown else 0

    def begin(self, shown: Parts, energy: int) -> None:
        """Begin, or begin anew, with a first reading, when so much energy had been counted."""
        self._learn_grain(shown)
        self.shown, self.level, self.since = dict(shown), energy, max(shown)
        self.age = self.unread = self.vague = self.steady = 0.0
        self.is_young, self.held, self.past = True, None, None

    def pass_time(self, seconds: float) -> None:
        """Let time pass before the next reading."""
        self.age += seconds
        self.unread += seconds
        self.vague += seconds
        self.steady += seconds
        if self.held is not None:
            self.held.age += seconds
            self.held.idle += seconds

    def name_period(self, period: str) -> None:
        """Call the running period by its name, once the plug tells it."""
        for line in (self.shown, self.held and self.held.first, self.held and self.held.last):
            if line and UNDATED in line:
                line[period] = line.pop(UNDATED)

    def judge(self, shown: Parts, energy: int, pace: Pace, *, may_roll: bool) -> Move:
        """Say what the counter claims now, and change nothing.

        Args:
            shown: the counter, in mWh by period.
            energy: what has been counted so far.
            pace: what can have passed.
            may_roll: whether a new period of the plug can have begun since.

        """
        move = self._from_believed(shown, energy, pace, may_roll=may_roll)
        held = self.held
        if held is None:
            return move
        if max(held.last) not in shown:
            # Nobody will ever tell whether it was true.
            return replace(move, is_new=True)
        recent = self._growth(held.last, shown, max(held.last))
        # Of two lines that it can be on, it is on the one that claims less.
        is_back = held.kind is Kind.FALLS and move.kind is Kind.FOLLOWS
        if recent is None or recent > pace.room(held.idle) or is_back:
            has_rolled = is_back and max(shown) > max(held.last)
            return replace(move, is_new=True, refused=None if has_rolled else held)
        if pace.is_short(held.idle) and recent > pace.expected(held.idle) + self._noise:
            return replace(move, is_new=True)
        more = self._growth(held.first, shown, max(held.first)) or 0
        stands = (
            held.kind is not Kind.FALLS
            and held.age >= _STANDS_AFTER
            and recent <= pace.expected(held.idle) + self._noise
        )
        grows = held.age >= _CONFIRMS_AFTER and pace.suits(recent, held.idle, self._noise)
        if held.kind is Kind.FALLS and held.age < _STANDS_AFTER:
            grows = grows and not self._is_a_thousandth(shown, pace)
        return replace(
            move,
            kind=held.kind,
            claim=held.claim + more,
            is_steady=move.is_steady and held.kind is Kind.FOLLOWS,
            is_sure=grows or stands or move.is_sure,
        )

    def accept(self, shown: Parts, move: Move, energy: int, tolerance: int) -> None:
        """Believe a reading, after `energy` has been counted in all."""
        self._learn_grain(shown)
        if move.kind is Kind.FOLLOWS:
            # A fall by rounding: it stays where it was, so that ups and downs add up to none.
            shown = {p: max(mwh, self.shown.get(p, mwh)) for p, mwh in shown.items()}
        else:
            self.past = dict(self.shown), self.level
        if not move.is_steady:
            self.steady = 0.0
        if move.kind is not Kind.FOLLOWS or move.growth:
            self.level, self.age = max(move.claim, energy - tolerance), 0.0
            if self.level > move.claim:
                # What it may still tell of other periods has been counted.
                self.shown, self.since = dict(shown), max(shown)
        self.is_young = self.is_young and not move.growth and not self.value
        self.shown |= {p: mwh for p, mwh in shown.items() if p in self.shown or p > self.since}
        for period in sorted(self.shown)[:-_KEPT_PARTS]:
            del self.shown[period]
            self.since = max(self.since, period)
        if move.growth or move.is_steady:
            self.vague = 0.0
        self.unread, self.held = 0.0, None

    def hold(self, shown: Parts, move: Move, at: str) -> None:
        """Keep a reading until a later one, or another counter, speaks for it."""
        self.steady = 0.0
        if self.held is None or move.is_new:
            self.held = Held(
                kind=move.kind, first=dict(shown), last=dict(shown), claim=move.claim, at=at
            )
        else:
            if shown != self.held.last:
                self.held.age = 0.0
            self.held.last, self.held.idle = dict(shown), 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the state as plain JSON values."""
        return {**asdict(self), "past": self.past and [dict(self.past[0]), self.past[1]]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Register:
        """Return the register that `to_dict` described. Raises TypeError for anything else."""
        held, past = data["held"], data["past"]
        return cls(
            **{
                **data,
                "shown": dict(data["shown"]),
                "held": held and Held(**{**held, "kind": Kind(held["kind"])}),
                "past": past and (dict(past[0]), past[1]),
            }
        )

    @property
    def _noise(self) -> int:
        return 2 * self.grain

    def _from_believed(self, shown: Parts, energy: int, pace: Pace, *, may_roll: bool) -> Move:
        growth = self._growth(self.shown, shown, self.since)
        newest = max(shown)
        # A counter that has not begun anew where its period has may be as old as the last one.
        is_new = newest > max(self.shown)
        is_stale = is_new and shown[newest] >= self.value
        is_short = pace.is_short(self.unread)
        if growth is None:
            new = self._from_zero(shown, pace, may_roll=may_roll)
            return Move(kind=Kind.FALLS, claim=max(energy, self.level + new))
        if growth <= pace.room(self.age):
            is_likely = growth <= pace.expected(self.unread) + self._noise
            is_sure = is_likely and not is_stale and (is_short or not is_new)
            return Move(
                kind=Kind.FOLLOWS,
                claim=self.level + growth,
                growth=growth,
                is_steady=is_sure and is_short and growth >= pace.least(self.unread) - self._noise,
                is_sure=is_sure,
                is_prompt=not is_stale and growth <= pace.room(self.unread),
            )
        claim = self.level + growth
        if self.past is not None:
            # It is back where it was before it fell: it never was away.
            back = self._growth(self.past[0], shown, self.since)
            claim = claim if back is None else min(claim, self.past[1] + back)
        return Move(kind=Kind.LEAPS, claim=max(energy, claim), growth=growth)

    def _from_zero(self, shown: Parts, pace: Pace, *, may_roll: bool) -> int:
        """Return what a counter that fell has counted since zero, as far as that is sure."""
        fallen = {p: mwh for p, mwh in shown.items() if mwh < self.shown.get(p, 0)}
        if self.is_young or not fallen:
            return 0
        period = max(fallen)
        value, before = fallen[period], self.shown[period]
        # Less can be what it had saved.
        is_deep = before - value > passable(pace.limit_w, _SAVED_EVERY)
        if not is_deep and not (may_roll and 2 * value < before):
            return 0
        most = pace.room(self.unread)
        if pace.is_short(self.unread):
            most = min(most, pace.expected(self.unread) + self._noise)
        return value if value <= most else 0

    def _is_a_thousandth(self, shown: Parts, pace: Pace) -> bool:
        """Return whether a counter shows what it would in Wh, named kWh, or the other way."""
        return all(
            -self._noise <= 1000 * mwh - self.shown.get(period, 0) <= pace.room(self.age) + 1000
            for period, mwh in shown.items()
        )

    def _growth(self, held: Parts, shown: Parts, since: str) -> int | None:
        """Return what the counter has grown from one reading to another; None where it fell."""
        growth = 0
        for period, mwh in shown.items():
            before = held.get(period)
            if before is None:
                growth += mwh if period > since else 0
            elif mwh >= before:
                growth += mwh - before
            elif not _is_noise(before, mwh, self._noise):
                return None
        return growth

    def _learn_grain(self, shown: Parts) -> None:
        for mwh in shown.values():
            while mwh % self.grain:
                self.grain = _GRAINS[_GRAINS.index(self.grain) + 1]


def _is_noise(held: int, mwh: int, noise: int) -> bool:
    fall = held - mwh
    return fall <= noise or (fall <= _SMALL_FALL and mwh * 2 >= held)

"""One counter of a plug, as a witness: what it proves, and what of it is doubted."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

type Parts = dict[str, int]
"""What a counter shows, in mWh by the period that it is of: `2026-11`, or empty where it rolls
over by itself."""

UNDATED: Final = ""

# Smaller falls than this, in mWh, are rounding unless they halve the counter.
_SMALL_FALL: Final = 10_000
# The coarsest and finer steps in which plugs count, in mWh.
_GRAINS: Final = (10_000, 1_000, 100, 10, 1)
# How long a plug may take to bring its counters up to date, in seconds.
_REFRESH: Final = 120
# A plug that reboots goes back to what it saved last, an hour ago at most.
_SAVED_EVERY: Final = 3600
# A plug that answers twice at once says the same falsehood twice.
_CONFIRMS_AFTER: Final = 3.0
_KEPT_PARTS: Final = 8
# So long a counter may show something false and be believed where it was before, in seconds.
_PAST_KEPT: Final = 86400.0
_AGREED_AFTER: Final = 2


def passable(limit_w: float, seconds: float) -> int:
    """Return the mWh that can pass at a power in W in some seconds."""
    return int(limit_w * seconds / 3.6)


class Standing(Enum):
    """What a register is worth in a reading."""

    SILENT = auto()
    """It was not told."""
    HELD = auto()
    """It was told, and is doubted."""
    GOOD = auto()
    """It went on from what was believed."""


@dataclass(kw_only=True, slots=True)
class Doubt:
    """A reading that would be true only if the next one goes on from it.

    `shown` is what it showed, `energy` what was counted by then, `seconds` its age.
    """

    shown: Parts
    energy: int
    at: str
    is_fall: bool
    seconds: float = 0.0


@dataclass(kw_only=True, slots=True)
class Past:
    """Where a counter stood before it was found to go on from elsewhere.

    A plug may show zeros for a while, and then be back: nothing of that was energy.
    """

    shown: Parts
    claim: int
    level: int
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What a reading has done to a register.

    `refused` is a doubt that turned out false; `jumped` says that a doubt of too much has been
    confirmed by this reading, whose claim is still to be compared with the other witnesses;
    `was_young` that only one reading had been believed before.
    """

    standing: Standing
    is_exact: bool = False
    rolled: bool = False
    jumped: bool = False
    was_young: bool = False
    refused: Doubt | None = None


@dataclass(kw_only=True, slots=True)
class Register:
    """A counter that may restart, forget and lie, and the least energy that it proves.

    Energies in mWh. `claim` is what must have been used in all if the counter is right; `level`
    what was counted when it was last good, less what it has `owed` since a falsehood of it was
    taken back that had been counted; `age` the seconds since, and `sure_for` those before in which
    it cannot have forgotten anything; `since` the period in which it was
    first read, before which nothing of it is known; `low` what it showed before the last reading,
    which a spike falls back to; `agreed` how many readings in a row went on.
    """

    shown: Parts = field(default_factory=dict)
    claim: int = 0
    level: int = 0
    since: str = UNDATED
    low: Parts = field(default_factory=dict)
    grain: int = _GRAINS[0]
    agreed: int = 0
    age: float = 0.0
    sure_for: float = 0.0
    owed: int = 0
    doubt: Doubt | None = None
    past: Past | None = None

    @property
    def is_begun(self) -> bool:
        """Return whether it was ever read."""
        return bool(self.shown)

    @property
    def value(self) -> int:
        """Return what the counter showed when it was last believed, in its newest period."""
        return self.shown[max(self.shown)] if self.shown else 0

    def begin(self, shown: Parts, energy: int) -> None:
        """Begin with a first reading, when so much energy had been counted."""
        self._learn_grain(shown)
        self.shown, self.low = dict(shown), dict(shown)
        self.claim = self.level = energy
        self.since = max(shown)
        self.agreed, self.age, self.doubt = 1, 0.0, None

    def pass_time(self, seconds: float) -> None:
        """Let time pass before the next reading."""
        self.age += seconds
        if self.doubt is not None:
            self.doubt.seconds += seconds
        if self.past is not None:
            self.past.seconds += seconds
            if self.past.seconds > _PAST_KEPT:
                self.past = None

    def take(
        self, shown: Parts, energy: int, limit_w: float, *, at: str, has_rolled: bool | None = None
    ) -> Step:
        """Take what the counter shows now.

        Args:
            shown: the counter, in mWh by period.
            energy: what has been counted so far.
            limit_w: what the socket can pass, in W.
            at: when it was read.
            has_rolled: whether the clocks prove that the period is another one, or that it is
                the same; None where they prove neither.

        """
        self._learn_grain(shown)
        room = passable(limit_w, self.age + _REFRESH)
        if has_rolled and shown.get(UNDATED, -1) >= self.shown.get(UNDATED, 0):
            growth: int | None = self.level - self.claim + shown[UNDATED]
        else:
            growth = self._growth(shown, room)
        follows = growth is not None and self.level + growth - energy <= room
        only_zeros = not any(self.shown.values())
        if (not follows or only_zeros) and self._is_back(
            shown,
            energy,
            passable(limit_w, self.past.seconds + _REFRESH) if only_zeros and self.past else room,
        ):
            return Step(standing=Standing.GOOD)
        doubt = self.doubt
        more = None
        if doubt is not None:
            recent = passable(limit_w, doubt.seconds + _REFRESH)
            more = _growth_between(doubt.shown, shown, self._noise)
            if more is not None and more > recent:
                more = None
            # It is back, but not where it was: which of the two is false is not known yet.
            follows = follows and not (doubt.is_fall and (growth or 0) > recent)
        if growth is not None and follows:
            step = self._go_on(shown, growth, room, has_rolled=has_rolled)
            return step if more is not None else replace(step, refused=doubt)
        new = Doubt(shown=dict(shown), energy=energy, at=at, is_fall=growth is None)
        if doubt is None:
            self.doubt = new
            return Step(standing=Standing.HELD)
        if more is None:
            self.doubt = new
            return Step(standing=Standing.HELD, refused=doubt)
        if doubt.seconds < _CONFIRMS_AFTER:
            return Step(standing=Standing.HELD)
        was_young = self.agreed < _AGREED_AFTER
        past = Past(shown=dict(self.shown), claim=self.claim, level=self.level, seconds=self.age)
        if growth is None:
            self._restart(shown, doubt, more, room, limit_w)
        else:
            self.claim += growth
        self._believe(shown, room)
        self.past = past
        return Step(
            standing=Standing.GOOD,
            rolled=growth is None,
            jumped=growth is not None,
            was_young=was_young,
        )

    def realign(self, energy: int) -> None:
        """Let the counter prove no more and no less than what has been counted."""
        self.claim = energy

    def covers(self, other: Register) -> bool:
        """Return whether it can have forgotten nothing since the other was good last."""
        return self.sure_for + self.age >= other.age

    def settle(self, energy: int, *, is_exact: bool) -> None:
        """Remember what has been counted by the time of a good reading."""
        self.sure_for = self.sure_for + self.age if is_exact else 0.0
        self.owed = min(self.owed, max(0, energy - self.claim))
        self.level, self.age = energy - self.owed, 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the state as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Register:
        """Return the register that `to_dict` described. Raises TypeError for anything else."""
        doubt, past = data["doubt"], data["past"]
        return cls(
            **{
                **data,
                "shown": dict(data["shown"]),
                "low": dict(data["low"]),
                "doubt": doubt and Doubt(**doubt),
                "past": past and Past(**past),
            }
        )

    @property
    def _noise(self) -> int:
        return 2 * self.grain

    def _is_back(self, shown: Parts, energy: int, room: int) -> bool:
        """Go on from where the counter stood before it went elsewhere, where it does."""
        past = self.past
        if past is None or not past.shown.keys() >= shown.keys():
            return False
        growth = _growth_between(past.shown, shown, self._noise)
        if growth is None or past.level + growth - energy > room:
            return False
        self.claim, self.past, self.doubt = past.claim + growth, None, None
        self.owed = max(0, self.level - past.level - growth)
        self.shown |= shown
        self.low = dict(self.shown)
        return True

    def _go_on(self, shown: Parts, growth: int, room: int, *, has_rolled: bool | None) -> Step:
        newest = max(shown)
        rolled = bool(has_rolled) or newest > max(self.shown)
        # What could have begun at zero and come so far since may have restarted unseen.
        may_be_new = newest == UNDATED and shown[newest] <= room and has_rolled is not False
        is_exact = not has_rolled and newest in self.shown and not may_be_new
        self.claim += growth
        if growth < 0:
            self.owed -= growth
        if has_rolled:
            self.shown = {}
        self._believe(shown, room)
        return Step(standing=Standing.GOOD, is_exact=is_exact, rolled=rolled)

    def _restart(self, shown: Parts, doubt: Doubt, more: int, room: int, limit_w: float) -> None:
        """Go on from a fall that a second reading has confirmed."""
        fallen = {period: mwh for period, mwh in shown.items() if mwh < self.shown.get(period, 0)}
        period = max(fallen, default=max(shown))
        value, before = shown[period], self.shown.get(period, 0)
        is_near_zero = value < before / (2 if period == UNDATED else 10)
        if period == UNDATED and before - value > passable(limit_w, _SAVED_EVERY):
            is_near_zero = True
        from_zero = self.level + value if is_near_zero and value <= room else 0
        self.claim = max(self.level, doubt.energy + more, from_zero)
        self.shown = {p: mwh for p, mwh in self.shown.items() if p not in shown}

    def _believe(self, shown: Parts, room: int) -> None:
        before = {period: self.shown.get(period, mwh) for period, mwh in shown.items()}
        for period, mwh in shown.items():
            held = self.shown.get(period)
            if held is not None and mwh < held and not self._is_spike(period, mwh, room):
                # Rounding: the counter stays where it was, so that ups and downs add up to none.
                continue
            self.shown[period] = mwh
        self.low = before
        for period in sorted(self.shown)[:-_KEPT_PARTS]:
            del self.shown[period]
            self.since = max(self.since, period)
        self.agreed = min(self.agreed + 1, _AGREED_AFTER)
        self.doubt = None

    def _growth(self, shown: Parts, room: int) -> int | None:
        """Return what the counter has grown; None where it fell."""
        growth = 0
        for period, mwh in shown.items():
            held = self.shown.get(period)
            if held is None:
                # A period from before the first reading tells from now on only.
                growth += mwh if period > self.since else 0
            elif mwh >= held or self._is_spike(period, mwh, room):
                growth += mwh - held
            elif not _is_noise(held, mwh, self._noise):
                return None
        return growth

    def _is_spike(self, period: str, mwh: int, room: int) -> bool:
        """Return whether a fall only takes back what the last reading had added.

        Where a restart could have come so far since, it is taken for one.
        """
        held, low = self.shown[period], self.low.get(period)
        if low is None or low <= room or _is_noise(held, mwh, self._noise):
            return False
        return low <= mwh < held

    def _learn_grain(self, shown: Parts) -> None:
        for mwh in shown.values():
            while mwh % self.grain:
                self.grain = _GRAINS[_GRAINS.index(self.grain) + 1]


def _is_noise(held: int, mwh: int, noise: int) -> bool:
    fall = held - mwh
    return fall <= noise or (fall <= _SMALL_FALL and mwh * 2 >= held)


def _growth_between(held: Parts, shown: Parts, noise: int) -> int | None:
    """Return what a counter has grown from one doubted reading to the next; None where it fell."""
    growth = 0
    for period, mwh in shown.items():
        before = held.get(period, mwh)
        if mwh < before and not _is_noise(before, mwh, noise):
            return None
        growth += max(0, mwh - before)
    return growth

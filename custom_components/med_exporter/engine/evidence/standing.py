"""Where one counter of a plug stands, and what is remembered of it from reading to reading."""

from __future__ import annotations

from dataclasses import asdict, field
from typing import TYPE_CHECKING, Any, Final, Self

from ..lazy_dataclass import dataclass
from .move import Doubt, Kind, Move, Parts, Past
from .pace import LAG, SHORT, passable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .pace import Pace

# The coarsest and finer steps in which plugs count, in mWh.
_GRAINS: Final = (10_000, 1_000, 100, 10, 1)
_KEPT_PARTS: Final = 8
_KEPT_PLACES: Final = 4
# So long a counter may show something false and be believed where it was before, in seconds.
_PAST_KEPT: Final = 86400.0
# A counter that has moved so often since it leapt or fell goes on from there.
PROVEN_AFTER: Final = 4


@dataclass(kw_only=True, slots=True)
class Standing:
    """What is believed of a counter, and the least energy that it proves.

    Energies in mWh. `claim` is what must have been used in all if the counter is right, `level`
    what all of them had proved when it moved last; `age` the seconds since it was good last,
    and `is_untimed` that any time can have passed since, as no clock told it between two readings,
    `still` since it moved, `ran` since it was good last before that, when its period still ran;
    `sure_for` those in which it cannot have forgotten anything;
    `grain` is the step in which it counts, `finest` the one that it seemed to in its last reading;
    `owed` and `can_owe` what the power has brought at least and at most since it moved, `empty` a
    period that had begun, but showed nothing yet, `empty_for` seconds ago; `good_at` and `clock`
    the time by our clock and the date by its own when it was good last, `moved_on` the latter when
    it moved last;
    `stood` what all had proved by the reading in which it moved last, `level` or more;
    `grown` is all that it has grown by; `seen` what all had proved when it was good last, and
    `beside` what each of them had grown by then, `had_stopped` whether it stood where it must
    move, and `comes_late` whether it has, and then shown all that power had brought;
    `lasts_for` how long it has gone on without beginning anew,
    `refused_for` how long it has shown what cannot be, None where it does not;
    `behind` what it lacked of all that was proved, when it moved last, `is_suspect` whether it may
    have forgotten some unseen, and `lifted` what it was then held to have forgotten;
    `is_young` until a reading goes on from the first one, and
    `is_contested` once it has shown anything else meanwhile, `is_second` after a false beginning:
    then it has to move to go on, `is_false` where another that began with it has begun falsely;
    `moves` how often it has moved there,
    watched all the time, and `rate` how fast it went then, in W.
    """

    shown: Parts = field(default_factory=dict)
    claim: int = 0
    level: int = 0
    stood: int = 0
    grain: int = _GRAINS[0]
    finest: int = _GRAINS[0]
    is_young: bool = True
    is_contested: bool = False
    is_second: bool = False
    is_false: bool = False
    age: float = 0.0
    is_untimed: bool = False
    still: float = 0.0
    ran: float = 0.0
    sure_for: float = 0.0
    owed: int = 0
    can_owe: int = 0
    empty: str = ""
    empty_for: float = 0.0
    good_at: str = ""
    clock: str | None = None
    moved_on: str | None = None
    had_stopped: bool = False
    comes_late: bool = False
    refused_for: float | None = None
    lasts_for: float = 0.0
    grown: int = 0
    seen: int = 0
    beside: dict[str, int] = field(default_factory=dict)
    behind: int | None = None
    is_suspect: bool = False
    lifted: int = 0
    doubt: Doubt | None = None
    past: Past | None = None
    moves: int = 0
    rate: float | None = None

    @property
    def is_begun(self) -> bool:
        """Return whether it was ever read."""
        return bool(self.shown)

    @property
    def value(self) -> int:
        """Return what the counter showed when it was last believed, in its newest period."""
        return self.shown[max(self.shown)] if self.shown else 0

    @property
    def noise(self) -> int:
        """Return what two readings may differ by rounding."""
        return 2 * min(self.grain, self.finest)

    def noise_since(self, past: Past) -> int:
        """Return the same of a reading and a place, whatever it seemed to count in meanwhile."""
        return 2 * min(max(self.grain, past.grain), self.finest)

    def begin(self, parts: Parts, proved: int) -> None:
        """Begin with a first reading, when so much energy had been proved."""
        self.grain = self.finest = min(self.grain, grain_of(parts))
        self.shown = dict(parts)
        self.claim = self.level = self.stood = proved
        self.is_young, self.is_contested, self.is_second = True, False, False
        self.age, self.still, self.ran, self.sure_for = 0.0, 0.0, 0.0, 0.0
        self.owed, self.can_owe, self.empty, self.empty_for = 0, 0, "", 0.0
        self.behind, self.is_suspect, self.doubt, self.moves = None, False, None, 0
        self.lasts_for, self.lifted, self.is_untimed = 0.0, 0, False

    def pass_time(self, seconds: float, pace: Pace) -> None:
        """Let time pass before the next reading, at the pace that was measured."""
        self.owed += pace.least(seconds)
        self.can_owe += pace.most(seconds)
        self.age += seconds
        self.is_untimed |= not seconds
        self.empty_for += seconds
        self.still += seconds
        self.lasts_for += seconds
        self.ran += seconds
        if self.refused_for is not None:
            self.refused_for += seconds
        self.sure_for += seconds
        if self.doubt is not None:
            self.doubt.pass_time(seconds, pace.least(seconds), pace.most(seconds))
        for past in self.places():
            past.seconds += seconds
            past.still += seconds
            past.owed += pace.least(seconds)
            past.can_owe += pace.most(seconds)
            # Only where it is read it shows where it is.
            past.left_for += min(seconds, SHORT)
        if self.past is not None and self.past.left_for > _PAST_KEPT:
            self.past = None

    def date(
        self, at: str, clock: str | None, *, restarts: bool = False, has_moved: bool = True
    ) -> None:
        """Remember when it was good, by our clock and by its own.

        A date that is not told is the one of before, unless it began anew.
        """
        self.good_at, self.clock = at, clock if clock or restarts else self.clock
        if has_moved:
            self.moved_on = self.clock

    @property
    def counts_on(self) -> str | None:
        """Return a date by its own clock of the period that it counts.

        One that stands above nothing stands in the period in which it has moved, whatever its
        clock told since: it would have begun anew.
        """
        return (self.moved_on if self.value else None) or self.clock

    def see_empty(self, shown: Parts) -> None:
        """Remember a period that has begun, as far as it is asked for, but shows nothing yet."""
        newest = max(self.shown)
        empty = max((p for p, mwh in shown.items() if p > newest and not mwh), default="")
        if empty:
            self.empty, self.empty_for = empty, 0.0

    def leave(self, at: str, moves: int = 0) -> None:
        """Remember where the counter stood, before it goes on from where it was read then."""
        if self.had_stopped and self.may_return:
            # It only stood there where it must move.
            return
        places = [*self.places()]
        if len(places) == _KEPT_PLACES:
            places[-2].before = None
        self.past = Past(
            shown=dict(self.shown),
            grain=self.grain,
            claim=self.claim,
            seconds=self.age,
            still=self.still,
            owed=self.owed,
            can_owe=self.can_owe,
            moves=moves,
            good_at=self.good_at,
            level=self.level,
            left_at=at if self.doubt is None else self.doubt.at,
            before=self.past if self.may_return else None,
        )

    def come_back(self, to: Past) -> None:
        """Forget where it stood since, and there, once it is with all that it had counted."""
        self.past, self.grain = to, max(self.grain, to.grain)
        if all(self.shown.get(p, mwh) + self.noise >= mwh for p, mwh in to.shown.items()):
            self.past = to.before

    def accept(self, move: Move, *, restarts: bool = False, age: float = 0.0) -> bool:
        """Believe a reading, and return whether the counter has moved.

        `restarts` says that its periods go on from what it shows, whatever they showed before;
        `age` is how long ago it was read, in seconds.
        """
        still, can_owe = 0.0, 0
        if self.doubt is not None and move.parts.items() <= self.doubt.shown.items():
            # It has stood there since it was doubted.
            still, can_owe = self.doubt.seconds, self.doubt.can_owe
        newest = max(self.shown)
        if restarts or self.age > SHORT:
            self.moves = 0
        has_moved = restarts
        has_ended = max(move.parts) > newest and newest not in move.parts
        if has_ended and (not restarts or move.kind is Kind.FOLLOWS):
            # What it says later of the one that has ended is of the time after it moved there.
            self.shown = {newest: self.shown[newest]}
        elif restarts:
            self.shown = {}
        for period, mwh in move.parts.items():
            held = self.shown.get(period)
            if held is None or mwh > held or restarts:
                # By a rounding less, it stays where it was: ups and downs add up to none.
                has_moved = has_moved or mwh != held
                self.shown[period] = mwh
        for period in sorted(self.shown)[:-_KEPT_PARTS]:
            del self.shown[period]
        self.grain = min(self.grain, grain_of(move.parts))
        self.grown += move.growth
        ran = self.age
        self.claim, self.doubt, self.age, self.is_untimed = move.claim, None, age, False
        # What is again as it began has said both: which was false tells only how it goes on.
        is_open = (self.is_contested and not self.is_proven) or (self.is_second and not has_moved)
        self.is_young = move.is_first or (self.is_young and is_open and not restarts)
        self.is_false = False
        self.is_second = move.is_first or (self.is_second and self.is_young)
        if not move.is_exact:
            self.sure_for = move.sure_for
        if has_moved:
            self.ran = ran
            self._remember_move(move, still, can_owe, restarts=restarts)
        return has_moved

    def _remember_move(self, move: Move, still: float, can_owe: int, *, restarts: bool) -> None:
        """Remember that it has moved, and stands so long since then."""
        if restarts:
            self.lasts_for, self.lifted = self.age, 0
        if move.kind is Kind.FOLLOWS and self.still <= SHORT:
            self.rate = 3.6 * move.growth / max(1.0, self.still)
        # What goes on by less than power must bring does not show that it stands there.
        if restarts or not self.has_lost(move.growth):
            # It was seen to stand where power moved it, and shows now all that this brought.
            is_brought = move.growth <= self.can_owe + self.noise
            self.comes_late |= self.had_stopped and self.still <= LAG and is_brought
            self.moves += 1
            for past in self.places():
                past.moves += 1
        self.still, self.owed, self.can_owe, self.had_stopped = still, 0, can_owe, False

    def has_lost(self, growth: int) -> bool:
        """Return whether that is less than power must have brought since it moved."""
        return growth + self.noise < self.owed

    def settle(
        self, proved: int, level: int, told: Parts, *, is_broken: bool, may_catch_up: bool
    ) -> None:
        """Remember what is proved after a reading in which the counter moved.

        `level` is what was used for certain when it moved, `told` are the periods it told. What a
        counter has forgotten unseen is missing from its claim for good: found to lack the same in
        two readings after something broke, it goes on from what all have proved.
        """
        self.level, self.stood = min(proved, level), proved
        behind = proved - self.claim
        if is_broken:
            self.is_suspect = True
        elif (
            self.is_suspect
            and may_catch_up
            and self.behind is not None
            and abs(behind - self.behind) <= self.noise
        ):
            # A rounding is nothing that it has forgotten.
            if behind > self.noise:
                self.lifted += behind - self.grain
                self.claim, behind = proved - self.grain, self.grain
                # What the others do not tell any more may be among that.
                self.shown = {p: mwh for p, mwh in self.shown.items() if p in told}
            self.is_suspect = False
        self.behind = behind

    def lateness(self, pace: Pace) -> int:
        """Return the most that it may have been late to show when it moved last, in mWh.

        It had not moved yet when it was read before that, unless it comes late.
        """
        if self.comes_late or (self.doubt is not None and self.doubt.has_stood):
            return passable(pace.limit_w, LAG)
        return pace.likely(min(LAG, self.ran - self.still))

    @property
    def is_proven(self) -> bool:
        """Return whether it has gone on from where it stands for long enough to be there."""
        return self.moves > PROVEN_AFTER

    @property
    def could_owe(self) -> int:
        """Return the most that it may have to show more.

        Where it has not stood for long, it may be false to be there: then what could be shown from
        wherever it stood before counts.
        """
        if self.is_proven:
            return self.can_owe
        from_places = (past.claim + past.can_owe - self.claim for past in self.places())
        return max(self.can_owe, *from_places, 0)

    def places(self) -> Iterator[Past]:
        """Return where it has stood before, the latest first."""
        if self.past is not None:
            yield self.past
            yield from self.past.earlier()

    @property
    def may_return(self) -> bool:
        """Return whether it may still be found to have shown something false."""
        return self.past is not None and self.past.moves < PROVEN_AFTER

    def to_dict(self) -> dict[str, Any]:
        """Return the state as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `to_dict` described. Raises TypeError for anything else."""
        doubt, past = data["doubt"], data["past"]
        return cls(
            **{
                **data,
                "shown": dict(data["shown"]),
                "doubt": doubt and _doubt(doubt),
                "past": past and _past(past),
            }
        )


def grain_of(parts: Parts) -> int:
    """Return the coarsest step, in mWh, in which a counter can count that shows so much."""
    return next(g for g in _GRAINS if not any(mwh % g for mwh in parts.values()))


def _doubt(data: Mapping[str, Any]) -> Doubt:
    """Return the doubt that `asdict` described."""
    known = {name: told for name, told in data.items() if name != "fell"}
    # As an earlier version called it.
    rival = data.get("rival", data.get("fell"))
    return Doubt(**{**known, "kind": Kind(data["kind"]), "rival": rival and _doubt(rival)})


def _past(data: Mapping[str, Any]) -> Past:
    """Return the place that `asdict` described."""
    before = data.get("before")
    # What an earlier version told beside.
    known = {name: told for name, told in data.items() if name != "was_proven"}
    return Past(**{**known, "before": before and _past(before)})

"""Generated lives of plugs, with all that goes wrong in them, against the energy they passed.

    python -m tests.engine.evidence.lives --plugs 20000 --seed 1

prints how many plugs were lived through, what happened to them, and the worst errors both ways; it
fails if any plug was counted wrong by more than what nobody can know.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections import Counter
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from random import Random
from typing import Any

from custom_components.med_exporter.engine.evidence import Evidence, Reading, Reason, SteadyClock
from custom_components.med_exporter.engine.evidence.reading import unlikely

from .events import AT_MONTH_ENDS, EVENTS, LOADS
from .knowable import SHORT, After, Break, Chapter, Said, knowable
from .plugs import BEGINNINGS, PARIS, Truth, new_plug
from .twins import LATE, SOCKET_WATTS, Falsehood, Twin, Watched, twin

type Told = dict[str, float]

# So much of a time that never was lets a month have begun in it, in seconds.
DAYS = 86400
# How often a counter is brought up to date, in seconds.
EVERY = (5.0, 60.0, 120.0, 300.0)
# A counter that has moved so often without a gap stands where it stands.
PROVEN_AFTER = 5


class Life:
    """A plug's life with a Home Assistant that reads it, both generated."""

    def __init__(self, random: Random, *, own_times: Random | None = None) -> None:
        """Begin; by `own_times` each counter is brought up to date at a time of its own."""
        self.random = random
        self.at = 0.0
        self.truth = Truth(random.choice(BEGINNINGS), random.choice(LOADS))
        self.plug = new_plug(random, self.truth)
        self.events = EVENTS
        if own_times is not None:
            self.plug.every = {n: own_times.choice(EVERY) for n in ("total", "day", "month")}
            self.plug.skew = own_times.choice([self.plug.skew, -20])
            self.events = EVENTS | AT_MONTH_ENDS
        self.interval = random.choice([5, 30, 30, 60, 300])
        self.kinds: Counter[str] = Counter()
        self.evidence, self.clock = Evidence(), SteadyClock()
        self.ticks = random.uniform(0, 1e6)
        self.wall_off = 0.0
        self.told: float | None = None
        # When each counter that a plug is asked for by date was read last for the right one.
        self.heard: dict[str, float] = {}
        self.restarted_at: datetime | None = None
        self.now = self.truth.begins.astimezone(PARIS)
        self.readings = 0
        self.falsehoods: list[Falsehood] = []
        self.twin: Twin | None = None
        self.chapter = Chapter()
        self.too_much = self.too_little = -math.inf
        self.ambiguous = 0

    def live(self) -> None:
        """Go through a few events, each chapter ending with readings that resolve all doubts."""
        self.begin()
        for _ in range(self.random.randint(1, 10)):
            self.happen()
            self.polls(self.random.randint(0, 6))
        self.end()

    def begin(self) -> None:
        """Let the plug be added."""
        self.evidence, self.told = Evidence(), None
        scale = 1.0
        if self.random.random() < 0.1:
            self.kinds["false beginning"] += 1
            scale = self.random.choice([0.0, 0.001, 1000.0])
            self.poll(lambda told: {name: kwh * scale for name, kwh in told.items()})
            self.polls(3)
        self.polls(1)
        self.falsehoods = []
        self.chapter = Chapter(began=self.at, first=self.evidence.energy)
        if scale < 1:
            # The second reading can be what the socket has passed since the first.
            room = 4.2e6 * (self.interval + LATE) / 3600
            shown = self.plug.counters(self.at, self.now.date()).values()
            self.chapter.ambiguous += max((m for m in shown if m <= 2 * room), default=0.0)
        if self.plug.is_dated and (today := self.plug.local(self.at).date()) > self.now.date():
            # What it had counted of a day that had not begun for anybody else.
            midnight = self.plug.since(datetime.combine(today, time(), PARIS))
            self.chapter.ambiguous += self.truth(self.at) - self.truth(midnight)
        self.note(
            self.plug.counters(self.at, self.now.date()), self.plug.stands_at("month", self.at)
        )
        # What was used before they were brought up to date.
        late = max(self.plug.every.values(), default=0.0)
        self.chapter.ambiguous += self.truth(self.at) - self.truth(self.at - late)
        self.polls(2)

    def end(self) -> None:
        """Let all doubts be resolved, and compare."""
        self.plug.frozen_at, self.wall_off = None, 0.0
        self.truth.draw(self.at, 1000.0)
        late = max(self.plug.every.values(), default=0.0)
        day = self.now.date()
        self.polls(6 + math.ceil((3 * self.plug.grain * 3.6 / 1000 + 4.9 * late) / self.interval))
        if self.now.date() != day:
            # What it had counted of a day that had not begun for us is told but now.
            self.polls(4)
        if not self.plug.is_dated:
            after = After.NAMED if self.plug.tells_clock else After.MONTH
            ends = self.firsts(self.chapter.began, self.plug.local(self.at).date())
            for first in [(f + timedelta(days=31)).replace(day=1) for f in ends]:
                begins = self.plug.since(datetime.combine(first, time(), PARIS))
                self.chapter.breaks["month"].append(Break(self.plug.rolls_at(begins), after))
        counted = self.evidence.energy - self.chapter.first
        true = self.truth(self.at) - self.truth(self.chapter.began)
        known = knowable(self.chapter.said, self.chapter.breaks)
        breaks = sum(len(breaks) for breaks in self.chapter.breaks.values())
        days = (self.plug.local(self.at).date() - self.plug.local(self.chapter.began).date()).days
        rounding = self.plug.grain * (2 + breaks + days)
        self.ambiguous += self.chapter.ambiguous > 0
        self.too_much = max(self.too_much, counted - true - rounding - self.chapter.ambiguous)
        # Counters that say the same within rounding are not added up.
        self.too_little = max(self.too_little, min(known, true) - counted - 4 * rounding)

    def polls(self, count: int) -> None:
        """Read the plug a few times, one interval apart."""
        for _ in range(count):
            self.at += self.interval
            self.poll()

    def poll(self, change: Any = None, *, is_false: bool = True) -> None:
        """Read the plug; `change` what it tells, falsely or else by leaving something out."""
        wall = self.truth.begins + timedelta(seconds=self.at + self.wall_off)
        self.now = self.clock.now(wall, self.at + self.ticks).astimezone(PARIS)
        shown = self.plug.counters(self.at, self.now.date())
        told: Told = {name: mwh / 1e6 for name, mwh in shown.items()}
        true = dict(shown)
        if change is not None:
            changed = change(told)
            true = {n: mwh for n, mwh in shown.items() if changed.get(n) == told[n]}
            if is_false:
                names = changed.keys() & self.heard.keys() & {"day", "month"}
                heard = min([*(self.heard[name] for name in names), self.told or 0.0])
                self.falsehoods.append(Falsehood(self.at, heard, told, changed))
                if Reason.TOO_MUCH in {
                    unlikely(n, kwh, SOCKET_WATTS) for n, kwh in changed.items()
                }:
                    # All that is told then may be as false: it is no proof.
                    true = {}
                for name in self.chapter.said.keys() & shown.keys() - true.keys():
                    self.chapter.said[name].append(Said(self.at, None))
            told = changed
        if self.twin is not None and told:
            self.chapter.ambiguous += self.twin.goes_on_to(self.at, told)
            self.twin = None
        seconds = self.at - self.told if self.told is not None else 0.0
        if self.restarted_at is not None:
            # Nothing but the machine's clock tells the time between.
            seconds = max(0.0, (self.now - self.restarted_at).total_seconds())
            if self.told is not None and seconds - (self.at - self.told) > DAYS:
                # The machine's clock was wrong for so long that it was believed, and is right
                # after a restart: it tells of days that never were. What the plug counted of
                # months before is to anybody what was used in them.
                self.chapter.ambiguous += sum(
                    mwh for name, mwh in shown.items() if name.startswith("month")
                )
            self.restarted_at = None
        self.told = self.at
        before = self.evidence.energy
        outcome = self.evidence.weigh(
            Reading(
                at=self.now,
                seconds=seconds,
                total=told.get("total"),
                day=told.get("day"),
                month=told.get("month"),
                month_before=told.get("month_before"),
                dated=self.now.date() if self.plug.is_dated else None,
                clock=self.plug.local(self.at).date() if self.plug.tells_clock else None,
                ended=self.plug.ended(self.at),
                power=self.truth.watts if told and self.plug.tells_power else None,
            )
        )
        assert (
            not self.readings or outcome.energy == before + outcome.growth >= before or not before
        )
        self.readings += 1
        self.note(true, self.plug.stands_at("month", self.at))

    def note(self, true: dict[str, int], stands_at: float) -> None:
        """Write down what the plug said truly, and which breaks lie before it."""
        said, breaks = self.chapter.said, self.chapter.breaks
        is_fresh = self.plug.frozen_at is None
        if "total" in true:
            heard = [s.mwh for s in said["total"] if s.mwh is not None]
            if (
                heard
                and true["total"] < heard[-1]
                and not any(b.at > said["total"][-1].at for b in breaks["total"])
            ):
                breaks["total"].append(Break(self.at, After.ZERO))
            said["total"].append(Said(self.at, true["total"], true["total"], is_fresh=is_fresh))
        today = self.plug.local(stands_at).date()
        is_near = abs(self.now.date() - today).days <= 1
        if is_near:
            self.heard |= dict.fromkeys(true.keys() & {"day", "month"}, self.at)
        # One that is asked for a month that is over says nothing of the one that runs.
        is_running = is_near and self.now.date().replace(day=1) >= today.replace(day=1)
        if "month" in true and (not self.plug.is_dated or is_running):
            level = float(true["month"])
            if self.plug.is_dated:
                # Of those before it tells one at a time: the rest of another nobody hears.
                first = self.now.date().replace(day=1)
                before = (first - timedelta(days=1)).replace(day=1)
                if "month_before" in true:
                    self.chapter.months[before] = true["month_before"]
                self.chapter.months[first] = true["month"]
                began = self.plug.local(self.chapter.began).date().replace(day=1)
                ended = (mwh for m, mwh in self.chapter.months.items() if began <= m < first)
                level += sum(ended)
            said["month"].append(Said(self.at, true["month"], level, is_fresh=is_fresh))

    def firsts(self, since: float, until: date) -> list[date]:
        """Return the first days of the months that ended since."""
        day, firsts = self.plug.local(since).date().replace(day=1), []
        while day < until.replace(day=1):
            firsts.append(day)
            day = (day + timedelta(days=31)).replace(day=1)
        return firsts

    def excuse(self, *, is_watched: bool, has_gone_on: bool) -> None:
        """Allow what a truth has used that makes the same readings as the falsehoods since."""
        watched = Watched(
            watts=self.truth.watts,
            grain=self.plug.grain,
            tells_power=self.plug.tells_power,
            is_watched=is_watched,
            has_gone_on=has_gone_on,
        )
        self.twin, self.falsehoods = twin(self.falsehoods, watched), []
        self.chapter.ambiguous += self.twin.excess

    def has_gone_on(self) -> bool:
        """Return whether a counter has moved often enough to be where it stands.

        All that a plug shows may have been false since nobody watched it: whether it then leaps
        to a falsehood, or back to the truth, only what went on before tells.
        """
        rows = self.chapter.said["total"] or self.chapter.said["month"]
        moves = 0
        for before, now in pairwise(reversed(rows)):
            if before.mwh is None or now.mwh is None or before.at - now.at > SHORT:
                break
            moves += before.mwh > now.mwh
        return moves > PROVEN_AFTER

    def happen(self) -> None:
        """Let something happen."""
        kind = self.random.choice(list(self.events))
        self.kinds[kind] += 1
        self.events[kind](self)

    def breaks(self, **counters: After) -> None:
        """Note that counters do not go on."""
        for name, after in counters.items():
            self.chapter.breaks[name].append(Break(self.at, after))

    def restart(self) -> None:
        """End Home Assistant, and start it again with what is on the disk."""
        stored = json.loads(json.dumps(self.evidence.to_dict()))
        self.evidence = Evidence.from_dict(stored)
        assert self.evidence.to_dict() == stored
        self.clock = SteadyClock(last=self.clock.last)
        self.ticks = self.random.uniform(0, 1e6)
        self.restarted_at = self.now


def main() -> int:
    """Live through many plugs, print the figures, and return how many were counted wrong."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--plugs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=3)
    parser.add_argument("--own-times", action="store_true")
    options = parser.parse_args()
    kinds: Counter[str] = Counter()
    over, under, readings, ambiguous = [], [], 0, 0
    for number in range(options.plugs):
        life = lived(options.seed, number, own_times=options.own_times)
        kinds.update(life.kinds)
        readings += life.readings
        ambiguous += life.ambiguous
        over.append((life.too_much, number))
        under.append((life.too_little, number))
    tell = sys.stdout.write
    tell(f"{options.plugs} plugs, {readings} readings, seed {options.seed}\n")
    tell(f"{ambiguous} stays with a falsehood that nobody can tell from energy\n")
    tell(", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())) + "\n")
    wrong = 0
    for name, worst in (("too much", sorted(over)), ("too little", sorted(under))):
        count = sum(excess > 0 for excess, _ in worst)
        wrong += count
        wh = [
            (round(excess / 1000, 3), number) for excess, number in worst[: -options.show - 1 : -1]
        ]
        tell(f"{name}: {count} plugs; worst beyond what nobody knows, in Wh, number: {wh}\n")
    return wrong


def lived(seed: int, number: int, *, own_times: bool = False) -> Life:
    """Return the life of one of the plugs of a seed."""
    place = seed * 1_000_003 + number
    life = Life(Random(place), own_times=Random(f"{place}") if own_times else None)
    life.live()
    return life


if __name__ == "__main__":
    sys.exit(1 if main() else 0)

"""Generated lives of plugs, with all that goes wrong in them, against the energy they passed.

    python -m tests.engine.evidence.lives --plugs 20000 --seed 1

prints how many plugs were lived through, what happened to them, and the worst errors both ways.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from random import Random
from typing import Any

from custom_components.med_exporter.engine.evidence import Evidence, Reading, SteadyClock
from custom_components.med_exporter.engine.evidence.reading import unlikely

from .events import EVENTS, LOADS
from .knowable import SHORT, After, Break, Said, knowable
from .plugs import PARIS, Plug, Truth

type Told = dict[str, float]

BEGINNINGS = [
    datetime(2026, 11, 28, 22, tzinfo=UTC),
    datetime(2026, 12, 30, 12, tzinfo=UTC),
    datetime(2026, 3, 27, 12, tzinfo=UTC),
    datetime(2026, 10, 23, 12, tzinfo=UTC),
    datetime(2026, 11, 12, 7, 13, 5, tzinfo=UTC),
]
# What passes a socket before a counter has to show it, in seconds.
LATE = 120
# So much of a time that never was lets a month have begun in it, in seconds.
DAYS = 86400
# A counter that has moved so often without a gap stands where it stands.
PROVEN_AFTER = 5


def new_plug(random: Random, truth: Truth) -> Plug:
    """Return a plug with a firmware by chance."""
    has_periods = random.random() < 0.85
    is_dated = has_periods and random.random() < 0.5
    plug = Plug(
        truth=truth,
        has_total=not has_periods or random.random() < 0.6,
        has_periods=has_periods,
        is_dated=is_dated,
        tells_clock=has_periods and not is_dated and random.random() < 0.5,
        tells_power=random.random() < 0.85,
        grain=random.choice([1, 1000, 1000, 10_000]),
        skew=random.choice([0, 0, -20, 20, -3600, 3600, -400, 5000, -5000]),
        forgets=random.random() < 0.2,
        booted_at=-random.choice([0.0, 3600.0, 40 * 86400.0]),
    )
    if random.random() < 0.1:
        plug.limit, plug.sticks = 10_000_000_000 - plug.grain, random.random() < 0.5
        plug.before_boot = plug.limit - random.choice([5_000, 500_000, 20_000_000])
    return plug


@dataclass
class Chapter:
    """What a plug said, in one stay with its Home Assistant."""

    began: float = 0.0
    first: int = 0
    said: dict[str, list[Said]] = field(default_factory=lambda: {"total": [], "month": []})
    breaks: dict[str, list[Break]] = field(default_factory=lambda: {"total": [], "month": []})
    ambiguous: float = 0.0
    """What no one can tell from energy, in mWh: two counters that say the same falsehood, after
    a time in which the socket could have passed it."""


class Life:
    """A plug's life with a Home Assistant that reads it, both generated."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.at = 0.0
        self.truth = Truth(random.choice(BEGINNINGS), random.choice(LOADS))
        self.plug = new_plug(random, self.truth)
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
        self.note(self.plug.counters(self.at, self.now.date()), self.at)
        self.polls(2)

    def end(self) -> None:
        """Let all doubts be resolved, and compare."""
        self.plug.frozen_at, self.wall_off = None, 0.0
        self.truth.draw(self.at, 1000.0)
        self.polls(6 + math.ceil(3 * self.plug.grain * 3.6 / 1000 / self.interval))
        if not self.plug.is_dated:
            after = After.NAMED if self.plug.tells_clock else After.MONTH
            ends = self.firsts(self.chapter.began, self.plug.local(self.at).date())
            for first in [(f + timedelta(days=31)).replace(day=1) for f in ends]:
                begins = self.plug.since(datetime.combine(first, time(), PARIS))
                self.chapter.breaks["month"].append(Break(begins, after))
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
                self.excuse(told, changed)
                for name in self.chapter.said.keys() & shown.keys() - true.keys():
                    self.chapter.said[name].append(Said(self.at, None))
            told = changed
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
        self.note(true, self.at if self.plug.frozen_at is None else self.plug.frozen_at)

    def note(self, true: dict[str, int], stands_at: float) -> None:
        """Write down what the plug said truly, and which breaks lie before it."""
        said, breaks = self.chapter.said, self.chapter.breaks
        is_fresh = stands_at == self.at
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
        if abs(self.now.date() - today).days <= 1:
            self.heard |= dict.fromkeys(true.keys() & {"day", "month"}, self.at)
        if "month" in true and (not self.plug.is_dated or abs(self.now.date() - today).days <= 1):
            level = float(true["month"])
            if self.plug.is_dated:
                level += sum(
                    self.plug.month(first, stands_at)
                    for first in self.firsts(self.chapter.began, self.now.date())
                )
            said["month"].append(Said(self.at, true["month"], level, is_fresh=is_fresh))

    def firsts(self, since: float, until: date) -> list[date]:
        """Return the first days of the months that ended since."""
        day, firsts = self.plug.local(since).date().replace(day=1), []
        while day < until.replace(day=1):
            firsts.append(day)
            day = (day + timedelta(days=31)).replace(day=1)
        return firsts

    def excuse(self, told: Told, false: Told) -> None:
        """Note where a falsehood is the same in two counters, and can have been used."""
        heard = [self.heard[name] for name in ("day", "month") if name in false.keys() & self.heard]
        since = min([*heard, self.told or 0.0])
        room = 4.2 * (self.at - since + LATE) / 3600
        more = sorted(
            kwh - told[n] for n, kwh in false.items() if n in told and n != "month_before"
        )
        near = 10 * self.plug.grain / 1e6
        pairs = [b for a, b in pairwise(more) if b - a <= near]
        likely = [kwh for kwh in pairs if 0 < kwh <= room]
        self.chapter.ambiguous += 1e6 * max(likely, default=0.0)

    def cannot_tell(
        self, names: list[str], how: Any, *, is_watched: bool, times: int, is_frozen: bool
    ) -> None:
        """Note a falsehood that is said again, if nothing speaks against it.

        It counts by as much as it grows until it is told the last of some times.

        One that goes on by what power brings is how energy is confirmed which the socket could not
        pass in the time. One that stands still is that where no power tells that it must move, and
        several counters say it or some time had passed.
        """
        shown = self.plug.counters(self.at, self.now.date())
        told = {name: mwh / 1e6 for name, mwh in shown.items() if name in names}
        others = shown.keys() - {*names, "month_before"}
        passed = self.truth.watts * self.interval / 3600
        if is_frozen:
            # What power brings is told in mWh.
            if (len(told) < 2 and is_watched) or (self.plug.tells_power and passed >= 4e-3):
                return
        elif is_watched and self.plug.tells_power and (others or self.has_gone_on()):
            return
        for name, kwh in told.items():
            if unlikely(name, how(kwh), 4200):
                # That is refused, however often it is said.
                continue
            grown = (how(kwh + passed / 1000) - how(kwh)) * 1000
            is_likely = is_frozen or not self.plug.tells_power or abs(grown - passed) < passed / 2
            if math.isfinite(grown) and is_likely:
                last = kwh + times * passed / 1000
                false = how(last)
                self.chapter.ambiguous += 1e6 * max(0.0, false - last if false > last else false)

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
        kind = self.random.choice(list(EVENTS))
        self.kinds[kind] += 1
        EVENTS[kind](self)

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


def main() -> None:
    """Live through many plugs and print the figures."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--plugs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=3)
    options = parser.parse_args()
    kinds: Counter[str] = Counter()
    over, under, readings, ambiguous = [], [], 0, 0
    for number in range(options.plugs):
        life = Life(Random(options.seed * 1_000_003 + number))
        life.live()
        kinds.update(life.kinds)
        readings += life.readings
        ambiguous += life.ambiguous
        over.append((life.too_much, number))
        under.append((life.too_little, number))
    tell = sys.stdout.write
    tell(f"{options.plugs} plugs, {readings} readings, seed {options.seed}\n")
    tell(f"{ambiguous} stays with a falsehood that nobody can tell from energy\n")
    tell(", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())) + "\n")
    for name, worst in (("too much", sorted(over)), ("too little", sorted(under))):
        count = sum(excess > 0 for excess, _ in worst)
        wh = [
            (round(excess / 1000, 3), number) for excess, number in worst[: -options.show - 1 : -1]
        ]
        tell(f"{name}: {count} plugs; worst beyond what nobody knows, in Wh, number: {wh}\n")


if __name__ == "__main__":
    main()

"""Generated plugs, what truly went through them, and what their counters say of it.

    python -m tests.engine.evidence.lives --plugs 20000 --seed 1

prints how many plugs of which kinds were lived through, and the worst errors. A plug here is only
its counters: what a firmware keeps, forgets and says falsely.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from custom_components.med_exporter.engine.evidence import Evidence, Reading, SteadyClock

PARIS = ZoneInfo("Europe/Paris")
BEGINNINGS = [
    datetime(2026, 11, 28, 22, tzinfo=UTC),
    datetime(2026, 12, 30, 12, tzinfo=UTC),
    datetime(2026, 3, 27, 12, tzinfo=UTC),
    datetime(2026, 10, 23, 12, tzinfo=UTC),
    datetime(2026, 11, 12, 7, 13, 5, tzinfo=UTC),
]
LOADS = (0.0, 0.4, 3.0, 60.0, 1000.0, 2300.0, 3500.0)
NEAR = 3600
"""A plug goes back an hour at most to what it saved, in seconds."""
ROOM = 4200 * 120 / 3.6
"""What passes a socket in the time that counters may lag, in mWh."""


@dataclass
class Truth:
    """The energy in mWh that has gone through a plug, by seconds since its beginning."""

    begins: datetime
    power: float
    _since: list[float] = field(default_factory=lambda: [-1e9])
    _watts: list[float] = field(default_factory=list)
    _before: list[float] = field(default_factory=lambda: [0.0])

    def __post_init__(self) -> None:
        # Before the beginning: 100 days of little.
        self._since, self._watts, self._before = [-100 * 86400.0], [20.0], [0.0]
        self.draw(0.0, self.power)

    def draw(self, at: float, watts: float) -> None:
        self._before.append(self(at))
        self._since.append(at)
        self._watts.append(watts)

    def __call__(self, at: float) -> float:
        place = max(0, bisect_right(self._since, at) - 1)
        passed = max(0.0, at - self._since[place])
        return self._before[place] + self._watts[place] * passed / 3.6


@dataclass
class Plug:
    """A firmware's counters. `dated` ones answer for a date, the others roll over alone."""

    truth: Truth
    has_total: bool
    has_periods: bool
    is_dated: bool
    tells_clock: bool
    grain: int
    skew: float
    forgets: bool
    booted_at: float
    limit: float = math.inf
    erased_at: float = -1e9
    forgotten: list[tuple[float, float]] = field(default_factory=list)
    frozen_at: float | None = None

    def local(self, at: float) -> datetime:
        return (self.truth.begins + timedelta(seconds=at + self.skew)).astimezone(PARIS)

    def since(self, local: datetime) -> float:
        return (local - self.truth.begins).total_seconds() - self.skew

    def total(self, at: float) -> int:
        return int(self._cut(self.truth(at) - self.truth(self.booted_at)) % self.limit)

    def between(self, first: date, end: date, at: float) -> int:
        """Return the counter of the plug's local days from `first` up to `end`."""
        start = max(self.since(datetime.combine(first, time(), PARIS)), self.erased_at)
        until = min(at, self.since(datetime.combine(end, time(), PARIS)))
        if until <= start:
            return 0
        lost = sum(mwh for when, mwh in self.forgotten if start <= when < until)
        return self._cut(self.truth(until) - self.truth(start) - lost)

    def day(self, day: date, at: float) -> int:
        return self.between(day, day + timedelta(days=1), at)

    def month(self, day: date, at: float) -> int:
        first = day.replace(day=1)
        return self.between(first, (first + timedelta(days=31)).replace(day=1), at)

    def reboot(self, at: float) -> None:
        self.booted_at = at
        if self.forgets and self.has_periods:
            saved = at - at % NEAR
            today = self.local(at).date()
            start = max(saved, self.since(datetime.combine(today, time(), PARIS)), self.erased_at)
            gone = sum(mwh for when, mwh in self.forgotten if when >= start)
            self.forgotten.append((at - 1e-3, self.truth(at) - self.truth(start) - gone))

    def erase(self, at: float) -> None:
        self.booted_at = self.erased_at = at
        self.forgotten.clear()

    def counters(self, at: float, asked: date) -> dict[str, int]:
        at = at if self.frozen_at is None else self.frozen_at
        shown: dict[str, int] = {}
        if self.has_total:
            shown["total"] = self.total(at)
        if self.has_periods:
            day = asked if self.is_dated else self.local(at).date()
            shown["day"], shown["month"] = self.day(day, at), self.month(day, at)
            if self.is_dated:
                shown["month_before"] = self.month(day.replace(day=1) - timedelta(days=1), at)
        return shown

    def _cut(self, mwh: float) -> int:
        return int((mwh + 1e-3) // self.grain) * self.grain


@dataclass
class Knowable:
    """The most that anybody could know from true readings: see `add`."""

    grain: int
    known: float = 0.0
    slack: float = 0.0
    seen: dict[str, list[tuple[float, int, int]]] = field(default_factory=dict)


class Life:
    """A plug's life with a Home Assistant that reads it, both generated."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.at = 0.0
        self.truth = Truth(random.choice(BEGINNINGS), random.choice(LOADS))
        has_periods = random.random() < 0.85
        is_dated = has_periods and random.random() < 0.5
        self.plug = Plug(
            truth=self.truth,
            has_total=not has_periods or random.random() < 0.6,
            has_periods=has_periods,
            is_dated=is_dated,
            tells_clock=has_periods and not is_dated and random.random() < 0.5,
            grain=random.choice([1, 1000, 1000, 10_000]),
            skew=random.choice([0, 0, -20, 20, -3600, 3600, -400, 5000]),
            forgets=random.random() < 0.2,
            booted_at=-random.choice([0.0, 3600.0, 40 * 86400.0]),
        )
        self.interval = random.choice([5, 30, 30, 60, 300])
        self.kinds: Counter[str] = Counter()
        self.evidence, self.clock = Evidence(), SteadyClock()
        self.ticks = random.uniform(0, 1e6)
        self.wall_off = 0.0
        self.told: float | None = None
        self.values: list[int] = []
        self.readings: list[tuple[float, dict[str, int]]] = []
        self.resets: list[float] = []
        self.began = 0.0
        self.first = 0

    def live(self) -> None:
        """Go through a few events, and end with enough quiet readings to resolve all doubts."""
        self.poll()
        self.began, self.first = self.at, self.evidence.energy
        self.polls(2)
        for _ in range(self.random.randint(1, 10)):
            self.happen()
            self.polls(self.random.randint(0, 6))
        self.plug.frozen_at = None
        self.wall_off = 0.0
        self.polls(4)

    def polls(self, count: int) -> None:
        for _ in range(count):
            self.at += self.interval
            self.poll()

    def poll(self, change: Any = None, *, is_true: bool = True) -> None:
        wall = self.truth.begins + timedelta(seconds=self.at + self.wall_off)
        now = self.clock.now(wall, self.at + self.ticks).astimezone(PARIS)
        shown = self.plug.counters(self.at, now.date())
        told: dict[str, float | None] = {name: mwh / 1e6 for name, mwh in shown.items()}
        true = dict(shown)
        if change is not None:
            told, hidden = change(told)
            true = {name: mwh for name, mwh in shown.items() if name not in hidden}
        seconds = self.at - self.told if self.told is not None else 0.0
        self.told = self.at
        before = self.evidence.energy
        outcome = self.evidence.weigh(
            Reading(
                at=now,
                seconds=seconds,
                total=told.get("total"),
                day=told.get("day"),
                month=told.get("month"),
                month_before=told.get("month_before"),
                dated=now.date() if self.plug.is_dated else None,
                clock=self.plug.local(self.at).date() if self.plug.tells_clock else None,
            )
        )
        assert not self.values or outcome.energy == before + outcome.growth >= before
        self.values.append(outcome.energy)
        at = self.at if self.plug.frozen_at is None else self.plug.frozen_at
        self.readings.append((at, true))

    def happen(self) -> None:
        kind = self.random.choice(
            [
                "load",
                "load",
                "outage",
                "long outage",
                "reboot",
                "two reboots",
                "reboot in an outage",
                "query fails",
                "one counter is missing",
                "zero",
                "spike",
                "thousand times",
                "a thousandth",
                "no number",
                "step back",
                "restart",
                "clock jumps",
                "burst",
                "erase",
                "frozen",
            ]
        )
        self.kinds[kind] += 1
        getattr(self, "_" + kind.replace(" ", "_"))()

    def _load(self) -> None:
        self.truth.draw(self.at, self.random.choice(LOADS))

    def _outage(self) -> None:
        self.at += self.random.randint(1, 1800) * 60

    def _long_outage(self) -> None:
        self.at += self.random.randint(1, 20) * 86400 + self.random.randint(0, 86400)

    def _reboot(self) -> None:
        self.at += self.random.uniform(0.1, self.interval)
        self._boots()
        self.at += self.random.uniform(0.1, self.interval)

    def _two_reboots(self) -> None:
        self._reboot()
        self._reboot()

    def _reboot_in_an_outage(self) -> None:
        self._outage()
        self._boots()
        self._outage()

    def _boots(self) -> None:
        self.plug.reboot(self.at)
        self.resets.append(self.at)

    def _erase(self) -> None:
        self.at += self.random.uniform(0.1, self.interval)
        self.plug.erase(self.at)
        self.resets.append(self.at)
        self.at += self.random.uniform(0.1, self.interval)

    def _query_fails(self) -> None:
        for _ in range(self.random.randint(1, 12)):
            self.at += self.interval
            self.poll(lambda told: ({}, set(told)))

    def _one_counter_is_missing(self) -> None:
        name = self.random.choice(["total", "month", "day", "month_before"])
        for _ in range(self.random.randint(1, 6)):
            self.at += self.interval
            hidden = {name, "month_before"} if name == "month" else {name}
            if name == "month_before" and self.plug.is_dated:
                continue
            self.poll(lambda told, h=hidden: ({n: v for n, v in told.items() if n not in h}, h))

    def _lie(self, how: Any) -> None:
        """Let one reading say something false of some or all counters."""
        names = ["total", "day", "month"]
        if self.random.random() < 0.5:
            names = [self.random.choice(names)]

        def change(told: dict[str, float | None]) -> tuple[dict[str, float | None], set[str]]:
            false = {n: how(v) if n in names else v for n, v in told.items()}
            return false, set(names) | ({"month_before"} if "month" in names else set())

        # What comes first after a break could be true.
        self.polls(2)
        self.at += self.interval
        self.poll(change)
        # Twice the same falsehood is not to be told from the truth.
        self.polls(1)

    def _zero(self) -> None:
        self._lie(lambda _: 0.0)

    def _spike(self) -> None:
        # Less than a socket can pass is not to be told from energy.
        passed = self.at + self.interval - (self.told or 0.0)
        least = 4.2 * (passed + 120) / 3600 * 1.5
        more = least + self.random.choice([0.3, 5.0, 90.0, 4000.0])
        # A counter that has just begun again is measured by what it showed before.
        highest = max((max(shown.values(), default=0) for _, shown in self.readings), default=0)
        self._lie(lambda kwh: kwh + more + highest / 1e6)

    def _thousand_times(self) -> None:
        self._lie(lambda kwh: kwh * 1000 if kwh > 1 else kwh)

    def _a_thousandth(self) -> None:
        self._lie(lambda kwh: kwh / 1000)

    def _no_number(self) -> None:
        false = self.random.choice([math.nan, math.inf, -math.inf, -1.0, 1e18])
        self._lie(lambda _: false)

    def _step_back(self) -> None:
        step = self.plug.grain / 1e6
        for _ in range(self.random.randint(1, 8)):
            self.at += self.interval

            def change(told: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
                down = self.random.choice([0, 1, 1])
                return {n: max(0.0, v - step * down) for n, v in told.items()}, set(told)

            self.poll(change)

    def _restart(self) -> None:
        """End Home Assistant, and start it again with what is on the disk."""
        stored = json.loads(json.dumps(self.evidence.to_dict()))
        self.evidence = Evidence.from_dict(stored)
        assert self.evidence.to_dict() == stored
        last = self.clock.last
        self.clock = SteadyClock(last=last)
        self.ticks = self.random.uniform(0, 1e6)
        self.at += self.random.randint(0, 600)

    def _clock_jumps(self) -> None:
        self.wall_off = self.random.choice([-54, -1, 1, 40, 400]) * 86400.0 + self.random.choice(
            [0, 3600, -3600, 240]
        )
        self.polls(max(1, min(240 // self.interval, 8)))
        self.wall_off = 0.0

    def _burst(self) -> None:
        for _ in range(self.random.randint(2, 6)):
            self.at += self.random.choice([0.0, 0.1, 1.0])
            self.poll()

    def _frozen(self) -> None:
        self.plug.frozen_at = self.at
        self.polls(self.random.randint(1, 20))
        self.plug.frozen_at = None

    # What is compared.

    @property
    def counted(self) -> int:
        return self.evidence.energy - self.first

    @property
    def true(self) -> float:
        return self.truth(self.at) - self.truth(self.began)

    @property
    def rounding(self) -> float:
        """A step of the counter at the first reading, and one each time it begins again."""
        return self.plug.grain * 2 * (2 + len(self.resets) + self._rolls())

    def _rolls(self) -> int:
        return (self.plug.local(self.at).date() - self.plug.local(self.began).date()).days + 1

    def unknowable(self) -> float:
        """Return what no reading could tell, in mWh."""
        return max(0.0, self.true - self._knowable())

    def _knowable(self) -> float:
        best = 0.0
        last: dict[str, tuple[float, float]] = {}
        seen = _believable(self)
        for at, names in seen:
            proofs = [best]
            for name in names:
                if name in last:
                    since, level = last[name]
                    proofs.append(level + self._kept(name, since, at))
            best = max(proofs)
            for name in names:
                last[name] = (at, best)
        return best

    def _kept(self, name: str, since: float, at: float) -> float:
        """Return what a counter proves from one of its readings to the next."""
        breaks = [reset for reset in self.resets if since < reset <= at]
        if name != "total" and not self.plug.forgets:
            breaks = [self.plug.erased_at] if since < self.plug.erased_at <= at else []
        if name == "month" and not self.plug.is_dated:
            first = self.plug.local(at).date().replace(day=1)
            begins = self.plug.since(datetime.combine(first, time(), PARIS))
            breaks += [begins] if since < begins <= at else []
        whole = self.truth(at) - self.truth(since)
        if not breaks:
            return whole
        return self._after(name, since, at, breaks)

    def _after(self, name: str, since: float, at: float, breaks: list[float]) -> float:
        before, now = self._shown(name, since), self._shown(name, at)
        if now >= before:
            # It has passed what it showed before: nobody sees that it began again.
            return now - before
        if now * (10 if self.plug.is_dated and name == "month" else 2) >= before or (
            name == "month" and self.plug.forgets
        ):
            # It may as well have gone back to what it had saved.
            return 0.0
        return self.truth(at) - self.truth(max(breaks))

    def _shown(self, name: str, at: float) -> int:
        return next(mwh[name] for when, mwh in self.readings if when == at and name in mwh)


def _believable(life: Life) -> list[tuple[float, list[str]]]:
    """Return when which of the counters were read truly, and can be believed.

    A counter that has just begun again is believed when the next reading goes on from it.
    """
    unseen: set[tuple[float, str]] = set()
    for name in ("total", "month"):
        rows = [(at, shown[name]) for at, shown in life.readings if name in shown]
        held = None
        for number, (at, mwh) in enumerate(rows):
            if held is not None and mwh < held:
                following = rows[number + 1 :]
                if not following or following[0][1] < mwh or following[0][1] >= held:
                    unseen.add((at, name))
                    continue
            held = mwh
    return [
        (at, [n for n in ("total", "month") if n in shown and (at, n) not in unseen])
        for at, shown in life.readings
    ]


def main() -> None:
    """Live through many plugs and print the figures."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--plugs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=3)
    options = parser.parse_args()
    kinds: Counter[str] = Counter()
    over, under, readings = [], [], 0
    for number in range(options.plugs):
        life = Life(Random(options.seed * 1_000_003 + number))
        life.live()
        kinds.update(life.kinds)
        readings += len(life.values)
        over.append((life.counted - life.true - life.rounding, number))
        under.append((life.true - life.unknowable() - life.counted - life.rounding, number))
    over.sort(reverse=True)
    under.sort(reverse=True)
    tell = sys.stdout.write
    tell(f"{options.plugs} plugs, {readings} readings, seed {options.seed}\n")
    tell(", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())) + "\n")
    for name, worst in (("too much", over), ("too little", under)):
        count = sum(excess > 0 for excess, _ in worst)
        wh = [(round(excess / 1000, 3), number) for excess, number in worst[: options.show]]
        tell(f"{name}: {count} plugs; worst beyond rounding, in Wh and by number: {wh}\n")


if __name__ == "__main__":
    main()

"""What happens to a plug, its readings, and the machine that reads it."""

from __future__ import annotations

import math
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from custom_components.med_exporter.engine.evidence import Reading

from .knowable import After
from .plugs import PARIS

if TYPE_CHECKING:
    from collections.abc import Callable

    from .lives import Life, Told

LOADS = (0.0, 0.4, 3.0, 60.0, 1000.0, 2300.0, 3500.0)
# A spike below this, in kWh, is what ten minutes of the highest load bring.
LEAST_SPIKE = 0.8


def load(life: Life) -> None:
    life.truth.draw(life.at, life.random.choice(LOADS))


def outage(life: Life) -> None:
    life.at += life.random.randint(1, 1800) * 60


def long_outage(life: Life) -> None:
    life.at += life.random.randint(1, 20) * 86400 + life.random.randint(0, 86400)


def reboot(life: Life) -> None:
    life.at += life.random.uniform(0.1, life.interval)
    boots(life)
    life.at += life.random.uniform(0.1, life.interval)


def two_reboots(life: Life) -> None:
    reboot(life)
    reboot(life)


def reboot_in_an_outage(life: Life) -> None:
    outage(life)
    boots(life)
    outage(life)


def boots(life: Life) -> None:
    life.plug.reboot(life.at)
    life.breaks(total=After.ZERO, **({"month": After.SAVED} if life.plug.forgets else {}))


def erase(life: Life) -> None:
    life.at += life.random.uniform(0.1, life.interval)
    life.plug.erase(life.at)
    # Of its months, a plug that tells them by date shows the same as if it had forgotten some.
    life.breaks(total=After.ZERO, month=After.SAVED if life.plug.is_dated else After.ERASED)
    life.at += life.random.uniform(0.1, life.interval)


def query_fails(life: Life) -> None:
    for _ in range(life.random.randint(1, 12)):
        life.at += life.interval
        life.poll(lambda _: {}, is_false=False)


def one_counter_is_missing(life: Life) -> None:
    names = life.random.choice([{"total"}, {"day"}, {"month", "month_before"}])
    for _ in range(life.random.randint(1, 6)):
        life.at += life.interval
        life.poll(
            lambda told: {name: kwh for name, kwh in told.items() if name not in names},
            is_false=False,
        )


def lie(life: Life, how: Callable[[float], float], times: tuple[int, ...] = (1, 1, 2, 3)) -> None:
    """Say something false of some or all counters, once or a few times, frozen or alive."""
    random = life.random
    names = random.choice([["total"], ["day"], ["month"], ["total", "day", "month"]])
    first: Told = {}
    is_frozen = random.random() < 0.6

    def change(told: Told) -> dict[str, Any]:
        false = {name: how(kwh) if name in names else kwh for name, kwh in told.items()}
        if is_frozen:
            first.update({n: false[n] for n in names if n in false and n not in first})
            false |= first
        if "month" in names:
            false.pop("month_before", None)
        return false

    is_watched = False
    if random.random() < 0.3:
        life.kinds["falsehood after an outage"] += 1
        outage(life)
    elif random.random() < 0.7:
        life.polls(3)
        is_watched = True
    count = random.choice(times)
    life.kinds["falsehood said again"] += count > 1
    has_gone_on = life.has_gone_on()
    for _ in range(count):
        life.at += life.interval
        life.poll(change)
    life.excuse(is_watched=is_watched, has_gone_on=has_gone_on)


def zero(life: Life) -> None:
    lie(life, lambda _: 0.0, (1, 2, 3, 8))


def spike(life: Life) -> None:
    more = LEAST_SPIKE + life.random.choice([0.0, 0.3, 5.0, 90.0, 4000.0])
    if life.random.random() < 0.5:
        lie(life, lambda kwh: kwh + more)
    else:
        lie(life, lambda kwh: kwh + more * life.random.uniform(1, 3))


def thousand_times(life: Life) -> None:
    lie(life, lambda kwh: kwh * 1000 if kwh > 1e-3 else kwh)


def a_thousandth(life: Life) -> None:
    lie(life, lambda kwh: kwh / 1000)


def no_number(life: Life) -> None:
    false = life.random.choice([math.nan, math.inf, -math.inf, -1.0, 1e18])
    lie(life, lambda _: false)


def step_back(life: Life) -> None:
    step = life.plug.grain / 1e6
    for _ in range(life.random.randint(1, 8)):
        life.at += life.interval
        down = life.random.choice([0, step, step])
        life.poll(
            lambda told, d=down: {n: max(0.0, v - d) for n, v in told.items()}, is_false=False
        )


def restart(life: Life) -> None:
    life.restart()
    life.at += life.random.randint(0, 600)


def clock_jumps(life: Life) -> None:
    life.wall_off = life.random.choice([-54, -1, 1, 40, 400]) * 86400.0
    life.wall_off += life.random.choice([0, 3600, -3600, 240])
    life.polls(max(1, min(240 // life.interval, 8)))
    life.wall_off = 0.0


def clock_is_wrong_for_hours(life: Life) -> None:
    life.wall_off = life.random.choice([-54, -1, 1, 40]) * 86400.0
    for _ in range(life.random.randint(8, 16)):
        life.at += max(life.interval, 600)
        life.poll()
    life.wall_off = 0.0


def burst(life: Life) -> None:
    for _ in range(life.random.randint(2, 6)):
        life.at += life.random.choice([0.0, 0.1, 1.0])
        life.poll()
    # One that was taken before them arrives last, and is worth nothing.
    late = life.plug.counters(life.at, life.now.date())
    told = {name: mwh / 1e6 for name, mwh in late.items()}
    outcome = life.evidence.weigh(Reading(at=life.now, seconds=-float(life.interval), **told))
    assert (outcome.growth, len(outcome.refused)) == (0, len(told.keys() - {"month_before"}))


def frozen(life: Life) -> None:
    life.plug.frozen_at = life.at
    life.polls(life.random.randint(1, 20))
    life.plug.frozen_at = None


def removed_and_added(life: Life) -> None:
    life.end()
    life.random.choice([outage, reboot, long_outage])(life)
    life.begin()


def month_ends(life: Life) -> None:
    """Let the plug's month end between two readings, while its queries may fail."""
    day = life.plug.local(life.at).date()
    first = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
    ends = life.plug.since(datetime.combine(first, time(), PARIS))
    before = life.random.choice([20.0, 400.0, 1500.0])
    if ends - before <= life.at:
        return
    life.at = ends - before
    life.polls(3)
    while life.at < ends + before:
        life.at += life.interval
        if life.random.random() < 0.3:
            life.poll(lambda _: {}, is_false=False)
        else:
            life.poll()


EVENTS: dict[str, Callable[[Life], None]] = {
    event.__name__.replace("_", " "): event
    for event in (
        load, outage, long_outage, reboot, two_reboots, reboot_in_an_outage, erase, query_fails,
        one_counter_is_missing, zero, spike, thousand_times, a_thousandth, no_number, step_back,
        restart, clock_jumps, clock_is_wrong_for_hours, burst, frozen, removed_and_added,
    )
} | {"another load": load}  # fmt: skip
AT_MONTH_ENDS: dict[str, Callable[[Life], None]] = {
    f"month ends {number}": month_ends for number in range(4)
}

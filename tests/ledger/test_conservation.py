"""Whatever a plug and Home Assistant live through, no energy is lost or booked twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, example, given, settings

from custom_components.med_exporter.engine.energy import to_mwh
from custom_components.med_exporter.engine.times import QUARTER, day_bounds

from .paper import Paper
from .stories import PARIS, Life, Story, stories

SETTINGS = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


BEFORE_A_SHORT_DAY = datetime(2026, 3, 28, 20, 17, 5, tzinfo=PARIS)
REBOOT_BEFORE_AN_OUTAGE = Story(
    PARIS,
    BEFORE_A_SHORT_DAY,
    150.0,
    0,
    [("plug reboots", 0), ("hours away", 4), ("hours away", 1)],
)
"""What the outage brought is confirmed an hour later, when the days show more than that."""
REBOOT_AFTER_A_LEAP = Story(
    PARIS,
    BEFORE_A_SHORT_DAY,
    150.0,
    0,
    [("hours away", 1), ("hours away", 3), ("use Wh", 50), ("plug reboots", 0)],
)
"""The day that began in an outage lacks some of what was used, and grows with the month."""
REBOOT_UNDER_A_LEAP = Story(
    PARIS,
    BEFORE_A_SHORT_DAY,
    0.0,
    0,
    [("use Wh", 55), ("hours away", 1), ("plug reboots", 0), ("use Wh", 189)],
)
"""The total shows more than before, and more than it can have counted since."""
REBOOTS_UNDER_LEAPS = Story(
    PARIS,
    BEFORE_A_SHORT_DAY,
    0.0,
    282,
    [
        ("use Wh", 4049), ("polls", 9), ("polls", 2), ("polls", 9), ("hours away", 54),
        ("polls", 40), ("plug reboots", 0), ("use Wh", 4049), ("role", 2), ("polls", 200),
        ("hours away", 77), ("minutes away", 40), ("use Wh", 4049), ("hours away", 77),
    ],
)  # fmt: skip
"""The total stands where it stood, while the day and the month leap beyond what a socket passes."""
LEAP_AT_MIDNIGHT = Story(
    ZoneInfo("America/St_Johns"),
    datetime(2026, 3, 7, 22, 11, tzinfo=ZoneInfo("America/St_Johns")),
    0.0,
    0,
    [("polls", 34), ("slow polls", 31), ("slow polls", 60), ("use Wh", 556)],
)
"""The day begins anew with nothing, as it had ended: it does not speak against the others."""


def lived(story: Story) -> tuple[Life, Paper]:
    paper = Paper(story.zone)
    life = Life(story, paper.post, paper.posted_until)
    life.live()
    return life, paper


@SETTINGS
@given(stories())
def test_the_quarters_are_the_counters_growth(story: Story) -> None:
    life, paper = lived(story)
    growth = to_mwh(life.counter.value) - to_mwh(life.start.value_kwh)
    before = to_mwh(life.start.today_kwh)
    assert sum(paper.quarters.values()) == growth + before


@SETTINGS
@given(stories())
def test_posting_everything_again_changes_nothing(story: Story) -> None:
    _, paper = lived(story)
    quarters = dict(paper.quarters)
    for posting in list(paper.posted):
        assert not paper.post(posting)
    assert paper.quarters == quarters


@SETTINGS
@given(stories())
def test_every_quarter_since_the_first_reading_is_known(story: Story) -> None:
    life, paper = lived(story)
    first, last = paper.account.first_ts, paper.account.posted_ts
    assert last == life.counter.seen_at.timestamp()
    missing = set(range(int(first // QUARTER) * QUARTER, int(last), QUARTER)) - set(paper.quarters)
    assert not missing


@SETTINGS
@given(stories())
@example(REBOOT_BEFORE_AN_OUTAGE)
def test_days_are_what_was_used_on_them(story: Story) -> None:
    life, paper = lived(story)
    # One interval's energy may fall on the other side of a midnight, or five minutes' after a kill;
    # what waited for a second reading over a stop is spread over that too.
    stopped = max((n for what, n in story.events if what in ("restart", "kill")), default=0)
    most_watts = max([story.watts, *(n for what, n in story.events if what == "watts")])
    used_at_once = sum(n for what, n in story.events if what == "use Wh")
    seconds = 1200 + 60 * stopped
    slack_kwh = (most_watts * seconds / 3600 + used_at_once) / 1000 + 0.02
    for day, mwh in paper.by_day().items():
        start, end = (
            datetime.fromtimestamp(edge, story.zone) for edge in day_bounds(day, story.zone)
        )
        start = max(start, life.outlet.installed_at)
        truth = life.outlet.energy_between(start, min(end, life.counter.seen_at))
        assert abs(mwh / 1e6 - truth) <= slack_kwh, day


@SETTINGS
@given(stories(backups=True))
@example(REBOOT_AFTER_A_LEAP)
@example(REBOOT_UNDER_A_LEAP)
@example(REBOOTS_UNDER_LEAPS)
@example(LEAP_AT_MIDNIGHT)
def test_a_counter_restored_from_an_older_state_counts_nothing_twice(story: Story) -> None:
    life, paper = lived(story)
    truth = life.outlet.energy_between(life.start.at, life.counter.seen_at)
    booked = sum(paper.quarters.values()) / 1e6 - life.start.today_kwh
    # Day counters that differ by less than 10 Wh are no reason to add energy.
    slack_kwh = 0.011 * (1 + len(story.events))
    # What a total had shown before a reboot that it does not show, nobody can know.
    assert truth - slack_kwh - life.unseen_kwh <= booked <= truth + slack_kwh
    assert timedelta(0) <= life.counter.seen_at - life.start.at


def test_a_reboot_that_the_total_does_not_show_cannot_be_told_from_a_falsehood() -> None:
    rebooted, _ = lived(REBOOT_UNDER_A_LEAP)
    # Another plug has not, and says 55 Wh too much of its day and month since the leap.
    twin, _ = lived(
        replace(REBOOT_UNDER_A_LEAP, events=[("use Wh", 55), ("hours away", 1), ("use Wh", 134)])
    )
    pairs = list(zip(rebooted.heard, twin.heard, strict=True))
    assert all(to_mwh(one.total) == to_mwh(other.total) for one, other in pairs)
    for days in ("today", "month"):
        more = [to_mwh(getattr(one, days) - getattr(other, days)) for one, other in pairs]
        assert more == [0, 0, 0, 55_000, 55_000, 55_000]
    used = twin.outlet.energy_between(twin.start.at, twin.counter.seen_at)
    assert to_mwh(rebooted.counter.value) == to_mwh(used)
    assert to_mwh(rebooted.unseen_kwh) == 55_000

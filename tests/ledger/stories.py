"""Generated life stories: an emulated plug, its counter, and a Home Assistant that comes and goes.

The plug is the tests' emulated outlet, which knows what was truly used. The counter and the feed
are the real ones. What a story posts goes to whatever the test gives it: the pure booking, or a
ledger with a database.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from custom_components.med_exporter.const import PlugRole
from custom_components.med_exporter.engine.energy import to_kwh
from custom_components.med_exporter.engine.evidence.evidence import SOCKET_WATTS
from custom_components.med_exporter.engine.evidence.pace import Pace
from custom_components.med_exporter.engine.times import with_own_offset
from custom_components.med_exporter.ledger.feed import CounterFeed, CounterReading
from custom_components.med_exporter.ledger.posting import CounterStart
from custom_components.med_exporter.ledger.series import LedgerPlug
from custom_components.med_exporter.metering.counter import EnergyCounter
from custom_components.med_exporter.sources.plug import PlugCounters
from tests.plug_emulator import Clock
from tests.plug_emulator.outlet import Outlet

if TYPE_CHECKING:
    from collections.abc import Callable

    from custom_components.med_exporter.ledger.posting import Posting

PARIS, NEW_YORK = ZoneInfo("Europe/Paris"), ZoneInfo("America/New_York")
ST_JOHNS, KATHMANDU = ZoneInfo("America/St_Johns"), ZoneInfo("Asia/Kathmandu")
LORD_HOWE, KOLKATA = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kolkata")
ZONES = [PARIS, NEW_YORK, ST_JOHNS, KATHMANDU, LORD_HOWE, KOLKATA]
GAP = timedelta(seconds=150)

# A few days before something happens: clock changes both ways, the ends of months and of a year.
BEGINNINGS = [
    (PARIS, datetime(2026, 3, 28, 20, 17, 5, tzinfo=PARIS)),
    (PARIS, datetime(2026, 10, 24, 22, 3, tzinfo=PARIS)),
    (NEW_YORK, datetime(2026, 3, 7, 23, 41, tzinfo=NEW_YORK)),
    (NEW_YORK, datetime(2026, 10, 31, 12, 0, tzinfo=NEW_YORK)),
    (ST_JOHNS, datetime(2026, 3, 7, 22, 11, tzinfo=ST_JOHNS)),
    (LORD_HOWE, datetime(2026, 4, 4, 23, 2, tzinfo=LORD_HOWE)),
    (LORD_HOWE, datetime(2026, 10, 3, 20, 44, tzinfo=LORD_HOWE)),
    (KATHMANDU, datetime(2026, 5, 31, 21, 5, tzinfo=KATHMANDU)),
    (KOLKATA, datetime(2026, 6, 30, 23, 50, tzinfo=KOLKATA)),
    (PARIS, datetime(2026, 12, 30, 9, 30, tzinfo=PARIS)),
    (PARIS, datetime(2026, 2, 27, 23, 59, 50, tzinfo=PARIS)),
]


@dataclass(frozen=True)
class Story:
    """How a life begins and what happens in it, as (what, how much) pairs."""

    zone: ZoneInfo
    begins: datetime
    watts: float
    age_days: int
    events: list[tuple[str, int]]


def stories(*, backups: bool = False) -> st.SearchStrategy[Story]:
    """Generate life stories; `backups` lets the counter be restored from an older state."""
    kinds = [
        st.tuples(st.just("polls"), st.integers(1, 200)),
        st.tuples(st.just("slow polls"), st.integers(1, 60)),
        st.tuples(st.just("minutes away"), st.integers(1, 300)),
        st.tuples(st.just("hours away"), st.integers(1, 100)),
        st.tuples(st.just("watts"), st.sampled_from([0, 1, 60, 2300])),
        st.tuples(st.just("use Wh"), st.integers(1, 5000)),
        st.tuples(st.just("plug reboots"), st.just(0)),
        st.tuples(st.just("commit"), st.integers(0, 50)),
        st.tuples(st.just("restart"), st.integers(0, 90)),
        st.tuples(st.just("kill"), st.integers(0, 90)),
        st.tuples(st.just("role"), st.integers(0, 2)),
    ]
    if backups:
        kinds.append(st.tuples(st.just("restore"), st.integers(1, 40)))
    return st.builds(
        lambda beginning, watts, age, events: Story(*beginning, watts, age, events),
        st.sampled_from(BEGINNINGS),
        st.sampled_from([0.0, 12.5, 150.0, 2000.0]),
        st.integers(0, 500),
        st.lists(st.one_of(kinds), min_size=1, max_size=14),
    )


@dataclass
class Life:
    """Live through a story.

    Postings wait until they are committed; a kill loses those that still wait, and what the feed
    has in memory. The counter's state is on disk after each poll.

    `unseen_kwh` is what the total had shown before reboots that nobody can see: it shows as much
    again, and so much that a socket cannot have passed it since it was read.
    """

    story: Story
    post: Callable[[Posting], object]
    posted_until: Callable[[], float | None] = lambda: None
    plug_id: str = "50c7bf000001"
    metering_point: str = "house"
    waiting: list[Posting] = field(default_factory=list)
    states: list[dict[str, Any]] = field(default_factory=list)
    heard: list[PlugCounters] = field(default_factory=list)
    unseen_kwh: float = 0.0

    def __post_init__(self) -> None:
        story = self.story
        self.clock = Clock(lambda: story.begins.astimezone(UTC), timezone=story.zone)
        self.outlet = Outlet(
            alias="plug",
            load=story.watts,
            clock=self.clock,
            installed_at=story.begins - timedelta(days=story.age_days),
        )
        self.role = PlugRole.CONSUMPTION
        self.counter = EnergyCounter()
        self.feed = CounterFeed(self.waiting.append)
        self.start: CounterStart | None = None
        self._closed_days: dict[tuple[date, date], float] = {}
        self._begun = False
        self._rebooted: tuple[datetime, float] | None = None

    @property
    def plug(self) -> LedgerPlug:
        return LedgerPlug(
            plug_id=self.plug_id,
            name="Plug",
            metering_point=self.metering_point,
            metering_point_name="House",
            role=self.role,
        )

    def live(self) -> None:
        """Go through all events, end with a last poll, and commit what waits."""
        self.poll()
        # The first reading of all may be false; a second one bears it out.
        self.clock.advance(timedelta(seconds=30))
        self.poll()
        for what, amount in self.story.events:
            self._happen(what, amount)
        # What is more than a socket can pass counts when its counter has moved on from there.
        self.outlet.set_load(600)
        for _ in range(3):
            self.clock.advance(timedelta(seconds=30))
            self.poll()
        self.feed.flush()
        self.commit(len(self.waiting))

    def commit(self, most: int) -> None:
        for _ in range(min(most, len(self.waiting))):
            self.post(self.waiting.pop(0))

    def poll(self) -> None:
        now, last = with_own_offset(self.clock.local()), self.counter.seen_at
        # The same instant twice is no reading of its own.
        if last is not None and now <= last:
            return
        gap = last is not None and now - last > GAP
        self._see_reboot(now)
        self.heard.append(self.counters())
        outcome = self.counter.advance(self.heard[-1], now)
        self.states.append(self.counter.to_dict())
        if self.start is None:
            self.start = CounterStart(
                at=now, value_kwh=self.counter.value, today_kwh=self.counter.today
            )
        if not outcome.is_told:
            return
        days = self.day_kwh(self._last_known(last).date()) if last else None
        reading = CounterReading(value_kwh=self.counter.value, at=self.counter.seen_at, gap=gap)
        self.feed.read(self.plug, reading, start=self.start, day_kwh=days)

    def _see_reboot(self, now: datetime) -> None:
        """Allow for a reboot since the last reading that no total shows."""
        read_at, total = self.counter.read_at, self.counter.evidence.total
        if self._rebooted is None or read_at is None or self._rebooted[0] < read_at:
            return
        shown = max(total.doubt.shown.values()) if total.doubt else total.value
        room = Pace(limit_w=SOCKET_WATTS).room((now - read_at).total_seconds())
        if self.outlet.total_kwh >= to_kwh(max(room, shown)):
            self.unseen_kwh += self._rebooted[1]
        self._rebooted = None

    def _last_known(self, last: datetime) -> datetime:
        """Return when the counter, or after a start the ledger, was last heard of."""
        if self._begun:
            return last
        self._begun = True
        posted = self.posted_until() or self.start.at.timestamp()
        return min(last, datetime.fromtimestamp(posted, self.story.zone))

    def counters(self) -> PlugCounters:
        today = self.clock.today()
        before = today.replace(day=1) - timedelta(days=1)
        return PlugCounters(
            total=self.outlet.total_kwh,
            today=self.outlet.day_kwh(today),
            month=self.month_kwh(today),
            month_before=self.month_kwh(before),
        )

    def day_kwh(self, since: date) -> dict[date, float]:
        """Return what the plug counted on each day from one on."""
        days = (self.clock.today() - since).days + 1
        return {
            day: self.outlet.day_kwh(day)
            for day in (since + timedelta(days=number) for number in range(days))
        }

    def month_kwh(self, day: date) -> float:
        """Return what the plug counted in the month of a day, up to that day."""
        key = (day, self.clock.today())
        if key not in self._closed_days:
            days = self.outlet.days(day.year, day.month)
            self._closed_days[key] = sum(self.outlet.day_kwh(d) for d in days if d < day)
        return self._closed_days[key] + self.outlet.day_kwh(day)

    def _happen(self, what: str, amount: int) -> None:
        match what:
            case "polls" | "slow polls" | "minutes away" | "hours away":
                self._pass(what, amount)
            case "watts":
                self.outlet.set_load(amount)
            case "use Wh":
                self.outlet.use(amount / 1000)
            case "plug reboots":
                before = self._rebooted[1] if self._rebooted else 0.0
                self._rebooted = self.clock.local(), before + self.outlet.total_kwh
                self.outlet.reboot()
            case "commit":
                self.commit(amount)
            case "role":
                self.role = list(PlugRole)[amount]
            case _:
                self._stop(what, amount)

    def _pass(self, what: str, amount: int) -> None:
        """Let time pass, with readings in it or with one at its end."""
        step, times = {
            "polls": (timedelta(seconds=30), amount),
            "slow polls": (timedelta(seconds=60), amount),
            "minutes away": (timedelta(minutes=amount), 1),
            "hours away": (timedelta(hours=amount), 1),
        }[what]
        for _ in range(times):
            self.clock.advance(step)
            self.poll()

    def _stop(self, what: str, amount: int) -> None:
        """End Home Assistant, and start it again some minutes later."""
        state = self.states[-1]
        if what == "kill":
            self.waiting.clear()
        else:
            self.feed.flush()
            self.commit(len(self.waiting))
        if what == "restore":
            # The power fails while the disk has not got the latest states, but the ledger has.
            # The first reading of all has been borne out by then.
            state, amount = self.states[-min(amount, len(self.states) - 1)], 0
        self.counter = EnergyCounter.from_dict(state)
        self.feed = CounterFeed(self.waiting.append)
        self._begun = False
        self.clock.advance(timedelta(minutes=amount))

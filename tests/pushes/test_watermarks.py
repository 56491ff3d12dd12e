"""Watermarks: whatever fails, dies or changes in between, in the end everything has arrived."""

from __future__ import annotations

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine

from custom_components.med_exporter.destinations.measurements import Grain
from custom_components.med_exporter.pushes.watermarks import (
    SCHEMA,
    Move,
    Opening,
    SeriesKey,
    Watermark,
    advance,
    forget_destination,
    note_change,
    open_series,
    read_watermarks,
)

HOUR = 3600
PERIODS = 12
KEY = SeriesKey("house", "consumption_daily")
UTC = ZoneInfo("UTC")


@pytest.fixture
def engine() -> Engine:
    return create_engine("sqlite://")


def opening(*, onwards: bool, since: int = 0, grain: Grain = Grain.HOURLY) -> Opening:
    return Opening(key=KEY, grain=grain, onwards=onwards, since_ts=since)


@dataclass
class Story:
    """A series of hours, a destination that takes them, and runs that come, die and end.

    A run reads everything as it begins, so that what it sends is as old as it can be.
    """

    onwards: bool
    engine: Engine = field(default_factory=lambda: create_engine("sqlite://"))
    truth: list[int] = field(default_factory=lambda: [0] * PERIODS)
    arrived: dict[int, int] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)
    page: list[int] = field(default_factory=list)
    todo: list[tuple[str, int]] | None = None
    watermark: Watermark | None = None
    move: Move | None = None

    def begin(self) -> None:
        if self.todo is not None:
            return
        with self.engine.begin() as connection:
            SCHEMA.create(connection)
            opened = open_series(connection, "id", [opening(onwards=self.onwards)])
        mark = self.watermark = opened[KEY]
        self.page = list(self.truth)
        until, again = mark.until_ts // HOUR, mark.again_from_ts
        self.todo = [("again", n) for n in range(until if again is None else again // HOUR, until)]
        self.todo += [("pending", n) for n in range(until, PERIODS)]
        self.move = Move(key=KEY, revision=mark.revision)

    def settle(self) -> None:
        if self.todo and self.move is not None:
            phase, number = self.todo.pop(0)
            self.arrived[number] = self.page[number]
            self.order.append(number)
            if phase == "again":
                self.move.again_from_ts = (number + 1) * HOUR
            else:
                self.move.until_ts = (number + 1) * HOUR

    def write(self) -> None:
        if self.move is not None and self.watermark is not None:
            with self.engine.begin() as connection:
                advance(connection, "id", self.move)
            self.move = Move(key=KEY, revision=self.watermark.revision)

    def kill(self) -> None:
        self.todo = self.move = None

    def end(self) -> None:
        if self.todo is None:
            return
        while self.todo:
            self.settle()
        assert self.move is not None
        self.move.again_done = True
        self.write()
        self.kill()

    def change(self, number: int) -> None:
        self.truth[number] += 1
        reading = set() if self.todo is None else {("id", KEY)}
        with self.engine.begin() as connection:
            SCHEMA.create(connection)
            note_change(connection, [KEY], number * HOUR, UTC, reading)


ACTIONS = st.one_of(
    st.sampled_from(["begin", "settle", "settle", "settle", "write", "kill", "end"]),
    st.integers(0, PERIODS - 1),
)


@settings(max_examples=150, deadline=None)
@given(st.booleans(), st.lists(ACTIONS, max_size=40))
def test_in_the_end_everything_has_arrived(onwards: bool, actions: list[str | int]) -> None:
    story = Story(onwards)
    for action in actions:
        if isinstance(action, int):
            story.change(action)
        else:
            getattr(story, action)()
    story.kill()
    for _ in range(2):
        story.begin()
        story.end()
    assert [story.arrived[number] for number in range(PERIODS)] == story.truth
    if onwards:
        # Each sum was last sent after all that it builds on.
        last = {number: index for index, number in enumerate(story.order)}
        assert sorted(last, key=last.__getitem__) == list(range(PERIODS))
    # A run without news sends nothing.
    sent = len(story.order)
    story.begin()
    story.end()
    assert len(story.order) == sent


@pytest.mark.parametrize("onwards", [False, True])
def test_nothing_older_than_the_first_period_comes_in(engine: Engine, onwards: bool) -> None:
    with engine.begin() as connection:
        SCHEMA.create(connection)
        first = opening(onwards=onwards, since=10 * HOUR)
        open_series(connection, "id", [first])
        advance(connection, "id", Move(key=KEY, revision=0, until_ts=20 * HOUR))
        assert note_change(connection, [KEY], 2 * HOUR, UTC, ()) == 1
        mark = read_watermarks(connection, "id")[KEY]
    assert (mark.until_ts if onwards else mark.again_from_ts) == 10 * HOUR


def test_a_change_that_is_still_to_come_is_not_noted(engine: Engine) -> None:
    with engine.begin() as connection:
        SCHEMA.create(connection)
        open_series(connection, "id", [opening(onwards=False)])
        advance(connection, "id", Move(key=KEY, revision=0, until_ts=5 * HOUR))
        assert note_change(connection, [KEY], 5 * HOUR, UTC, ()) == 0
        assert note_change(connection, [KEY], 5 * HOUR, UTC, {("id", KEY)}) == 1


def test_periods_of_another_length_are_another_series(engine: Engine) -> None:
    with engine.begin() as connection:
        SCHEMA.create(connection)
        open_series(connection, "id", [opening(onwards=False)])
        advance(connection, "id", Move(key=KEY, revision=0, until_ts=5 * HOUR))
        daily = opening(onwards=False, grain=Grain.DAILY)
        assert open_series(connection, "id", [daily])[KEY].until_ts == 0


def test_a_destination_is_forgotten_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        SCHEMA.create(connection)
        for name in ("id", "other"):
            open_series(connection, name, [opening(onwards=False)])
        forget_destination(connection, "id")
        assert read_watermarks(connection, "id") == {}
        assert len(read_watermarks(connection, "other")) == 1


def test_gaps_are_remembered_once_the_watermark_has_passed_them(engine: Engine) -> None:
    with engine.begin() as connection:
        SCHEMA.create(connection)
        open_series(connection, "id", [opening(onwards=False)])
        move = Move(key=KEY, revision=0, until_ts=5 * HOUR, found={2 * HOUR, 7 * HOUR})
        advance(connection, "id", move)
        assert read_watermarks(connection, "id")[KEY].gaps == {2 * HOUR}
        advance(connection, "id", Move(key=KEY, revision=0, filled={2 * HOUR}))
        assert read_watermarks(connection, "id")[KEY].gaps == set()

"""Dataclasses whose methods are written late are what Python's own are."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from threading import Barrier, Thread

import pytest

from custom_components.med_exporter.engine.lazy_dataclass import dataclass

# More than are made before a class has a method that initializes them.
MANY = 50


@dataclass(frozen=True, slots=True)
class Point:
    """A place."""

    x: int
    y: int = 0
    names: list[str] = dataclasses.field(default_factory=list, compare=False)

    @property
    def far(self) -> int:
        return self.x + self.y


@dataclass(frozen=True, kw_only=True, slots=True)
class High(Point):
    z: int = 7


@dataclass(slots=True)
class Tally:
    count: int = 0

    def __post_init__(self) -> None:
        self.count += 1


@dataclass(slots=True, eq=False)
class Own:
    count: int

    def __init__(self, text: str) -> None:
        self.count = int(text)


def _kinds(decorate) -> tuple[type, ...]:
    """Classes with all that records have, made by one of both decorators."""

    @decorate(slots=True)
    class First:
        given: int
        also: str = "none"
        made: list[int] = dataclasses.field(default_factory=list)
        kept: bool = dataclasses.field(default=False, init=False)
        own: dict[str, int] = dataclasses.field(default_factory=dict, init=False, repr=False)
        named: int = dataclasses.field(default=3, kw_only=True)

        def __post_init__(self) -> None:
            self.own["given"] = self.given

    @decorate(slots=True, kw_only=True)
    class Second(First):
        also: str = "other"
        more: int

    @decorate(slots=True, frozen=True)
    class Empty:
        pass

    @decorate(slots=True, eq=False)
    class Alone:
        one: int = 1

    return First, Second, Empty, Alone


@pytest.mark.parametrize("before", [0, MANY], ids=["the first", "one of many"])
def test_one_is_initialized_as_by_python_itself(before):
    for own, pythons in zip(_kinds(dataclass), _kinds(dataclasses.dataclass), strict=True):
        needed = {"given": 1, "more": 2}
        takes = inspect.signature(pythons).parameters
        needed = {name: value for name, value in needed.items() if name in takes}
        for _ in range(before):
            own(**needed)
        one, other = own(**needed), pythons(**needed)
        assert dataclasses.asdict(one) == dataclasses.asdict(other)
        assert repr(one) == repr(other)
        assert (own.__hash__ is None) is (pythons.__hash__ is None)
        assert own.__match_args__ == pythons.__match_args__
        if before:
            assert [(one.name, one.kind) for one in inspect.signature(own).parameters.values()] == [
                (one.name, one.kind) for one in takes.values()
            ]


@pytest.mark.parametrize("before", [0, MANY], ids=["the first", "one of many"])
@pytest.mark.parametrize(
    ("arguments", "named"),
    [((), {}), ((1, 2, [], 4), {}), ((1,), {"x": 1}), ((1,), {"z": 1}), ((1, 2), {"y": 2})],
)
def test_one_is_made_of_nothing_but_its_fields(before, arguments, named):
    @dataclass(frozen=True, slots=True)
    class Fresh:
        x: int
        y: int = 0
        names: list[str] = dataclasses.field(default_factory=list)
        hidden: int = dataclasses.field(default=5, init=False)

    for _ in range(before):
        Fresh(1)
    with pytest.raises(TypeError, match="__init__"):
        Fresh(*arguments, **named)
    assert (Fresh(1).names, Fresh(1, names=["a"]).names, Fresh(1).hidden) == ([], ["a"], 5)


def test_one_equals_and_hashes_by_the_fields_that_count():
    @dataclass(frozen=True, slots=True)
    class Fresh:
        x: int
        seen: int = dataclasses.field(default=0, compare=False)
        mark: int = dataclasses.field(default=0, hash=False)

    @dataclass(frozen=True, slots=True)
    class Further(Fresh):
        pass

    assert Fresh(1, 2) == Fresh(1, 3) != Fresh(1, 3, 1)
    assert hash(Fresh(1, 2)) == hash(Fresh(1, 3, 1)) != hash(Fresh(2, 2))
    assert Fresh(1) != Further(1)
    assert Fresh(1) != 1
    assert Further(1) == Further(1)


@pytest.mark.parametrize(
    "ask",
    [
        lambda kind: kind(1) == kind(1) and kind(1) != kind(2),
        lambda kind: hash(kind(1)) == hash(kind(1)),
        lambda kind: repr(kind(1)).endswith("(x=1)"),
        lambda kind: pickle.dumps(kind(1).__getstate__()) == pickle.dumps([1]),
        lambda kind: kind.__match_args__ == ("x",),
        lambda kind: dataclasses.replace(kind(1), x=2).x == 2,
        lambda kind: len({kind(1), kind(1)}) == 1,
    ],
)
def test_whatever_is_asked_first_is_answered(ask):
    @dataclass(frozen=True, slots=True)
    class Fresh:
        x: int

    assert ask(Fresh)


def test_one_is_made_compared_and_shown():
    assert Point(1) == Point(1, 0, ["here"]) != Point(1, 2)
    assert hash(Point(1)) == hash(Point(1))
    assert repr(Point(1, y=2)) == "Point(x=1, y=2, names=[])"
    assert Point(3, 4).far == 7
    with pytest.raises(TypeError, match="x"):
        Point()
    assert Tally().count == 1
    assert Own("5").count == 5


def test_fields_are_told_before_the_first_is_made():
    @dataclass(frozen=True, slots=True)
    class Fresh:
        x: int
        y: int = 0

    @dataclass(frozen=True, slots=True)
    class Further(Fresh):
        z: int = 3

    assert [field.name for field in dataclasses.fields(Further)] == ["x", "y", "z"]
    assert dataclasses.is_dataclass(Fresh)
    assert Further(1) == Further(1, 0, 3)


def test_one_that_goes_on_from_another_has_its_fields():
    high = High(x=1, y=2)

    assert (high.x, high.z, high.far) == (1, 7, 3)
    assert dataclasses.asdict(high) == {"x": 1, "y": 2, "names": [], "z": 7}
    assert isinstance(high, Point)
    assert high != Point(1, 2)


def test_a_frozen_one_is_not_changed():
    point = Point(1)

    with pytest.raises(dataclasses.FrozenInstanceError):
        point.x = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        point.other = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        del point.x
    assert dataclasses.replace(point, x=5) == Point(5)


def test_one_is_slim_and_can_be_copied_and_packed():
    point = Point(1, 2)

    assert not hasattr(point, "__dict__")
    assert copy.deepcopy(point) == pickle.loads(pickle.dumps(point)) == point


def test_it_is_matched_by_place():
    match Point(1, 2):
        case Point(x, 2):
            assert x == 1
        case _:
            pytest.fail("it is one")


def _made_at_once(shared: type, count: int) -> list:
    ready, made = Barrier(count), []

    def make() -> None:
        ready.wait()
        made.append(shared(2))

    threads = [Thread(target=make) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return made


def test_threads_may_make_the_first_two_at_once():
    for _ in range(50):

        @dataclass(frozen=True, slots=True)
        class Shared:
            x: int
            y: int = 1

        assert _made_at_once(Shared, 4) == [Shared(2)] * 4

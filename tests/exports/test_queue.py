"""Whose turn it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.exports.queue import FairQueue, Priority


def filled(*places):
    queue = FairQueue()
    for item, owner, priority in places:
        queue.add(item, owner=owner, priority=priority)
    return queue


def drained(queue, under_way=()):
    return [queue.take(under_way) for _ in range(len(queue))]


def test_one_owners_exports_go_in_the_order_in_which_they_came():
    queue = filled(*((n, "ann", Priority.ASKED_FOR) for n in range(4)))
    assert drained(queue) == [0, 1, 2, 3]


def test_owners_take_turns():
    queue = filled(
        *((f"ann {n}", "ann", Priority.ASKED_FOR) for n in range(3)),
        ("bob 0", "bob", Priority.ASKED_FOR),
        ("bob 1", "bob", Priority.ASKED_FOR),
    )
    assert drained(queue) == ["ann 0", "bob 0", "ann 1", "bob 1", "ann 2"]


def test_whoever_has_nothing_under_way_comes_before_whoever_has():
    queue = filled(("ann", "ann", Priority.WAITED_FOR), ("bob", "bob", Priority.SCHEDULED))
    assert queue.take(["ann"]) == "bob"


def test_an_export_that_is_waited_for_comes_before_a_scheduled_one():
    queue = filled(
        ("later", None, Priority.SCHEDULED),
        ("soon", None, Priority.ASKED_FOR),
        ("now", None, Priority.WAITED_FOR),
    )
    assert drained(queue) == ["now", "soon", "later"]


def test_what_is_removed_is_not_taken():
    queue = filled(("a", None, Priority.ASKED_FOR), ("b", None, Priority.ASKED_FOR))
    queue.remove("a")
    assert list(queue) == ["b"]
    with pytest.raises(ValueError, match="does not wait"):
        queue.remove("a")


def test_an_empty_queue_has_no_next():
    with pytest.raises(IndexError):
        FairQueue().take([])


@given(st.lists(st.tuples(st.sampled_from(["ann", "bob", "eve", None]), st.sampled_from(Priority))))
def test_nobody_is_forgotten_and_nobody_overtaken_for_ever(places):
    queue = filled(*((n, owner, priority) for n, (owner, priority) in enumerate(places)))
    order = drained(queue)
    assert sorted(order) == list(range(len(places)))
    for owner in {owner for owner, _ in places}:
        for priority in Priority:
            own = [n for n in order if places[n] == (owner, priority)]
            assert own == sorted(own)

"""What is left of rows that a server has shown, and what is settled by it."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

import pytest

from custom_components.med_exporter.destinations.base import DestinationError, Outcome
from custom_components.med_exporter.destinations.databases.outcomes import stretches_of
from custom_components.med_exporter.destinations.victoriametrics import series_push
from custom_components.med_exporter.destinations.victoriametrics.batches import Batch
from custom_components.med_exporter.destinations.victoriametrics.destination import (
    VictoriaMetricsDestination,
)
from custom_components.med_exporter.destinations.victoriametrics.flags import Flags
from custom_components.med_exporter.destinations.victoriametrics.notes import Note, moments_of
from custom_components.med_exporter.destinations.victoriametrics.rows import labels_of, rows_of
from custom_components.med_exporter.destinations.victoriametrics.sending import Sender
from custom_components.med_exporter.destinations.victoriametrics.server import VictoriaMetrics
from custom_components.med_exporter.destinations.victoriametrics.whereabouts import Whereabouts
from tests.measurements import Settled, days, half_hours, push

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import ClientSession

DAILY = 'myelectricaldata_consumption_wh{pdl="Mon_PDL-1",type="daily"}'
# What a proxy may let through and no more: writing and reading back.
DOORS = ("/api/v1/import", "/api/v1/export")


def note_of(stamps: list[int]) -> Note:
    return Note({}, [], moments_of(stamps), None, 0)


def test_a_note_has_all_moments_and_little_of_a_year() -> None:
    pick = random.Random(3)
    for stamps in (
        [],
        [5],
        [5, 9],
        [5, 9, 13],
        [5, 9, 13, 20, 21, 22],
        sorted(pick.sample(range(999), 99)),
    ):
        assert note_of(stamps).stamps() == stamps
    year = [round(one.start.timestamp()) * 1000 for one in half_hours(17_520)]
    assert note_of(year).stamps() == year
    assert note_of(year).size == 1
    # Days are of another length where the clock changes.
    assert note_of([round(one.start.timestamp()) * 1000 for one in days(365)]).size <= 5


@pytest.mark.parametrize("doors", [(), DOORS], ids=["counts", "counts not"])
async def test_what_is_gone_at_the_end_of_a_run_is_not_settled(
    session: ClientSession,
    victoriametrics: Callable[..., Any],
    vmauth: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    doors: tuple[str, ...],
) -> None:
    server = victoriametrics()
    proxy = vmauth(server, paths=doors)
    login = {"username": proxy.username, "password": proxy.password}
    destination = VictoriaMetricsDestination(
        VictoriaMetrics(session, proxy.url, **login), {}, on_disk_after=600
    )
    given, settled = days(40), []

    async def forget(_: float) -> None:
        gone = {"match[]": DAILY}
        await asyncio.to_thread(server.get, "/api/v1/admin/tsdb/delete_series", gone)

    with monkeypatch.context() as forgetting:
        forgetting.setattr(series_push, "sleep_until", forget)
        with pytest.raises(DestinationError) as raised:
            await push(destination, given, settled)
    assert raised.value.code == "ROWS_MISSING"
    assert (raised.value.translation_placeholders or {})["date"] == given[0].date
    assert settled == []
    again = VictoriaMetricsDestination(
        VictoriaMetrics(session, proxy.url, **login), {}, on_disk_after=0
    )
    assert await push(again, given) == [Outcome.STORED] * 40
    assert await push(again, given) == [Outcome.ALREADY_THERE] * 40


class Counting:
    """How often a server is asked for how many samples it has."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked = 0
        totals = VictoriaMetrics.totals

        async def counted(server: VictoriaMetrics, *given: Any) -> Any:
            self.asked += 1
            return await totals(server, *given)

        monkeypatch.setattr(VictoriaMetrics, "totals", counted)


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Counting:
    return Counting(monkeypatch)


async def test_parts_are_looked_for_two_at_a_time(
    session: ClientSession,
    victoriametrics: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    counting: Counting,
) -> None:
    monkeypatch.setattr(series_push, "_BATCH", 10)
    server = victoriametrics()
    destination = VictoriaMetricsDestination(
        VictoriaMetrics(session, server.url), {}, on_disk_after=0
    )
    assert await push(destination, days(60)) == [Outcome.STORED] * 60
    # What is shown when it is on the disk is not asked for again.
    assert counting.asked <= 60 / 10 / 2
    assert len(server.samples(DAILY)) == 60


async def test_notes_are_settled_by_one_question_and_alone_where_rows_are_gone(
    session: ClientSession, victoriametrics: Callable[..., Any], counting: Counting
) -> None:
    given, server = days(30), VictoriaMetrics(session, victoriametrics().url)
    await push(VictoriaMetricsDestination(server, {}, on_disk_after=0), given[:20])
    sender = Sender(server, Whereabouts(server, {}))
    labels, stamps = labels_of(given[0], {}), rows_of(given).stamps
    notes = [
        Note(
            labels,
            stretches_of(given[at : at + 10], [Outcome.STORED] * 10),
            moments_of(stamps[at : at + 10]),
            samples=10,
            due=0,
        )
        for at in range(0, 30, 10)
    ]

    settled, counting.asked = Settled(given), 0
    await sender.settle(notes[:2], settled)
    assert settled == [(one, Outcome.STORED) for one in given[:20]]
    assert counting.asked == 1

    settled = Settled(given)
    with pytest.raises(DestinationError) as raised:
        await sender.settle(notes, settled)
    assert raised.value.code == "ROWS_MISSING"
    assert (raised.value.translation_placeholders or {})["date"] == given[20].date
    assert settled == [(one, Outcome.STORED) for one in given[:20]]


async def test_of_batches_that_are_looked_for_together_the_first_missing_row_is_named(
    session: ClientSession, victoriametrics: Callable[..., Any]
) -> None:
    given, server = days(30), VictoriaMetrics(session, victoriametrics().url)
    await push(VictoriaMetricsDestination(server, {}, on_disk_after=0), given[:25])
    sender = Sender(server, Whereabouts(server, {}))
    rows = rows_of(given)
    later = asyncio.get_running_loop().time() + 999
    # As if nothing had been there before.
    batches = [
        Batch(labels_of(given[0], {}), some, kept=some, wanted=some, is_alone=True, due=later)
        for some in (rows[:10], rows[10:20], rows[20:30])
    ]

    notes, error = await sender.look(batches[:2], Flags())
    assert [note.stamps() for note in notes] == [rows.stamps[:10], rows.stamps[10:20]]
    assert error is None

    notes, error = await sender.look(batches, Flags())
    assert [note.stamps() for note in notes] == [
        rows.stamps[:10], rows.stamps[10:20], rows.stamps[20:25],
    ]  # fmt: skip
    assert error is not None
    assert error.code == "ROWS_MISSING"
    assert (error.translation_placeholders or {})["date"] == given[25].date

"""What is left of rows that a server has shown, and what is settled by it."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

import pytest

from custom_components.med_exporter.destinations.base import DestinationError, Outcome
from custom_components.med_exporter.destinations.victoriametrics import series_push
from custom_components.med_exporter.destinations.victoriametrics.destination import (
    VictoriaMetricsDestination,
)
from custom_components.med_exporter.destinations.victoriametrics.notes import Note, moments_of
from custom_components.med_exporter.destinations.victoriametrics.server import VictoriaMetrics
from tests.measurements import days, half_hours, push

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
        VictoriaMetrics(session, proxy.url, **login), {}, on_disk_after=0.1
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
    assert await push(destination, given) == [Outcome.STORED] * 40
    assert await push(destination, given) == [Outcome.ALREADY_THERE] * 40

"""What each destination does when a metering point that it knows goes by another id.

Another Home Assistant is asked the same in `home_assistant/`.
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession, TCPConnector, ThreadedResolver

from custom_components.med_exporter.destinations.base import DestinationError, Outcome
from custom_components.med_exporter.destinations.measurements import PointName
from custom_components.med_exporter.destinations.victoriametrics import visibility
from custom_components.med_exporter.destinations.victoriametrics.destination import (
    VictoriaMetricsDestination,
)
from custom_components.med_exporter.destinations.victoriametrics.server import VictoriaMetrics
from tests.hostile_front import front_of, whole
from tests.jeedom_server import running_jeedom
from tests.measurements import POINT, days, push

from .test_reach import of_jeedom, standing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

NOW = PointName(pdl="Right", slug="right", name="House")
NEIGHBOUR = PointName(pdl="Mon_PDL-10", slug="mon_pdl_10", name="Neighbour")

pytestmark = pytest.mark.usefixtures("hass")  # what is logged is in its language


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession(connector=TCPConnector(resolver=ThreadedResolver())) as made:
        yield made


@pytest.mark.parametrize("kind", ["victoriametrics", "influxdb 1", "influxdb 2"])
async def test_databases_move_what_has_the_old_id_and_nothing_else(
    request: pytest.FixtureRequest, session: ClientSession, kind: str
) -> None:
    async with standing(kind, request, session) as (destination, _):
        old, beside = days(3), [replace(one, point=NEIGHBOUR) for one in days(3)]
        await push(destination, old)
        await push(destination, beside)
        assert await destination.async_rename(POINT, NOW)
        new = [replace(one, point=NOW) for one in old]
        # Nobody has sent it again: what is older than the ledger is kept nowhere else.
        assert await destination.async_missing([*old, *new, *beside]) == old
        assert await push(destination, new) == [Outcome.ALREADY_THERE] * 3
        assert await destination.async_rename(NOW, POINT)
        assert await destination.async_missing([*old, *new]) == new


@pytest.mark.parametrize("kind", ["victoriametrics", "influxdb 1", "influxdb 2"])
async def test_what_was_moved_only_in_part_is_moved_once(
    request: pytest.FixtureRequest, session: ClientSession, kind: str
) -> None:
    """A run that was ended after the copy finds both, and another one's past under the new id."""
    async with standing(kind, request, session) as (destination, _):
        old = days(4)
        new = [replace(one, point=NOW) for one in old]
        await push(destination, old)
        await push(destination, new[1:3])
        assert await destination.async_rename(POINT, NOW)
        assert await destination.async_missing([*old, *new]) == old
        assert await push(destination, new) == [Outcome.ALREADY_THERE] * 4


@pytest.mark.parametrize("kind", ["victoriametrics", "influxdb 1"])
async def test_where_the_copy_does_not_appear_nothing_is_deleted(
    request: pytest.FixtureRequest, session: ClientSession, kind: str, monkeypatch
) -> None:
    async with standing(kind, request, session) as (destination, _):
        old = days(3)
        await push(destination, old)

        async def taken(*_: object, **__: object) -> bool:
            return True

        with monkeypatch.context() as patch:
            patch.setattr(type(destination._server), "write", taken)
            patch.setattr(visibility, "_FLUSHED_FOR", 0.1)
            with pytest.raises(DestinationError):
                await destination.async_rename(POINT, NOW)
        assert await destination.async_missing(old) == []


@pytest.mark.parametrize("kind", ["victoriametrics", "influxdb 1", "influxdb 2"])
async def test_databases_keep_what_another_program_has_under_the_old_id(
    request: pytest.FixtureRequest, session: ClientSession, kind: str
) -> None:
    async with standing(kind, request, session) as (destination, _):
        # The same labels, and one more.
        other = type(destination)(destination._server, {"by": "anybody's own"})
        own, theirs = days(3), days(4)
        await push(destination, own)
        if kind == "victoriametrics":
            other._on_disk_after = 0.1
        await push(other, theirs)
        # Version 2 can only delete both, and says so.
        is_told_apart = kind != "influxdb 2"
        assert await destination.async_rename(POINT, NOW) is is_told_apart
        assert await destination.async_missing(own) == (own if is_told_apart else [])
        assert await other.async_missing(theirs) == []
        # The other one's own are no more than it has written either.
        assert await other.async_rename(POINT, NOW)
        assert await other.async_missing(theirs) == theirs


async def test_a_database_that_deletes_nothing_says_so(
    request: pytest.FixtureRequest, session: ClientSession
) -> None:
    async with standing("influxdb 3", request, session) as (destination, _):
        await push(destination, days(2))
        assert not await destination.async_rename(POINT, NOW)


async def test_a_proxy_that_lets_nobody_delete_keeps_nobody_from_sending(
    victoriametrics: Callable[..., Any], session: ClientSession
) -> None:
    async with front_of(victoriametrics().url) as front:
        server = VictoriaMetrics(session, front.url)
        destination = VictoriaMetricsDestination(server, {}, on_disk_after=0.1)
        await push(destination, days(1))
        front.hears = lambda path: "delete_series" in path
        front.says = whole(b"no", status=HTTPStatus.FORBIDDEN)
        assert not await destination.async_rename(POINT, NOW)


async def test_equipment_of_jeedom_keeps_its_history_under_the_new_id(
    session: ClientSession,
) -> None:
    async with running_jeedom() as jeedom:
        destination = of_jeedom(session, jeedom.url)
        await push(destination, days(3))
        before = jeedom.values(POINT.pdl, "consumption_daily")
        assert await destination.async_rename(POINT, NOW)
        assert jeedom.values(NOW.pdl, "consumption_daily") == before
        assert len(jeedom.equipment) == 1
        # What is there already is not merged.
        await push(destination, days(1))
        assert not await destination.async_rename(POINT, NOW)
        assert jeedom.values(NOW.pdl, "consumption_daily") == before

"""A server whose clock is a day off from ours stores what it is sent at its time, and finds it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from homeassistant.util import dt as dt_util

from custom_components.med_exporter.destinations.base import Outcome
from tests.measurements import ONE_DAY, TODAY, days, push

from .test_reach import session, standing

if TYPE_CHECKING:
    from datetime import timedelta

    from aiohttp import ClientSession

__all__ = ["session"]

pytestmark = pytest.mark.usefixtures("hass")


@pytest.mark.parametrize("kind", ["victoriametrics", "influxdb 1", "influxdb 2", "influxdb 3"])
@pytest.mark.parametrize("off", [-ONE_DAY, ONE_DAY], ids=["ahead of us", "behind us"])
async def test_a_server_with_another_date(
    request: pytest.FixtureRequest,
    session: ClientSession,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    off: timedelta,
) -> None:
    true, midnight = dt_util.utcnow, dt_util.start_of_local_day
    monkeypatch.setattr(dt_util, "utcnow", lambda: true() + off)
    monkeypatch.setattr(dt_util, "start_of_local_day", lambda: midnight(TODAY.date() + off))
    given = [
        replace(one, start=one.start + off, end=one.end + off, timestamp=one.timestamp + off)
        for one in days(40)
    ]
    async with standing(kind, request, session) as (destination, _):
        assert await destination.async_test() is None
        await destination.async_reach()
        assert set(await push(destination, given)) == {Outcome.STORED}
        assert list(await destination.async_missing(given)) == []
        assert set(await push(destination, given)) == {Outcome.ALREADY_THERE}

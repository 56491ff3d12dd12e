"""A push to another Home Assistant is cut off, killed or answered with nonsense at any moment."""

from __future__ import annotations

import asyncio
import json
import random
from contextlib import suppress
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, Self

import pytest
from aiohttp import ClientError

from custom_components.med_exporter.destinations.base import DestinationError, Outcome
from custom_components.med_exporter.destinations.home_assistant import statistics as module
from custom_components.med_exporter.destinations.home_assistant.destination import (
    HomeAssistantDestination,
)
from tests.hostile_front import front_of, never_held
from tests.real_home import HomeClient, RequestError

from .measured import assert_stored, hours, push, remote, some_values, statistics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from custom_components.med_exporter.destinations.measurements import Measurement
    from tests.other_home import OtherHome

# For each of two pushes; a Home Assistant takes seconds to start again.
KILLS = 2


class Dashboard:
    """Looks at the totals of a statistic again and again, as somebody in front of it might."""

    def __init__(self, home: OtherHome, statistic_id: str, *truths: dict[int, float]) -> None:
        self._home = home
        self._id = statistic_id
        self._truths = truths
        self._task: asyncio.Task[None] | None = None
        self.looks = 0

    async def __aenter__(self) -> Self:
        self._task = asyncio.get_running_loop().create_task(self._look())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        if self._task.done():
            self._task.result()
        self._task.cancel()

    async def _look(self) -> None:
        while True:
            try:
                async with HomeClient(self._home.url, self._home.token) as client:
                    while True:
                        self._check(await statistics(client, self._id))
                        self.looks += 1
                        await asyncio.sleep(0.02)
            except (ClientError, RequestError, OSError, TypeError):
                # It has been killed, or is not up yet.
                await asyncio.sleep(0.05)

    def _check(self, stored: dict[int, dict[str, float]]) -> None:
        """Compare with what was or will be true up to the hour it has got to."""
        sums = [stored[number]["sum"] for number in sorted(stored)]
        assert all(one <= next_one + 1e-6 for one, next_one in pairwise(sums))
        assert any(
            all(
                abs(row["sum"] - total) < 1e-5
                for row, total in zip(
                    (stored[number] for number in sorted(stored)),
                    accumulate(truth[number] for number in sorted(stored)),
                    strict=True,
                )
            )
            for truth in self._truths
            if set(stored) <= set(truth)
        )


def of_another_year(count: int) -> dict[str, Any]:
    """Return hours as a Home Assistant tells them, of a statistic that is named later."""
    rows = [{"start": number * 3_600_000, "state": 1, "sum": number} for number in range(count)]
    return {"STATISTIC": rows}


HOSTILE = {
    "too long": lambda id_: f'{{"id": {id_}, "result": "{"x" * 9_000_000}"}}',
    "values without end": lambda id_: f'{{"id": {id_}, "result": [{"[]," * 900_000}1]}}',
    "nesting without end": lambda id_: f'{{"id": {id_}, "result": {"[" * 200_000}',
    "no answer": lambda id_: '{"id": 0, "type": "event"}',
    "hours of another year": lambda id_: json.dumps(
        {"id": id_, "type": "result", "success": True, "result": of_another_year(1)}
    ),
    "more hours than asked for": lambda id_: json.dumps(
        {"id": id_, "type": "result", "success": True, "result": of_another_year(20_000)}
    ),
}


async def test_an_hour_with_another_value_is_missing_as_one_without_any(
    hass, other_home, client, point
) -> None:
    destination = HomeAssistantDestination(hass, remote(other_home))
    given = hours(point, some_values(30))
    await push(destination, given)
    corrected = replace(given[10], kwh=given[10].kwh + 0.001)
    assert await destination.async_missing([*given[:10], corrected, *given[11:]]) == [corrected]
    await destination.async_close()


@pytest.mark.parametrize("what", HOSTILE)
async def test_a_hostile_answer_is_one_named_error_and_the_next_run_sends_the_rest(
    hass, other_home, client, point, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if what == "no answer":
        # Else it waits as long as all hours that it asks for may take to arrive.
        monkeypatch.setattr(module, "patience", lambda *_: 1)
    values = some_values(60)
    given = hours(point, values)
    statistic_id = f"med_exporter:consumption_{point.slug}"

    def hostile(text: str) -> list[str]:
        # What the test's own process asks for the statistic.
        if statistic_id not in text:
            return [text]
        return [HOSTILE[what](json.loads(text)["id"]).replace("STATISTIC", statistic_id)]

    async with front_of(other_home.url) as front:
        destination = HomeAssistantDestination(hass, remote(other_home, url=front.url))
        await push(destination, given[:30])
        front.rewrites = hostile
        async with never_held():
            for attempt in (destination.async_missing([given[0]]), push(destination, given)):
                with pytest.raises(DestinationError) as caught:
                    await attempt
                assert caught.value.code in {"NOT_EXPECTED_SERVER", "TIMED_OUT", "CONNECTION_LOST"}
        front.rewrites = None
        assert await destination.async_missing([given[0], given[29]]) == []
        assert await push(destination, given) == [
            *[Outcome.ALREADY_THERE] * 30,
            *[Outcome.STORED] * 30,
        ]
        await destination.async_close()
    await assert_stored(client, statistic_id, values)


async def test_what_is_said_twice_is_heard_once(hass, other_home, client, point) -> None:
    values = some_values(60)
    given = hours(point, values)
    async with front_of(other_home.url) as front:
        front.rewrites = lambda text: [text, text]
        destination = HomeAssistantDestination(hass, remote(other_home, url=front.url))
        assert set(await push(destination, given)) == {Outcome.STORED}
        assert set(await push(destination, given)) == {Outcome.ALREADY_THERE}
        await destination.async_close()
    await assert_stored(client, f"med_exporter:consumption_{point.slug}", values)


async def test_no_wrong_total_is_ever_seen(destination, other_home, client, point) -> None:
    before = some_values(3000)
    after = {**before, 10: 40.0, 1500: 0.0, 2999: 7.0}
    statistic_id = f"med_exporter:consumption_{point.slug}"
    async with Dashboard(other_home, statistic_id, before, after) as dashboard:
        await push(destination, hours(point, before))
        looks = dashboard.looks
        assert looks
        onwards = {number: after[number] for number in range(10, 3000)}
        await push(destination, hours(point, onwards))
        assert dashboard.looks > looks
    await assert_stored(client, statistic_id, after)


async def test_killed_at_any_moment_it_ends_complete(hass, other_home, point) -> None:
    before = some_values(2500)
    after = {**before, 100: 40.0, 1200: 0.0}
    statistic_id = f"med_exporter:consumption_{point.slug}"
    chance = random.Random(7)
    async with Dashboard(other_home, statistic_id, before, after) as dashboard:
        for truth in (before, after):
            settled = 0
            for _ in range(KILLS):
                destination = HomeAssistantDestination(hass, remote(other_home))
                left = {number: truth[number] for number in range(settled, len(truth))}

                async def run(destination=destination, left=left) -> int:
                    count = 0

                    def settle(_: Measurement, __: Outcome) -> None:
                        nonlocal count
                        count += 1

                    async def given() -> AsyncIterator[list[Measurement]]:
                        for one in hours(point, left):
                            yield [one]

                    with suppress(DestinationError):
                        await destination.async_push(given(), settle)
                    return count

                pushing = asyncio.create_task(run())
                await asyncio.sleep(chance.random() * 1.5)
                await other_home.kill()
                settled += await pushing
                await destination.async_close()
                await other_home.start()
            destination = HomeAssistantDestination(hass, remote(other_home))
            left = {number: truth[number] for number in range(settled, len(truth))}
            if left:
                await push(destination, hours(point, left))
            await destination.async_close()
        assert dashboard.looks
    async with HomeClient(other_home.url, other_home.token) as client:
        await assert_stored(client, statistic_id, after)

"""A follower sees every change, also one that comes while the first look is on its way."""

from __future__ import annotations

import asyncio

from homeassistant.helpers.dispatcher import async_dispatcher_send

from custom_components.med_exporter.api.websocket.feed import Feed, register_feed
from custom_components.med_exporter.later import Later
from custom_components.med_exporter.rights import Right

CHANGED = "toy_has_changed"
FEEDS: dict[str, Feed] = {}
TOYS = Later(__package__, "test_feed", "FEEDS")


async def test_a_change_during_the_first_look_is_shown(administrator, hass):
    looks, may_answer = asyncio.Event(), asyncio.Event()
    state = "running"

    async def look(*_):
        seen = state
        looks.set()
        await may_answer.wait()
        return {"state": seen}

    FEEDS["toy"] = Feed(right=Right.USER, look=look, signals=(CHANGED,))
    register_feed(hass, "toy", TOYS)
    following = asyncio.create_task(administrator.follow("toy"))
    await looks.wait()
    state = "idle"
    async_dispatcher_send(hass, CHANGED)
    may_answer.set()
    assert await following == {"state": "running"}
    assert await administrator.shown() == {"state": "idle"}


async def test_who_was_refused_follows_nothing(log_in, hass):
    FEEDS["toy"] = Feed(right=Right.ADMINISTRATOR, look=None, signals=(CHANGED,))
    register_feed(hass, "toy", TOYS)
    assert await (await log_in()).refused("toy/subscribe") == ("NOT_ALLOWED", None)
    async_dispatcher_send(hass, CHANGED)
    await hass.async_block_till_done()
    assert not hass.data["dispatcher"].get(CHANGED)

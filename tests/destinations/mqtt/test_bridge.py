"""Two real brokers with a bridge between: what is published at one arrives at the other."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date

from custom_components.med_exporter.const import DataType
from tests.mosquitto import free_port
from tests.mqtt_destinations import DAILY, PDL, destination, energy, push, stored, take

MONTHLY = energy(200.5, DataType.CONSUMPTION_MONTHLY, date(2026, 11, 1), closed=False)


def bridge_to(port: int) -> tuple[str, ...]:
    """Return what is added to a broker's configuration, as the documentation shows it."""
    return (
        "connection far",
        f"address 127.0.0.1:{port}",
        "topic home/energy/# out 1",
        "cleansession false",
        "notifications false",
        "restart_timeout 1",
    )


async def test_both_brokers_keep_the_same(mosquitto) -> None:
    far = mosquitto()
    near = mosquitto(settings=bridge_to(far.port))
    async with far.listening(f"home/energy/{PDL}/#") as messages:
        async with destination(near.port) as made:
            assert await push(made, DAILY, MONTHLY) == stored(DAILY, MONTHLY)
            await take(messages, 2)
        # The last word of the destination comes after its values.
        await crossed(near, messages)
    kept = {topic: one.payload for topic, one in (await near.kept("home/#")).items()}
    assert f"home/energy/{PDL}/consumption/monthly" in kept
    assert {topic: one.payload for topic, one in (await far.kept("home/#")).items()} == kept


async def test_what_is_published_while_the_far_broker_is_away_follows(mosquitto) -> None:
    port = free_port()
    near = mosquitto(settings=bridge_to(port))
    late = replace(DAILY, kwh=7.5)
    async with destination(near.port) as made:
        assert await push(made, late) == stored(late)
    far = mosquitto(port=port)
    async with far.listening(f"home/energy/{PDL}/#") as messages:
        (message,) = await take(messages, 1)
    assert b'"value":7.5' in message.payload


async def crossed(near, messages) -> None:
    """Wait until all that was published until now has crossed the bridge."""
    topic = f"home/energy/{PDL}/end"
    async with near.client() as client:
        await client.publish(topic, qos=1)
    async with asyncio.timeout(20):
        while str((await messages.get()).topic) != topic:
            pass

"""Brokers with access lists: a connection test publishes where a run does, and there alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.base import DestinationError
from custom_components.med_exporter.destinations.mqtt import connection as mqtt_connection
from custom_components.med_exporter.destinations.mqtt import opening as mqtt_opening
from custom_components.med_exporter.destinations.mqtt import probe
from custom_components.med_exporter.destinations.mqtt.broker import Broker
from custom_components.med_exporter.destinations.mqtt.probe import (
    REMARK_UNVERIFIED,
    async_test_broker,
)
from custom_components.med_exporter.destinations.mqtt.trial import Trial, trial_of
from tests.mqtt_destinations import (
    DAILY,
    PDL,
    PUBLISHING,
    TODAY,
    destination,
    ecowatt,
    energy,
    half_hour,
    push,
    stored,
    tempo,
)

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

    from tests.mosquitto import Mosquitto

VALUES = [
    energy(11.5, DataType.CONSUMPTION_DAILY, date(2026, 11, 19)),
    DAILY,
    half_hour(0.25, datetime(2026, 11, 20, 8, tzinfo=UTC)),
    tempo("red", TODAY),
    ecowatt(1, TODAY),
]
TOPICS = [
    f"home/energy/{PDL}/consumption/daily",
    f"home/energy/{PDL}/consumption/detailed",
    "home/energy/tempo/today",
    "home/energy/ecowatt/current",
    # While tomorrow's colour is not known, that is said.
    "home/energy/tempo/tomorrow",
]
# What the tests themselves use.
OTHERS = "topic read #\ntopic write end/#\n"
LISTS = {5: "topic write {}\n", 4: "topic readwrite {}\n"}


@pytest.fixture(autouse=True)
def brief_waits(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Listen for half a second where a user's test listens for three."""
    monkeypatch.setattr(probe, "_PROBE_TIMEOUT", 0.5)


def at(broker: Mosquitto) -> Broker:
    return Broker(host="127.0.0.1", port=broker.port)


def trial(*, is_new: bool = False) -> Trial:
    return trial_of(VALUES, PUBLISHING, longest=800, is_new=is_new)


@pytest.mark.parametrize("version", mqtt_opening.VERSIONS)
@pytest.mark.parametrize("qos", [0, 1, 2])
async def test_a_list_of_the_topics_of_values_is_enough(mosquitto, version: int, qos: int) -> None:
    broker = mosquitto(acl="".join(map(LISTS[version].format, TOPICS)) + OTHERS)
    publishing = replace(PUBLISHING, qos=qos)
    assert await async_test_broker(at(broker), publishing, trial(), versions=(version,)) is None
    # What it leaves is what a run leaves.
    kept = {topic: each.payload for topic, each in (await broker.kept("home/#")).items()}
    assert set(kept) == {TOPICS[0], *TOPICS[2:]}
    assert json.loads(kept[TOPICS[0]])["value"] == DAILY.kwh
    async with destination(broker.port, publishing) as made:
        assert await push(made, *VALUES) == stored(*VALUES)
    assert kept == {topic: each.payload for topic, each in (await broker.kept("home/#")).items()}


@pytest.mark.parametrize("forbidden", TOPICS)
async def test_the_one_topic_that_is_missing_from_a_list_is_named(
    mosquitto, forbidden: str
) -> None:
    allowed = [topic for topic in TOPICS if topic != forbidden]
    broker = mosquitto(acl="".join(map(LISTS[5].format, allowed)) + OTHERS)
    with pytest.raises(DestinationError) as raised:
        await async_test_broker(at(broker), PUBLISHING, trial(is_new=True))
    assert (raised.value.code, raised.value.field) == ("PUBLISH_NOT_ALLOWED", "topic_prefix")
    assert raised.value.translation_placeholders["topic"] == forbidden
    # Nobody would renew what was not set up.
    assert await broker.kept("home/#") == {}


@pytest.mark.parametrize("allowed", [TOPICS[1:], TOPICS[:1], []])
async def test_what_a_broker_of_mqtt_3_drops_is_not_taken_for_said(
    mosquitto, allowed: list[str]
) -> None:
    broker = mosquitto(acl="".join(map(LISTS[5].format, allowed)) + OTHERS)
    for _ in range(2):
        # What the broker keeps from the first time is no answer to the second.
        remark = await async_test_broker(at(broker), PUBLISHING, trial(), versions=(4,))
        assert remark == REMARK_UNVERIFIED


@pytest.mark.parametrize("version", mqtt_opening.VERSIONS)
async def test_a_connection_that_is_taken_over_once_is_no_mistake(
    mosquitto, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A user has one connection here: the lasting one comes back while the test listens.
    monkeypatch.setattr(mqtt_connection, "_FIRST_PAUSE", 0.2)
    broker = mosquitto(users={"u": "p"}, settings=("use_username_as_clientid true",))
    to = replace(at(broker), username="u", password="p")
    async with destination(broker.port, username="u", password="p") as made:
        await push(made, DAILY)
        assert await async_test_broker(to, PUBLISHING, trial(), versions=(version,)) is None
        assert await push(made, *VALUES) == stored(*VALUES)

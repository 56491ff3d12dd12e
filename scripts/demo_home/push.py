"""A push to the broker, and whether what arrived is what the plugs have counted."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from .household import PARIS, PDL
from .installation import TOPIC_PREFIX

if TYPE_CHECKING:
    from tests.real_home import HomeClient

    from .broker import Listener, Message
    from .household import Household

STATUS_TOPIC: Final = f"{TOPIC_PREFIX}/status"
# Carry no values: whether the exporter lives, and what the connection test sends.
_OWN_TOPICS: Final = {STATUS_TOPIC, f"{TOPIC_PREFIX}/test"}

_ARRIVAL_SECONDS: Final = 15
# What the washing machine may use between two polls.
_TOLERANCE_KWH: Final = 0.03
_PAYLOAD_KEYS: Final = {"value", "unit", "date", "pdl", "closed", "timestamp"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """The value in kWh and the date that a topic has to carry."""

    value: float
    date: str


async def push(client: HomeClient, destination: str) -> dict[str, Any]:
    """Run the destination with this config entry to its end, and return what the action answers.

    Raises RequestError.
    """
    answer: dict[str, Any] = await client.call_action(
        "med_exporter.run_push", {"destination": destination, "wait": True}
    )
    return answer


def expected_messages(household: Household) -> dict[str, Expected]:
    """Return what each topic has to say now, from the plugs' own counters."""
    today = datetime.now(PARIS).date()
    day, month = today.isoformat(), today.strftime("%Y-%m")
    return {
        f"{TOPIC_PREFIX}/{PDL}/consumption/daily": Expected(
            value=household.kwh("consumption", today), date=day
        ),
        f"{TOPIC_PREFIX}/{PDL}/consumption/monthly": Expected(
            value=household.month_kwh("consumption", today), date=month
        ),
        f"{TOPIC_PREFIX}/{PDL}/production/daily": Expected(
            value=household.kwh("production", today), date=day
        ),
    }


async def values_of_test(listener: Listener) -> int:
    """Return how many values the connection test has published: all that came before `online`."""
    await listener.wait_for([STATUS_TOPIC], _ARRIVAL_SECONDS)
    return sum(map(_is_value, listener.messages))


async def mistakes_in(
    listener: Listener, expected: dict[str, Expected], answer: dict[str, Any], before: int
) -> list[str]:
    """Wait for a message on each topic; return what is missing or wrong.

    `answer` is the action's: the run has to have succeeded, with as many records as have arrived
    since there were `before` values.
    """
    missing = await listener.wait_for([STATUS_TOPIC, *expected], _ARRIVAL_SECONDS)
    mistakes = [f"no message arrived on {topic}" for topic in sorted(missing)]
    arrived = await _arrivals(listener, before + (answer["records_exported"] or 0)) - before
    if (answer["status"], answer["records_exported"]) != ("success", arrived):
        mistakes.append(f"{arrived} values arrived, but the run says {answer}")
    latest = listener.latest()
    if latest.get(STATUS_TOPIC, "online") != "online":
        mistakes.append(f"{STATUS_TOPIC} says {latest[STATUS_TOPIC]!r}, not 'online'")
    mistakes += (
        f"{topic}: {mistake}"
        for topic, wanted in expected.items()
        if topic in latest and (mistake := _mistake(latest[topic], wanted))
    )
    return mistakes


async def _arrivals(listener: Listener, expected: int) -> int:
    """Wait until as many values have arrived as were sent, and return how many did."""
    give_up = time.monotonic() + _ARRIVAL_SECONDS
    while True:
        arrived = sum(map(_is_value, listener.messages))
        if arrived >= expected or time.monotonic() > give_up:
            return arrived
        await asyncio.sleep(0.05)


def _is_value(message: Message) -> bool:
    """Return whether a message is a record; that tomorrow's colour is not known yet is none."""
    return (
        message.topic not in _OWN_TOPICS
        and json.loads(message.payload).get("color", "") is not None
    )


def _mistake(payload: str, wanted: Expected) -> str | None:
    try:
        said = json.loads(payload)
    except ValueError:
        return f"{payload!r} is no JSON"
    if absent := _PAYLOAD_KEYS - set(said):
        return f"the payload lacks {', '.join(sorted(absent))}"
    if abs(said["value"] - wanted.value) > _TOLERANCE_KWH:
        return f"{said['value']} kWh arrived, the plugs have counted {wanted.value:.3f} kWh"
    if (said["unit"], said["date"], said["pdl"]) != ("kWh", wanted.date, PDL):
        return f"unit, date or pdl is wrong in {payload}"
    return None

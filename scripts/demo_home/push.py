"""A push to the broker, and whether what arrived is what the plugs have counted."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
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
# Each total may show a watt-hour that the counter of the day does not, and the other way round.
_TOLERANCE_KWH: Final = 0.002
# A value is as old as the latest reading in it; a plug may have missed that round of polls.
_ROUND: Final = timedelta(seconds=40)
# As long as that many rounds, what arrives is of now.
_FRESH: Final = 4 * _ROUND
_SECOND: Final = timedelta(seconds=1)
_PAYLOAD_KEYS: Final = {"value", "unit", "date", "pdl", "closed", "timestamp"}
# The role that each topic tells of, and whether by the month.
_ENERGY: Final = {
    f"{TOPIC_PREFIX}/{PDL}/consumption/daily": ("consumption", False),
    f"{TOPIC_PREFIX}/{PDL}/consumption/monthly": ("consumption", True),
    f"{TOPIC_PREFIX}/{PDL}/production/daily": ("production", False),
}


async def push(client: HomeClient, destination: str) -> dict[str, Any]:
    """Run the destination with this config entry to its end, and return what the action answers.

    Raises RequestError.
    """
    answer: dict[str, Any] = await client.call_action(
        "med_exporter.run_push", {"destination": destination, "wait": True}
    )
    return answer


async def values_of_test(listener: Listener) -> int:
    """Return how many values the connection test has published: all that came before `online`."""
    await listener.wait_for([STATUS_TOPIC], _ARRIVAL_SECONDS)
    return sum(map(_is_value, listener.messages))


async def mistakes_in(
    listener: Listener, household: Household, answer: dict[str, Any], before: int
) -> list[str]:
    """Wait for a message on each topic; return what is missing or wrong.

    `answer` is the action's: the run has to have succeeded, with as many records as have arrived
    since there were `before` values.
    """
    missing = await listener.wait_for([STATUS_TOPIC, *_ENERGY], _ARRIVAL_SECONDS)
    mistakes = [f"no message arrived on {topic}" for topic in sorted(missing)]
    arrived = await _arrivals(listener, before + (answer["records_exported"] or 0)) - before
    if (answer["status"], answer["records_exported"]) != ("success", arrived):
        mistakes.append(f"{arrived} values arrived, but the run says {answer}")
    latest = listener.latest()
    if latest.get(STATUS_TOPIC, "online") != "online":
        mistakes.append(f"{STATUS_TOPIC} says {latest[STATUS_TOPIC]!r}, not 'online'")
    now = datetime.now(UTC)
    mistakes += (
        f"{message.topic}: {mistake}"
        for message in listener.messages
        if message.topic in _ENERGY
        and (mistake := mistake_in(message.topic, message.payload, household, now))
    )
    return mistakes


def mistake_in(topic: str, payload: str, household: Household, now: datetime) -> str | None:
    """Return what is wrong in an energy message, by what the plugs had counted when it was read."""
    try:
        said = json.loads(payload)
    except ValueError:
        return f"{payload!r} is no JSON"
    if absent := _PAYLOAD_KEYS - set(said):
        return f"the payload lacks {', '.join(sorted(absent))}"
    role, monthly = _ENERGY[topic]
    read_at = datetime.fromisoformat(said["timestamp"])
    # What is closed is stamped with its end, which is the next one's start.
    day = (read_at - said["closed"] * _SECOND).astimezone(PARIS).date()
    first, written = (day.replace(day=1), f"{day:%Y-%m}") if monthly else (day, f"{day}")
    if (said["unit"], said["date"], said["pdl"]) != ("kWh", written, PDL):
        return f"unit, date or pdl is wrong in {payload}"
    if said["closed"]:
        counted = [household.kwh(role, first, read_at)]
    elif now - read_at > _FRESH:
        return f"what arrived was read long ago: {payload}"
    else:
        moments = (read_at - _ROUND, read_at + _SECOND)
        counted = [household.kwh(role, first, moment) for moment in moments]
    if not counted[0] - _TOLERANCE_KWH <= said["value"] <= counted[-1] + _TOLERANCE_KWH:
        kwh = " to ".join(f"{one:.3f}" for one in counted)
        return f"{said['value']} kWh of {written} arrived, the plugs have counted {kwh} kWh"
    return None


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

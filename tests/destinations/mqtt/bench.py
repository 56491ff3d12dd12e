"""Measure pushes to a real broker: `python -m tests.destinations.mqtt.bench [messages]`.

Prints for each QoS the seconds that a push takes, those of `mosquitto_pub -l` with the same
payloads, each the best of three, and by how many milliseconds the event loop was late at most.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

# As Home Assistant does; the oldest one cannot import its parts in any order.
import homeassistant.components.http  # noqa: F401
from homeassistant.util import dt as dt_util

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.mqtt.messages import message_of
from tests.lag import loop_lag
from tests.mosquitto import Mosquitto
from tests.mqtt_destinations import PUBLISHING, destination, energy, push, stored

if TYPE_CHECKING:
    from custom_components.med_exporter.destinations.measurements import Energy


def prepared(count: int) -> tuple[list[Energy], bytes]:
    """Return values to push, and their payloads as lines."""
    first = date(2020, 1, 1)
    values = [
        energy(n / 1000, DataType.CONSUMPTION_DAILY, first + timedelta(days=n % 2000))
        for n in range(count)
    ]
    messages = [message_of(each, PUBLISHING, dt_util.utcnow()) for each in values]
    lines = "".join(f"{message.payload}\n" for message in messages if message).encode()
    return values, lines


async def measure(broker: Mosquitto, qos: int, values: list[Energy]) -> tuple[float, float]:
    """Return the seconds of a push, and by how many the event loop was late at most."""
    async with destination(broker.port, replace(PUBLISHING, qos=qos, retain=False)) as made:
        await push(made, values[0])
        async with loop_lag() as lag:
            started = monotonic()
            settled = await push(made, *values)
            seconds = monotonic() - started
    assert settled == stored(*values)
    return seconds, lag.worst


def _publish(broker: Mosquitto, lines: bytes, qos: int) -> float:
    started = monotonic()
    broker.publish(lines, qos=qos)
    return monotonic() - started


def main(count: int) -> None:
    """Measure all three QoS."""
    values, lines = prepared(count)
    with tempfile.TemporaryDirectory() as folder:
        broker = Mosquitto(Path(folder)).start()
        try:
            for qos in (0, 1, 2):
                seconds, late = min(asyncio.run(measure(broker, qos, values)) for _ in range(3))
                other = min(_publish(broker, lines, qos) for _ in range(3))
                sys.stdout.write(
                    f"QoS {qos}: {count} messages in {seconds:.2f} s, mosquitto_pub {other:.2f} s,"
                    f" ratio {seconds / other:.2f}; event loop late {late * 1000:.0f} ms\n"
                )
        finally:
            broker.kill()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)

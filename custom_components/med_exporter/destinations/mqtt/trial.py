"""What a connection test publishes: what a run would, where it would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.util import dt as dt_util

from ...engine.lazy_dataclass import dataclass
from .messages import Message, message_of, unknown_tomorrow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..measurements import Measurement
    from .discovery import MqttDiscovery
    from .messages import Publishing


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """What a connection test publishes.

    Attributes:
        longest: bytes of topic and payload of the longest message of a run.
        samples: values that a run would publish now, no two on one topic. Where there are none,
            something on `{prefix}/test` stands for them, and is taken away again.
        announcements: what announces the sensors of those.
        stays: whether what the broker keeps of the values stays there when the test fails.

    """

    longest: int = 0
    samples: Sequence[Message] = ()
    announcements: Sequence[Message] = ()
    stays: bool = True


def trial_of(
    latest: Iterable[Measurement],
    publishing: Publishing,
    discovery: MqttDiscovery | None = None,
    *,
    longest: int = 0,
    is_new: bool = False,
) -> Trial:
    """Return a trial of the last values of each series, closed ones before those that run.

    `is_new` tells that the destination is only about to be set up: what nobody will keep up where
    that fails is not to stay, and sensors nobody is to see. An empty announcement needs the same
    right as another.
    """
    samples: dict[str, Message] = {}
    announcements: dict[str, Message] = {}
    now = dt_util.utcnow()
    for measurement in latest:
        message = message_of(measurement, publishing, now)
        if message is None:
            continue
        samples[message.topic] = message
        if discovery is not None and (config := discovery.config_of(measurement, message.topic)):
            topic, payload = config
            payload = "" if is_new else payload
            announcements[topic] = Message(topic=topic, payload=payload, retain=True)
    tomorrow = unknown_tomorrow(samples, publishing, now)
    values = [*samples.values(), *([] if tomorrow is None else [tomorrow])]
    return Trial(
        longest=longest,
        samples=values,
        announcements=list(announcements.values()),
        stays=not is_new,
    )

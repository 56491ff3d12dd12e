"""The kinds of destinations, in the order in which the user is offered them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .home_assistant.kind import HOME_ASSISTANT
from .influxdb.kind import INFLUXDB
from .jeedom.kind import JEEDOM
from .mqtt.kind import MQTT
from .victoriametrics.kind import VICTORIAMETRICS

if TYPE_CHECKING:
    from .kind import DestinationKind

# A new kind of destination is one line here.
DESTINATIONS: Final[dict[str, DestinationKind]] = {
    kind.type: kind
    for kind in (
        HOME_ASSISTANT,
        MQTT,
        VICTORIAMETRICS,
        JEEDOM,
        INFLUXDB,
    )
}

"""paho's client with a short way for what runs send by the thousand: messages of QoS 1."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import VariableByteIntegers
from paho.mqtt.reasoncodes import ReasonCode

from .bounded import BoundedClient

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from paho.mqtt.properties import Properties

_PUBLISH_ONCE: Final = 0x32
_ANSWER: Final = 0x40
# Bytes of an answer's body: the message's number, in MQTT 5 often a reason behind it.
_PLAIN: Final = (2, 3)


class QuickClient(BoundedClient):
    """paho's own, but of messages that are sent by `publish_once` it keeps numbers only.

    paho makes records, locks and events for each message, to send it again over another
    connection: a connection here is left for good when it breaks. Answers that have come together
    are read together.

    Attributes:
        answered: is called with a message's number and the broker's answer.

    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (paho's own)
        super().__init__(*args, **kwargs)
        self.answered: Callable[[int, ReasonCode], None] | None = None
        self._unanswered: set[int] = set()

    def publish_once(
        self, topic: bytes, payload: bytes, *, retain: bool, properties: Properties | None
    ) -> int | None:
        """Send a message of QoS 1, and return its number; None where no connection stands."""
        if self.socket() is None:
            return None
        number = self._mid_generate()
        told = b""
        if self.protocol is MQTTProtocolVersion.MQTTv5:
            told = b"\x00" if properties is None else properties.pack()
        body = b"".join((len(topic).to_bytes(2), topic, number.to_bytes(2), told, payload))
        self._gathered += bytes((_PUBLISH_ONCE | retain,))
        self._gathered += VariableByteIntegers.encode(len(body))
        self._gathered += body
        self._unanswered.add(number)
        self._allowance.asked()
        self._call_socket_register_write()
        return number

    def _packet_read(self) -> MQTTErrorCode:
        if not self._in_packet["command"]:
            try:
                self._received = self._received or self._receive()
            except BlockingIOError:
                return MQTTErrorCode.MQTT_ERR_AGAIN
            except OSError:
                return MQTTErrorCode.MQTT_ERR_CONN_LOST
            if self._read_answers() and not self._received:
                return MQTTErrorCode.MQTT_ERR_AGAIN
        return super()._packet_read()

    def _read_answers(self) -> int:
        """Take the answers that stand at the beginning of what has come; return how many."""
        at = count = 0
        come = self._received
        while len(come) >= at + 4 and come[at] == _ANSWER and come[at + 1] in _PLAIN:
            end = at + 2 + come[at + 1]
            if end > len(come) or not self._tell(come[at + 2 : end]):
                break
            at, count = end, count + 1
        self._received = come[at:]
        return count

    def _handle_pubackcomp(self, cmd: Literal["PUBACK", "PUBCOMP"]) -> MQTTErrorCode:
        packet = bytes(self._in_packet["packet"])
        if cmd == "PUBACK" and len(packet) in _PLAIN and self._tell(packet):
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        return super()._handle_pubackcomp(cmd)

    def _tell(self, answer: bytes) -> bool:
        """Tell an answer to a message that was sent by `publish_once`; False where it is none."""
        number = int.from_bytes(answer[:2])
        if number not in self._unanswered:
            return False
        self._unanswered.discard(number)
        if self.answered is not None:
            self.answered(number, _reason(answer[2:]))
        return True


@cache
def _reason(said: bytes) -> ReasonCode:
    return ReasonCode(PacketTypes.PUBACK, identifier=said[0] if said else 0)

"""The packets of MQTT 3.1.1 and 5 that a publisher exchanges with a broker, as bytes."""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST_INCOMING: Final = 256 * 1024
"""Bytes of the largest packet that is taken; a broker of MQTT 5 is told."""

PINGREQ: Final = b"\xc0\x00"
DISCONNECT: Final = b"\xe0\x00"

_CLEAN: Final = 0x02
_WILL: Final = 0x04
_PASSWORD: Final = 0x40
_USERNAME: Final = 0x80

# What MQTT 5 calls the answers of MQTT 3.1.1 to a CONNECT.
_CONNECT_CODES: Final = {1: 0x84, 2: 0x85, 3: 0x88, 4: 0x86, 5: 0x87}


class Version(IntEnum):
    """A version of the protocol, by its number in CONNECT."""

    V311 = 4
    V5 = 5


class Kind(IntEnum):
    """What a broker sends."""

    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBCOMP = 7
    SUBACK = 9
    PINGRESP = 13
    DISCONNECT = 14


class Property(IntEnum):
    """A property of MQTT 5 that is read or written here."""

    MESSAGE_EXPIRY = 0x02
    SERVER_KEEP_ALIVE = 0x13
    RECEIVE_MAXIMUM = 0x21
    MAXIMUM_QOS = 0x24
    RETAIN_AVAILABLE = 0x25
    MAXIMUM_PACKET_SIZE = 0x27


# The numbers among the properties of CONNACK; the others are texts.
_NUMBERS: Final = {
    0x11: ">I",
    0x13: ">H",
    0x21: ">H",
    0x22: ">H",
    0x24: ">B",
    0x25: ">B",
    0x27: ">I",
    0x28: ">B",
    0x29: ">B",
    0x2A: ">B",
}
_TEXTS: Final = frozenset({0x12, 0x15, 0x16, 0x1A, 0x1C, 0x1F})
_TWO_TEXTS: Final = 0x26

_REASONS: Final = {
    0x80: "unspecified error",
    0x81: "malformed packet",
    0x82: "protocol error",
    0x83: "implementation specific error",
    0x84: "unsupported protocol version",
    0x85: "client identifier not valid",
    0x86: "bad user name or password",
    0x87: "not authorized",
    0x88: "server unavailable",
    0x89: "server busy",
    0x8A: "banned",
    0x8B: "server shutting down",
    0x8C: "bad authentication method",
    0x8D: "keep alive timeout",
    0x8E: "session taken over",
    0x90: "topic name invalid",
    0x92: "packet identifier not found",
    0x93: "receive maximum exceeded",
    0x95: "packet too large",
    0x96: "message rate too high",
    0x97: "quota exceeded",
    0x98: "administrative action",
    0x99: "payload format invalid",
    0x9A: "retain not supported",
    0x9B: "QoS not supported",
    0x9C: "use another server",
    0x9D: "server moved",
    0x9F: "connection rate exceeded",
    0xA0: "maximum connect time",
}


class ProtocolError(ValueError):
    """What came is not MQTT."""


class Packet(NamedTuple):
    """A packet as it came: its kind, the flags beside it, and what follows its length."""

    kind: Kind
    flags: int
    body: bytes


class Connack(NamedTuple):
    """The answer to CONNECT: 0 or a reason code of MQTT 5, and the properties that are numbers."""

    reason: int
    properties: dict[int, int]


class Incoming(NamedTuple):
    """A message from the broker; with QoS 1 it has an identifier to be acknowledged."""

    topic: str
    payload: bytes
    identifier: int | None


class PacketReader:
    """Cuts a stream of bytes into packets."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Packet]:
        """Yield the packets that are whole now. Raises ProtocolError at the first byte amiss."""
        buffer, at = self._buffer, 0
        buffer += data
        try:
            while at < len(buffer):
                kind, flags = buffer[at] >> 4, buffer[at] & 0x0F
                if kind not in Kind or (flags and kind != Kind.PUBLISH):
                    raise ProtocolError(f"no packet begins with {buffer[at]:#04x}")
                length, start = _length(buffer, at + 1)
                if length > LARGEST_INCOMING:
                    raise ProtocolError(f"a packet of {length} bytes")
                if start + length > len(buffer):
                    return
                at = start + length
                yield Packet(Kind(kind), flags, bytes(buffer[start:at]))
        except IndexError:
            return  # the length goes on in what has not come yet
        finally:
            del buffer[:at]


def connect(
    version: Version,
    identifier: str,
    *,
    keep_alive: int,
    username: str | None,
    password: str | None,
    will: tuple[str, str, int, bool] | None,
) -> bytes:
    """Return a CONNECT that starts anew; `will` is a topic, a payload, a QoS and whether retained.

    `keep_alive` is in seconds.
    """
    is_new, flags = version is Version.V5, _CLEAN
    parts = [_text(identifier)]
    if will is not None:
        topic, payload, qos, retain = will
        flags |= _WILL | qos << 3 | retain << 5
        parts += [b"\x00" if is_new else b"", _text(topic), _text(payload)]
    if username is not None:
        flags |= _USERNAME
        parts.append(_text(username))
    if password is not None:
        flags |= _PASSWORD
        parts.append(_text(password))
    properties = _property(Property.MAXIMUM_PACKET_SIZE, LARGEST_INCOMING) if is_new else b""
    head = _text("MQTT") + struct.pack(">BBH", version, flags, keep_alive)
    return _packet(0x10, head, properties, *parts)


def publish(
    version: Version,
    topic: str,
    payload: bytes,
    *,
    qos: int,
    retain: bool,
    identifier: int | None,
    lifetime: int | None = None,
) -> bytes:
    """Return a PUBLISH; after `lifetime` seconds a broker of MQTT 5 forgets the message."""
    number = b"" if identifier is None else identifier.to_bytes(2)
    properties = b""
    if version is Version.V5:
        properties = b"\x00" if lifetime is None else _property(Property.MESSAGE_EXPIRY, lifetime)
    return _packet(0x30 | qos << 1 | retain, _text(topic), number, properties, payload)


def subscribe(version: Version, topic: str, *, qos: int, identifier: int) -> bytes:
    """Return a SUBSCRIBE to one topic filter."""
    properties = b"\x00" if version is Version.V5 else b""
    return _packet(0x82, identifier.to_bytes(2), properties, _text(topic), bytes((qos,)))


def puback(identifier: int) -> bytes:
    """Return what acknowledges a message of the broker."""
    return b"\x40\x02" + identifier.to_bytes(2)


def pubrel(identifier: int) -> bytes:
    """Return the second half of a message with QoS 2."""
    return b"\x62\x02" + identifier.to_bytes(2)


def read_connack(body: bytes, version: Version) -> Connack:
    """Read an answer to CONNECT. Raises ProtocolError."""
    if len(body) < 2:
        raise ProtocolError("a CONNACK without its code")
    properties = _numbers(body, 2) if version is Version.V5 and len(body) > 2 else {}
    return Connack(_CONNECT_CODES.get(body[1], body[1]), properties)


def read_acknowledgement(body: bytes) -> tuple[int, int]:
    """Read the identifier and the reason of a PUBACK, PUBREC or PUBCOMP. Raises ProtocolError."""
    if len(body) < 2:
        raise ProtocolError("an acknowledgement without its identifier")
    return int.from_bytes(body[:2]), body[2] if len(body) > 2 else 0


def read_suback(body: bytes) -> tuple[int, int]:
    """Read the identifier of a SUBACK, and what it says of the one topic. Raises ProtocolError."""
    if len(body) < 3:
        raise ProtocolError("a SUBACK without its codes")
    return int.from_bytes(body[:2]), body[-1]


def read_publish(packet: Packet, version: Version) -> Incoming:
    """Read a message of the broker, of QoS 0 or 1. Raises ValueError or IndexError."""
    body, qos = packet.body, packet.flags >> 1 & 0x03
    if qos > 1:
        raise ProtocolError(f"a message with QoS {qos}")
    topic, at = _read_text(body, 0)
    identifier = None
    if qos:
        identifier, at = int.from_bytes(body[at : at + 2]), at + 2
    if version is Version.V5:
        length, at = _length(body, at)
        at += length
    return Incoming(topic.decode(), body[at:], identifier)


def read_reason(body: bytes) -> int:
    """Read the reason of a DISCONNECT."""
    return body[0] if body else 0


def reason_text(reason: int) -> str:
    """Return the words of the standard for a reason code."""
    return _REASONS.get(reason, f"reason code {reason}")


def _packet(first: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes((first,)) + _variable(len(body)) + body


def _text(text: str) -> bytes:
    encoded = text.encode()
    return len(encoded).to_bytes(2) + encoded


def _property(which: Property, value: int) -> bytes:
    return b"\x05" + bytes((which,)) + value.to_bytes(4)


def _variable(number: int) -> bytes:
    digits = bytearray()
    while number > 0x7F:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    digits.append(number)
    return bytes(digits)


def _length(data: bytes | bytearray, at: int) -> tuple[int, int]:
    """Read a length of one to four bytes; IndexError where it is not whole."""
    number = 0
    for place in range(4):
        digit = data[at + place]
        number |= (digit & 0x7F) << 7 * place
        if digit < 0x80:
            return number, at + place + 1
    raise ProtocolError("a length of more than four bytes")


def _numbers(body: bytes, at: int) -> dict[int, int]:
    length, at = _length(body, at)
    end, found = at + length, {}
    while at < end:
        which, at = body[at], at + 1
        if which in _TEXTS:
            _, at = _read_text(body, at)
        elif which == _TWO_TEXTS:
            _, at = _read_text(body, _read_text(body, at)[1])
        elif which in _NUMBERS:
            (found[which],) = struct.unpack_from(_NUMBERS[which], body, at)
            at += struct.calcsize(_NUMBERS[which])
        else:
            raise ProtocolError(f"a CONNACK with the property {which:#04x}")
    return found


def _read_text(body: bytes, at: int) -> tuple[bytes, int]:
    end = at + 2 + int.from_bytes(body[at : at + 2])
    if end > len(body):
        raise ProtocolError("a text that goes on behind its packet")
    return body[at + 2 : end], end

"""Packets as MQTT has them, and anything else."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from custom_components.med_exporter.destinations.mqtt.packets import (
    Kind,
    PacketReader,
    ProtocolError,
    Version,
    publish,
    read_acknowledgement,
    read_connack,
    read_publish,
    read_suback,
)

MESSAGES = st.lists(
    st.tuples(
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=300),
        st.binary(max_size=20_000),
        st.sampled_from([0, 1]),
    ),
    max_size=5,
)


@given(version=st.sampled_from(Version), messages=MESSAGES, cut=st.integers(1, 5000))
def test_what_is_published_is_read_again_however_it_is_cut(
    version: Version, messages: list[tuple[str, bytes, int]], cut: int
) -> None:
    stream = b"".join(
        publish(
            version,
            topic,
            payload,
            qos=qos,
            retain=False,
            identifier=n + 1 if qos else None,
            lifetime=n or None,
        )
        for n, (topic, payload, qos) in enumerate(messages)
    )
    reader = PacketReader()
    packets = [
        packet
        for start in range(0, len(stream), cut)
        for packet in reader.feed(stream[start : start + cut])
    ]
    assert [read_publish(packet, version) for packet in packets] == [
        (topic, payload, n + 1 if qos else None) for n, (topic, payload, qos) in enumerate(messages)
    ]


@given(data=st.binary(max_size=300), version=st.sampled_from(Version))
def test_anything_else_is_refused_with_what_a_connection_expects(
    data: bytes, version: Version
) -> None:
    with suppress(ValueError, IndexError, struct.error):
        for packet in PacketReader().feed(data):
            if packet.kind is Kind.CONNACK:
                read_connack(packet.body, version)
            elif packet.kind is Kind.PUBLISH:
                read_publish(packet, version)
            elif packet.kind is Kind.SUBACK:
                read_suback(packet.body)
            elif packet.kind is not Kind.DISCONNECT:
                read_acknowledgement(packet.body)


def test_every_property_of_an_answer_to_connect_is_passed_over() -> None:
    said = Properties(PacketTypes.CONNACK)
    said.SessionExpiryInterval = 7
    said.ReceiveMaximum = 11
    said.MaximumQoS = 1
    said.RetainAvailable = 0
    said.MaximumPacketSize = 70_000
    said.AssignedClientIdentifier = "me"
    said.TopicAliasMaximum = 3
    said.ReasonString = "because"
    said.UserProperty = ("a", "b")
    said.WildcardSubscriptionAvailable = 1
    said.SubscriptionIdentifierAvailable = 1
    said.SharedSubscriptionAvailable = 1
    said.ServerKeepAlive = 30
    said.ResponseInformation = "here"
    said.ServerReference = "there"
    said.AuthenticationMethod = "none"
    said.AuthenticationData = b"\x00"
    reason, numbers = read_connack(b"\x00\x87" + said.pack(), Version.V5)
    assert reason == 0x87
    assert {numbers[key] for key in (0x21, 0x24, 0x25, 0x27, 0x13)} == {11, 1, 0, 70_000, 30}


@pytest.mark.parametrize(("said", "meant"), [(0, 0), (1, 0x84), (4, 0x86), (5, 0x87)])
def test_reasons_of_mqtt_3_are_those_of_mqtt_5(said: int, meant: int) -> None:
    assert read_connack(bytes((0, said)), Version.V311).reason == meant


@pytest.mark.parametrize("first", [0x00, 0x10, 0xFF, 0x42, 0x62])
def test_the_first_byte_amiss_is_enough(first: int) -> None:
    with pytest.raises(ProtocolError):
        list(PacketReader().feed(bytes((first,))))

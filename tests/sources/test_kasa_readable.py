"""A name that firmware has cut in the middle of an emoji is a name all the same."""

from __future__ import annotations

import json
from datetime import date
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kasa import Credentials, DeviceConnectionParameters, DeviceEncryptionType, DeviceFamily
from kasa.transports import KlapTransport

from custom_components.med_exporter.sources.connection import Connection
from custom_components.med_exporter.sources.kasa import KasaHost
from custom_components.med_exporter.sources.kasa.readable import readable, readable_of_old
from custom_components.med_exporter.sources.kasa.session import kasa_session
from tests.plug_emulator import EmulatedPlug
from tests.plug_emulator.cipher import decrypt, encrypt
from tests.plug_emulator.commands import answer
from tests.plug_emulator.smart import EmulatedSmartPlug, commands
from tests.plug_emulator.smart.cipher import account_hash
from tests.plug_emulator.smart.server import SmartServer

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

TODAY = date(2026, 11, 20)
MINE = Credentials("me@example.com", "secret")
CUT = "Fridge \ud83c"
SHOWN = "Fridge \ufffd"
KLAP = DeviceConnectionParameters(DeviceFamily.IotSmartPlugSwitch, DeviceEncryptionType.Klap, 2)


async def name_at(hass: HomeAssistant, connection: Connection) -> str:
    """Return the name by which the plug at an address is read."""
    host = KasaHost(connection, lambda: kasa_session(hass))
    try:
        await host.connect(MINE)
        (sample,) = await host.poll(TODAY)
    finally:
        await host.close()
    return sample.identity.name


@pytest.mark.parametrize("is_asked_anew", [True, False])
async def test_an_older_plug_is_read(hass: HomeAssistant, is_asked_anew: bool) -> None:
    plug = EmulatedPlug(mac="50:C7:BF:00:02:02", alias=CUT)
    await plug.connect("127.0.0.1", 0)
    xor = DeviceConnectionParameters(DeviceFamily.IotSmartPlugSwitch, DeviceEncryptionType.Xor)
    known = None if is_asked_anew else xor.to_dict()
    try:
        assert await name_at(hass, Connection(host=plug.address, parameters=known)) == SHOWN
    finally:
        plug.disconnect()


async def test_an_older_plug_with_newer_firmware_is_read(hass: HomeAssistant) -> None:
    plug = EmulatedPlug(mac="50:C7:BF:00:02:03", alias=CUT)

    async def at_once() -> None:
        pass

    speaking = SimpleNamespace(
        account=account_hash(MINE.username, MINE.password),
        handle=lambda request: answer(plug, request),
        proofs=0,
        wait=at_once,
    )
    server: Any = SmartServer(speaking, "127.0.0.1", 0)  # type: ignore[arg-type]
    await server.open(found_by_udp=False)
    address = f"127.0.0.1:{server.port}"
    try:
        known = Connection(host=address, parameters=KLAP.to_dict())
        assert await name_at(hass, known) == SHOWN
        assert speaking.proofs == 1
    finally:
        await server.close()


async def test_a_newer_plug_is_read(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    # "Fridge " and the first of the four bytes of an emoji.
    monkeypatch.setattr(commands, "_encoded", lambda text: "RnJpZGdlIPA=")
    async with EmulatedSmartPlug(host="127.0.0.1") as plug:
        assert await name_at(hass, Connection(host=plug.address)) == SHOWN


HALVES = st.text(st.characters(codec=None) | st.sampled_from('\ud83c\udf10\\"ud'))


@given(HALVES)
def test_any_name_becomes_text_and_a_whole_one_stays(name: str) -> None:
    told = json.loads(readable(json.dumps({"alias": name}).encode()))["alias"]
    # The two halves of a character are one, in JSON and in UTF-16.
    assert told == name.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    told.encode()


@given(st.binary())
def test_any_bytes_of_an_older_plug_become_text(said: bytes) -> None:
    text = decrypt(readable_of_old(encrypt(said))) if said else b""
    text.decode()
    if said.isascii() and b"\\u" not in said:
        assert text == said


def test_python_kasa_keeps_the_handshake_after_which_answers_are_made_readable() -> None:
    names = KlapTransport.perform_handshake.__code__.co_names
    assert {"perform_handshake2", "_encryption_session"} <= set(names)

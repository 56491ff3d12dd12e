"""What logs a plug in is not logged."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.sources.connection import Connection, KasaError
from custom_components.med_exporter.sources.kasa import KasaHost
from tests.plug_emulator import EmulatedPlug

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from tests.plug_emulator import PlugNetwork

HASH = "aGFzaC1vZi1jcmVkZW50aWFscw"


def no_session() -> ClientSession:
    raise AssertionError("older plugs are not asked over HTTP")


@pytest.mark.usefixtures("brief_waits")
async def test_the_hash_of_a_plugs_credentials_is_not_logged(
    plug_network: PlugNetwork, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    plug = EmulatedPlug(mac="50:C7:BF:00:03:01", alias="Plug", load=100.0)
    await plug_network.start(plug)
    first = KasaHost(Connection(host=plug.address), no_session)
    await first.connect()
    await first.close()
    connection = replace(first.connection, credentials_hash=HASH)
    host = KasaHost(connection, no_session)
    await host.poll(datetime.now(UTC).date())
    await plug.cut_off()
    with pytest.raises(KasaError) as raised:
        await host.poll(datetime.now(UTC).date())
    await host.close()
    assert HASH not in str(raised.value)
    assert plug.address.partition(":")[0] in caplog.text
    assert HASH not in caplog.text
    assert HASH not in f"{connection!r} {host!r}"

"""The test of a connection before it is saved, and the addresses that may be changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession, TCPConnector, ThreadedResolver

from custom_components.med_exporter.grid import servers as grid_sources
from custom_components.med_exporter.grid.servers import (
    GridAddresses,
    GridProbe,
    GridSources,
    async_probe,
    take_probed_signals,
)
from custom_components.med_exporter.sources import web
from custom_components.med_exporter.sources.rte import RteCredentials
from custom_components.med_exporter.sources.tempo_calendar import paris_date
from custom_components.med_exporter.web.client import web_session
from tests.grid_server import (
    CLIENT_ID,
    CLIENT_SECRET,
    HTML,
    SILENT,
    TEMPO_SERVICES,
    Failure,
    GridServer,
    gateway_signal,
    rte_signal,
    running_grid_server,
)
from tests.real_home.ports import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ACCOUNT = RteCredentials(client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
TODAY = date(2026, 1, 15)


def all_at(address: str) -> GridAddresses:
    names = ("rte", "services_rte", "couleur_tempo", "gateway", "open_dpe")
    return GridAddresses.from_options(dict.fromkeys(names, address))


@pytest.fixture
async def server() -> AsyncIterator[GridServer]:
    async with running_grid_server() as server:
        today = paris_date(datetime.now(UTC))
        server.fill(today - timedelta(days=3), today)
        server.signals = [rte_signal(today)]
        server.gateway_signals = {str(today - timedelta(days=1)): gateway_signal(today)}
        yield server


async def test_an_account_that_works(hass, server: GridServer) -> None:
    assert await async_probe(hass, ACCOUNT, all_at(server.address)) == GridProbe()


async def test_no_account_that_works(hass, server: GridServer) -> None:
    assert await async_probe(hass, None, all_at(server.address)) == GridProbe()
    assert server.asked["rte_tempo"] == server.asked["token"] == 0


async def test_wrong_credentials(hass, server: GridServer) -> None:
    wrong = RteCredentials(client_id=CLIENT_ID, client_secret="no")
    probe = await async_probe(hass, wrong, all_at(server.address))
    assert probe == GridProbe(account="invalid_auth")
    assert server.asked["rte_tempo"] == server.asked["rte_ecowatt"] == 0


@pytest.mark.parametrize("part", ["tempo", "ecowatt"])
@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (Failure(status=403), "not_subscribed"),
        (Failure(status=429), None),
        (Failure(status=509), None),
        (Failure(status=500), "server_error"),
        (HTML, "not_expected_server"),
    ],
)
async def test_each_api_has_its_own_answer(hass, server: GridServer, part, failure, code) -> None:
    server.fail("rte_tempo" if part == "tempo" else "rte_ecowatt", failure=failure)
    probe = await async_probe(hass, ACCOUNT, all_at(server.address))
    assert probe == GridProbe(**{part: code})


async def test_a_name_that_does_not_exist(hass, monkeypatch) -> None:
    # The test kit takes away Home Assistant's own resolver.
    async with ClientSession(connector=TCPConnector(resolver=ThreadedResolver())) as session:
        monkeypatch.setattr(grid_sources, "web_session", lambda hass: session)
        probe = await async_probe(hass, ACCOUNT, all_at("http://rte.invalid"))
    assert probe == GridProbe(account="name_not_resolved")


async def test_a_wrong_address(hass, server, monkeypatch) -> None:
    probe = await async_probe(hass, ACCOUNT, all_at(server.address.replace("http:", "https:")))
    assert probe == GridProbe(account="tls")
    probe = await async_probe(hass, ACCOUNT, all_at(f"http://127.0.0.1:{free_port()}"))
    assert probe == GridProbe(account="refused")
    probe = await async_probe(hass, ACCOUNT, all_at(server.address + "/elsewhere"))
    assert probe == GridProbe(account="not_expected_server")
    monkeypatch.setattr(web, "TIMEOUT", timedelta(seconds=0.2))
    server.fail("token", failure=SILENT)
    assert await async_probe(hass, ACCOUNT, all_at(server.address)) == GridProbe(
        account="timed_out"
    )


async def test_without_an_account_one_living_server_is_enough(hass, server: GridServer) -> None:
    server.fail("services_rte", "couleur_tempo", failure=Failure(status=403))
    assert (await async_probe(hass, None, all_at(server.address))).tempo is None
    server.fail(*TEMPO_SERVICES, failure=Failure(status=403))
    server.fail("gateway_ecowatt", failure=HTML)
    assert await async_probe(hass, None, all_at(server.address)) == GridProbe(
        tempo="not_expected_server", ecowatt="not_expected_server"
    )


async def test_ecowatts_answer_to_the_test_is_kept_since_rte_gives_no_other(
    hass, server: GridServer, freezer
) -> None:
    freezer.move_to(NOW)
    server.signals = [rte_signal(TODAY, 3)]
    addresses = all_at(server.address)
    for _ in range(3):
        assert await async_probe(hass, ACCOUNT, addresses) == GridProbe()
    assert server.asked["rte_ecowatt"] == 1
    sources = GridSources(web_session(hass), ACCOUNT, addresses)
    probed = take_probed_signals(hass, sources)
    assert probed is not None
    assert probed.signals[TODAY].level == 3
    freezer.tick(timedelta(minutes=15))
    assert take_probed_signals(hass, sources) is None


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("rte", "ftp://rte.example"),
        ("rte", "rte.example"),
        ("gateway", "https://"),
        ("gateway", "https://user:secret@gateway.example"),
        ("gateway", "https://gateway.example/?token=1"),
        ("services_rte", "https://<b>.example"),
        ("couleur_tempo", "https://tempo.example:99999"),
        ("couleur_tempo", 5),
        ("other", "https://other.example"),
    ],
)
def test_an_address_that_is_none_is_named(name, address) -> None:
    with pytest.raises(ValueError, match=f"^{name}$"):
        GridAddresses.from_options({name: address})


def test_addresses_of_the_options_replace_the_usual_ones() -> None:
    addresses = GridAddresses.from_options({"gateway": "http://192.168.1.5:5000/med"})
    assert addresses.gateway == "http://192.168.1.5:5000/med"
    assert addresses.rte == "https://digital.iservices.rte-france.com"

"""The flow of a mail account logs in before it saves, and names each mistake at its field."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_RECONFIGURE, ConfigEntryState
from homeassistant.util.ssl import client_context

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.delivery import mail as mail_module
from custom_components.med_exporter.diagnostics import async_get_config_entry_diagnostics
from custom_components.med_exporter.vault import async_get_vault
from tests.mail_server import PASSWORD, SENDER, USER, MailServer, add_account, mail_server
from tests.metering_points import answer, start_flow
from tests.real_home.ports import free_port

from .words import errors_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from tests.mosquitto import Authority


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


async def errors_of(hass: HomeAssistant, user_input: dict[str, Any]) -> dict[str, str]:
    """Submit, see that nothing is created and that all words are there, and return the errors."""
    result = await answer(hass, await start_flow(hass, "email"), user_input)
    hass.config_entries.flow.async_abort(result["flow_id"])
    return errors_in(result, PASSWORD)


async def start(hass: HomeAssistant, entry: ConfigEntry, source: str) -> dict[str, Any]:
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": source, "entry_id": entry.entry_id}, data=dict(entry.data)
    )


async def test_an_account_logs_in_and_is_saved_with_its_password_encrypted(
    hass: HomeAssistant, server: MailServer
) -> None:
    entry = await add_account(hass, server, **{"from": f"House <{SENDER}>"})
    assert entry.state is ConfigEntryState.LOADED
    assert (entry.title, entry.unique_id) == (SENDER, f"email 127.0.0.1 {USER}")
    assert PASSWORD not in str(entry.as_dict())
    assert (await async_get_vault(hass)).decrypt(entry.data["password"]) == PASSWORD
    assert server.logins == 1
    assert server.inbox == []
    diagnostics = str(await async_get_config_entry_diagnostics(hass, entry))
    assert not any(word in diagnostics for word in (SENDER, USER, "127.0.0.1", PASSWORD))


async def test_a_server_without_login_needs_none(hass: HomeAssistant) -> None:
    with mail_server(password=None) as server:
        entry = await add_account(hass, server)
    assert "password" not in entry.data


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"host": " "}, {"host": "field_missing"}),
        ({"host": "smtp://mail.test"}, {"host": "invalid_mail_host"}),
        ({"host": "mail test"}, {"host": "invalid_mail_host"}),
        ({"username": None}, {"username": "username_missing"}),
        ({"password": None}, {"password": "field_missing"}),
        ({"from": "house"}, {"from": "invalid_mail_address"}),
        ({"from": "a@b\nBcc: c@d"}, {"from": "invalid_mail_address"}),
    ],
)
async def test_a_mistake_is_named_before_anything_is_tried(
    hass: HomeAssistant, server: MailServer, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    assert await errors_of(hass, server.form(**changes)) == errors
    assert server.logins == 0


async def test_what_logging_in_finds(hass: HomeAssistant, server: MailServer) -> None:
    assert await errors_of(hass, server.form(password="wrong")) == {
        "password": "delivery_wrong_password"
    }
    assert await errors_of(hass, server.form(port=free_port())) == {"port": "delivery_refused"}
    assert await errors_of(hass, server.form(host="nowhere.invalid")) == {
        "host": "delivery_name_not_resolved"
    }
    assert await errors_of(hass, server.form(security="starttls")) == {
        "security": "delivery_no_starttls"
    }
    assert await errors_of(hass, server.form(security="tls")) == {"security": "delivery_no_tls"}


async def test_a_login_where_none_is_taken_is_named(hass: HomeAssistant) -> None:
    with mail_server(password=None) as server:
        errors = await errors_of(hass, server.form(username=USER, password=PASSWORD))
    assert errors in ({"username": "delivery_no_login"}, {"password": "delivery_wrong_password"})


async def test_a_server_that_says_nothing_times_out(
    hass: HomeAssistant, silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_module, "TIMEOUT", 0.2)
    form = MailServer(port=silent_port).form()
    assert await errors_of(hass, form) == {"host": "delivery_timed_out"}


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_has_to_be_trusted(
    hass: HomeAssistant, authority: Authority, security: str
) -> None:
    with mail_server(security=security, authority=authority) as server:
        assert await errors_of(hass, server.form()) == {"host": "delivery_tls_certificate"}
        # As an authority that the machine trusts.
        client_context().load_verify_locations(cadata=authority.pem)
        entry = await add_account(hass, server)
    assert entry.data["security"] == security


async def test_the_port_goes_by_the_encryption_when_it_is_left_empty(hass: HomeAssistant) -> None:
    form = MailServer().form(port=None, host="127.0.0.1", security="starttls")
    # Nobody listens there.
    result = await answer(hass, await start_flow(hass, "email"), form)
    assert result["description_placeholders"]["host"] == "127.0.0.1:587"


async def test_the_same_account_cannot_be_set_up_twice(
    hass: HomeAssistant, server: MailServer
) -> None:
    await add_account(hass, server)
    assert await errors_of(hass, server.form()) == {"username": "mail_account_exists"}


async def test_changing_it_keeps_a_password_that_is_left_empty(
    hass: HomeAssistant, server: MailServer
) -> None:
    entry = await add_account(hass, server)
    flow = await start(hass, entry, SOURCE_RECONFIGURE)
    assert PASSWORD not in str(flow["data_schema"].schema)
    form = server.form(**{"from": "reports@example.org", "password": None})
    result = await answer(hass, flow, form)
    assert result["reason"] == "reconfigure_successful"
    assert entry.data["from"] == "reports@example.org"
    assert (await async_get_vault(hass)).decrypt(entry.data["password"]) == PASSWORD
    await hass.async_block_till_done()


@pytest.mark.parametrize(
    "changed", [{"host": "localhost"}, {"port": 2525}, {"security": "tls"}, {"username": "other"}]
)
async def test_a_password_never_goes_to_another_server_nor_another_way(
    hass: HomeAssistant, server: MailServer, changed: dict[str, object]
) -> None:
    entry = await add_account(hass, server)
    flow = await start(hass, entry, SOURCE_RECONFIGURE)
    result = await answer(hass, flow, server.form(**changed, password=None))
    assert result["errors"] == {"password": "field_missing"}
    assert server.logins == 1


@pytest.mark.parametrize(
    "said", [b"220-mail\r\n" * 1_000_000, b"220 " + b"x" * 10_000_000, b"\0\xff" * 1_000_000]
)
async def test_a_server_that_says_too_much_is_left(hass: HomeAssistant, said: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            writer.write(said)
            await writer.drain()
            await reader.read()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as rude:
        port = rude.sockets[0].getsockname()[1]
        errors = await errors_of(hass, MailServer(port=port).form())
    assert set(errors.values()) <= {"delivery_server_refused", "delivery_not_expected_server"}
    assert errors


async def test_a_server_that_answers_without_end_is_left(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_module, "LONGEST_LOGIN", 0.3)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail\r\n")
        with suppress(OSError):
            while await reader.readline():
                # Each answer is in time, and asks for another.
                writer.write(b"334 bW9yZQ==\r\n")
                await writer.drain()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as rude:
        port = rude.sockets[0].getsockname()[1]
        form = MailServer(port=port, password=None).form()
        errors = await errors_of(hass, form)
    assert errors


async def test_a_new_password_is_asked_for_and_tried(
    hass: HomeAssistant, server: MailServer
) -> None:
    entry = await add_account(hass, server)
    server.password = "another one"
    flow = await start(hass, entry, SOURCE_REAUTH)
    assert {str(marker) for marker in flow["data_schema"].schema} == {"username", "password"}
    result = await answer(hass, flow, {"username": USER, "password": PASSWORD})
    assert result["errors"] == {"password": "delivery_wrong_password"}
    result = await answer(hass, result, {"username": USER, "password": "another one"})
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    assert entry.runtime_data.password == "another one"

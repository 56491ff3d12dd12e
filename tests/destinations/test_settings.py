"""What all forms of destinations have in common: secrets that stay, and mistakes as such."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import voluptuous as vol
from homeassistant.helpers.selector import BooleanSelector, TextSelector
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.med_exporter.const import DEFAULT_DATA, DOMAIN, DataType
from custom_components.med_exporter.destinations.base import DestinationError
from custom_components.med_exporter.destinations.kind import DestinationKind
from custom_components.med_exporter.destinations.registry import DESTINATIONS
from custom_components.med_exporter.destinations.settings import (
    Finding,
    async_check,
    async_data,
    async_settings,
    title_of,
)
from custom_components.med_exporter.form_fields import LOGIN, secret_text
from custom_components.med_exporter.vault import async_decrypted, async_get_vault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.core import HomeAssistant

SECRETS = {"password", "token"}
GIVEN = {
    "url": "https://server:8000",
    "username": "me",
    "password": " pass word ",
    "token": "planted",
    "verify_ssl": True,
    "interval": "60",
    "data": ["tempo"],
}


class Server:
    """What the connection test of the kind finds."""

    answer: str | DestinationError | None = None
    asked: Mapping[str, Any] | None = None

    async def create(self, *_: Any) -> Any:
        raise NotImplementedError

    async def test(self, hass: HomeAssistant, settings: Mapping[str, Any]) -> str | None:
        self.asked = settings
        if isinstance(self.answer, DestinationError):
            raise self.answer
        return self.answer


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def kind(server: Server) -> DestinationKind:
    return DestinationKind(
        type="jeedom",
        model="Server",
        create=server.create,
        fields={
            vol.Required("url"): TextSelector(),
            **LOGIN,
            vol.Required("token"): secret_text(),
            vol.Required("verify_ssl", default=True): BooleanSelector(),
        },
        test=server.test,
        unique_id=lambda _, settings: settings["url"],
        titles=lambda _, settings: ("Server", f"Server {settings['url']}"),
        login=("token",),
        example="http://server",
    )


@pytest.fixture
async def entry(hass: HomeAssistant, kind: DestinationKind) -> MockConfigEntry:
    settings = await async_settings(hass, kind, GIVEN)
    data = await async_data(hass, kind, settings)
    made = MockConfigEntry(domain=DOMAIN, data=data, title="Server", unique_id=GIVEN["url"])
    made.add_to_hass(hass)
    return made


async def errors_of(
    hass: HomeAssistant, kind: DestinationKind, entry: Any = None, **changes: Any
) -> dict[str, str]:
    settings = await async_settings(hass, kind, {**GIVEN, **changes}, entry)
    return (await async_check(hass, kind, settings, entry)).errors


async def test_texts_lose_their_spaces_but_a_password_keeps_them(
    hass: HomeAssistant, kind: DestinationKind
) -> None:
    settings = await async_settings(hass, kind, {**GIVEN, "url": " http://a ", "username": "  "})
    assert settings["url"] == "http://a"
    assert settings["password"] == " pass word "
    assert "username" not in settings
    assert settings["interval"] == 60


async def test_secrets_are_stored_encrypted_under_an_id_that_stays(
    hass: HomeAssistant, kind: DestinationKind, entry: MockConfigEntry
) -> None:
    assert not any(GIVEN[name] in str(entry.data) for name in ("password", "token"))
    assert {
        key: (await async_decrypted(hass, entry.data, SECRETS))[key]
        for key in ("password", "token")
    } == {
        "password": " pass word ",
        "token": "planted",
    }
    settings = await async_settings(hass, kind, {**GIVEN, "interval": "15"}, entry)
    data = await async_data(hass, kind, settings, entry)
    assert (data["id"], data["type"], data["interval"]) == (entry.data["id"], "jeedom", 15)


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({}, True),
        ({"url": "https://server:8000/another/path"}, True),
        # Another service of the same machine is another one, and so is one that anybody can hear.
        ({"url": "https://server:9999"}, False),
        ({"url": "http://server"}, False),
        # A secret goes to nobody whom the user has not given it for.
        ({"url": "https://elsewhere:8000"}, False),
        ({"username": "other"}, False),
    ],
)
async def test_a_secret_left_empty_stays_with_its_user_at_its_server(
    hass: HomeAssistant,
    kind: DestinationKind,
    entry: MockConfigEntry,
    changes: dict[str, str],
    kept: bool,
) -> None:
    given = {**GIVEN, "password": "", "token": "", **changes}
    settings = await async_settings(hass, kind, given, entry)
    assert (SECRETS & settings.keys() == {"password", "token"}) is kept
    if not kept:
        assert await errors_of(hass, kind, entry, **given) == {"token": "field_missing"}


async def test_a_lost_key_makes_the_secret_a_missing_one(
    hass: HomeAssistant,
    kind: DestinationKind,
    entry: MockConfigEntry,
) -> None:
    vault = await async_get_vault(hass)
    foreign = vault.encrypt("planted")[:-4] + "AAA="
    hass.config_entries.async_update_entry(entry, data={**entry.data, "token": foreign})
    assert await errors_of(hass, kind, entry, token="") == {"token": "field_missing"}


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"url": ""}, {"url": "field_missing"}),
        ({"token": " "}, {"token": "field_missing"}),
        ({"url": "ftp://server"}, {"url": "url_scheme"}),
        ({"url": "http://server", "verify_ssl": False}, {"verify_ssl": "needs_https"}),
        ({"username": ""}, {"username": "username_missing"}),
        ({"data": []}, {"data": "no_data"}),
    ],
)
async def test_mistakes_are_found_before_anybody_is_asked(
    hass: HomeAssistant,
    kind: DestinationKind,
    server: Server,
    changes: dict[str, Any],
    errors: dict[str, str],
) -> None:
    assert await errors_of(hass, kind, **changes) == errors
    assert server.asked is None


async def test_a_second_destination_is_refused_but_not_the_same_one(
    hass: HomeAssistant, kind: DestinationKind, entry: MockConfigEntry, server: Server
) -> None:
    assert await errors_of(hass, kind) == {"url": "destination_exists"}
    assert await errors_of(hass, kind, entry) == {}
    settings = await async_settings(hass, kind, {**GIVEN, "url": "http://b"})
    assert title_of(hass, kind, settings) == "Server http://b"


async def test_the_tests_mistake_stands_at_its_field_or_at_the_top(
    hass: HomeAssistant, kind: DestinationKind, server: Server
) -> None:
    server.answer = DestinationError("refused", variant="loopback", field="url", host="h:1")
    settings = await async_settings(hass, kind, GIVEN)
    finding = await async_check(hass, kind, settings)
    assert finding.errors == {"url": "destination_refused_loopback"}
    assert finding.placeholders["host"] == "h:1"
    finding = await async_check(hass, kind, settings, fields={"token"})
    assert finding.errors == {"base": "destination_refused_loopback"}


async def test_a_remark_is_handed_on(
    hass: HomeAssistant, kind: DestinationKind, server: Server
) -> None:
    server.answer = "destination_could_not_be_verified"
    settings = await async_settings(hass, kind, GIVEN)
    assert await async_check(hass, kind, settings) == Finding(
        placeholders={"example": kind.example}, remark=server.answer
    )


@pytest.mark.parametrize("kind", DESTINATIONS.values(), ids=list(DESTINATIONS))
class TestEveryKind:
    """What holds for each kind of destination."""

    def test_interval_and_data(self, kind: DestinationKind) -> None:
        fields = {str(marker): selector for marker, selector in kind.schema().schema.items()}
        assert fields["interval"].config["options"] == ["15", "30", "60", "360", "1440"]
        assert fields["data"].config["options"] == list(DataType)
        defaults = {str(marker): marker.default for marker in kind.schema().schema}
        assert defaults["interval"]() == "60"
        assert defaults["data"]() == list(DEFAULT_DATA)

    def test_no_secret_is_shown_or_asked_for_again(self, kind: DestinationKind) -> None:
        stored = {str(marker): "x" for marker in kind.schema().schema}
        assert kind.secrets & kind.values(stored).keys() == set()
        known = kind.schema(is_known=True).schema
        assert not [
            marker
            for marker in known
            if str(marker) in kind.secrets and isinstance(marker, vol.Required)
        ]

    def test_the_login_is_of_the_form(self, kind: DestinationKind) -> None:
        assert set(kind.login) <= {str(marker) for marker in kind.fields}

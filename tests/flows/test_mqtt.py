"""The flow of an MQTT destination tries the broker and names the mistake at its field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_RECONFIGURE, ConfigEntryState
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.med_exporter import vault as vault_module
from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.destinations.mqtt import opening as mqtt_opening
from custom_components.med_exporter.destinations.mqtt import probe
from custom_components.med_exporter.destinations.mqtt.settings import with_scheme
from custom_components.med_exporter.vault import async_get_vault
from tests.metering_points import answer, start_flow
from tests.mosquitto import Authority
from tests.mqtt_destinations import PREFIX, add_mqtt, mqtt_input
from tests.real_home.ports import free_port

from .words import errors_in

if TYPE_CHECKING:
    from pathlib import Path

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant


async def submit(hass: HomeAssistant, user_input: dict[str, Any]) -> dict[str, Any]:
    return await answer(hass, await start_flow(hass, "mqtt"), user_input)


async def errors_of(hass: HomeAssistant, user_input: dict[str, Any]) -> dict[str, str]:
    """Submit, and check that nothing was created and that every error has its words."""
    result = await submit(hass, user_input)
    assert not hass.config_entries.async_entries(DOMAIN)
    return errors_in(result)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_broker_may_be_a_host_and_a_port(hass: HomeAssistant, mosquitto, host: str) -> None:
    broker = mosquitto()
    entry = await add_mqtt(hass, broker.port, broker=f"{host}:{broker.port}")
    assert entry.data["broker"] == f"mqtt://{host}:{broker.port}"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("broker", "mqtt://broker"),
        ("[::1]:18830", "mqtt://[::1]:18830"),
        ("broker.example:8883", "mqtts://broker.example:8883"),
        *((address, address) for address in ("mqtts://a:1", "http://a", "mqtt:a", "//a", "/a")),
    ],
)
def test_only_a_scheme_that_was_left_out_is_completed(typed: str, meant: str) -> None:
    assert with_scheme(typed) == meant


async def test_a_destination_is_created(hass: HomeAssistant, mosquitto) -> None:
    broker = mosquitto(users={"someone": "secret"})
    entry = await add_mqtt(hass, broker.port, username="someone", password="secret")
    assert entry.state is ConfigEntryState.LOADED
    assert entry.title == "MQTT 127.0.0.1"
    assert entry.unique_id == f"mqtt://127.0.0.1:{broker.port}/{PREFIX}"
    assert entry.data["qos"] == 1
    assert entry.data["interval"] == 60
    assert "secret" not in str(entry.data)
    assert (await async_get_vault(hass)).decrypt(entry.data["password"]) == "secret"


async def test_a_destination_over_tls(hass: HomeAssistant, mosquitto, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    broker = mosquitto(tls=authority.issue())
    address = f"mqtts://127.0.0.1:{broker.port}"
    assert await errors_of(hass, mqtt_input(0, broker=address)) == {
        "ca_certificate": "destination_tls_certificate_mqtt"
    }
    entry = await add_mqtt(hass, 0, broker=address, ca_certificate=authority.pem)
    assert entry.state is ConfigEntryState.LOADED


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"broker": "http://broker"}, {"broker": "url_scheme"}),
        ({"broker": "mqtt://me:pw@host"}, {"broker": "url_credentials"}),
        ({"broker": "mqtt://ho`st"}, {"broker": "url_characters"}),
        ({"topic_prefix": "a/#"}, {"topic_prefix": "invalid_topic_prefix"}),
        ({"topic_prefix": "a/+/b"}, {"topic_prefix": "invalid_topic_prefix"}),
        ({"topic_prefix": "/a"}, {"topic_prefix": "invalid_topic_prefix"}),
        ({"topic_prefix": "a/"}, {"topic_prefix": "invalid_topic_prefix"}),
        ({"topic_prefix": "$SYS/a"}, {"topic_prefix": "invalid_topic_prefix"}),
        ({"topic_prefix": " "}, {"topic_prefix": "invalid_topic_prefix"}),
        ({"topic_prefix": "a" * 201}, {"topic_prefix": "invalid_topic_prefix"}),
        ({"data": []}, {"data": "no_data"}),
        ({"password": "x"}, {"username": "username_missing"}),
        ({"ca_certificate": "x"}, {"ca_certificate": "needs_mqtts"}),
        ({"verify_ssl": False}, {"verify_ssl": "needs_mqtts"}),
        (
            {"broker": "mqtts://h", "ca_certificate": "x"},
            {"ca_certificate": "invalid_certificate"},
        ),
        (
            {"broker": "mqtts://h", "ca_certificate": "x", "verify_ssl": False},
            {"ca_certificate": "needs_verification"},
        ),
        (
            {"broker": None, "username": "me", "verify_ssl": False},
            {"username": "not_with_own_broker", "verify_ssl": "not_with_own_broker"},
        ),
        ({"broker": None}, {"broker": "destination_no_mqtt_integration"}),
    ],
)
async def test_a_mistake_is_named_before_anything_is_tried(
    hass: HomeAssistant, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    with patch.object(probe, "async_open", side_effect=AssertionError):
        assert await errors_of(hass, mqtt_input(1883, **changes)) == errors


async def test_a_broker_that_is_not_there(hass: HomeAssistant) -> None:
    assert await errors_of(hass, mqtt_input(free_port())) == {
        "broker": "destination_refused_loopback"
    }
    assert await errors_of(hass, mqtt_input(0, broker="mqtt://no-such-host.invalid")) == {
        "broker": "destination_name_not_resolved"
    }


async def test_a_silent_server(
    hass: HomeAssistant, silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt_opening, "TIMEOUT", 0.3)
    monkeypatch.setattr(mqtt_opening, "_NEWER_VERSION_TIMEOUT", 0.2)
    assert await errors_of(hass, mqtt_input(silent_port)) == {"broker": "destination_timed_out"}


async def test_wrong_credentials(hass: HomeAssistant, mosquitto) -> None:
    broker = mosquitto(users={"someone": "secret"})
    wrong = mqtt_input(broker.port, username="someone", password="wrong")
    assert await errors_of(hass, wrong) == {"password": "destination_wrong_credentials"}


async def test_a_prefix_that_is_not_allowed(hass: HomeAssistant, mosquitto) -> None:
    broker = mosquitto(acl="topic write elsewhere/#\n")
    assert await errors_of(hass, mqtt_input(broker.port)) == {
        "topic_prefix": "destination_publish_not_allowed"
    }


async def test_what_cannot_be_verified_is_said_before_it_is_saved(
    hass: HomeAssistant, mosquitto
) -> None:
    broker = mosquitto(acl=f"topic write {PREFIX}/#\n")
    only_3 = (mqtt_opening.VERSIONS[-1],)
    with (
        patch.object(probe.async_test_broker, "__kwdefaults__", {"versions": only_3}),
        patch.object(probe, "_PROBE_TIMEOUT", 0.2),
    ):
        result = await submit(hass, mqtt_input(broker.port))
        assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "mqtt_unverified")
        result = await answer(hass, result, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()


async def test_the_same_broker_and_prefix_twice(hass: HomeAssistant, mosquitto) -> None:
    broker = mosquitto()
    first = await add_mqtt(hass, broker.port)
    result = await submit(hass, mqtt_input(broker.port))
    assert result["errors"] == {"topic_prefix": "destination_exists"}
    assert result["description_placeholders"]["name"] == first.title
    second = await add_mqtt(hass, broker.port, topic_prefix="other")
    assert second.title != first.title
    assert second.data["id"] != first.data["id"]


@pytest.fixture
def own_integration(hass: HomeAssistant) -> MockConfigEntry:
    """The entry of Home Assistant's own MQTT integration, not loaded; a test sets its data."""
    entry = MockConfigEntry(domain="mqtt")
    entry.add_to_hass(hass)
    return entry


async def test_the_broker_of_home_assistants_own_integration(
    hass: HomeAssistant, mosquitto, own_integration: MockConfigEntry
) -> None:
    broker = mosquitto(users={"home": "assistant"})
    login = {"broker": "127.0.0.1", "port": broker.port, "username": "home"}
    hass.config_entries.async_update_entry(own_integration, data={**login, "password": "no"})
    # The login is not of this form.
    assert (await submit(hass, mqtt_input(0, broker=None)))["errors"] == {
        "broker": "destination_wrong_credentials"
    }
    hass.config_entries.async_update_entry(own_integration, data={**login, "password": "assistant"})
    entry = await add_mqtt(hass, 0, broker=None)
    assert entry.state is ConfigEntryState.LOADED
    assert entry.unique_id == f"mqtt://127.0.0.1:{broker.port}/{PREFIX}"
    # It is the same broker, whoever names it.
    result = await submit(hass, mqtt_input(broker.port, username="home", password="assistant"))
    assert result["errors"] == {"topic_prefix": "destination_exists"}


async def start_reconfigure(hass: HomeAssistant, entry: ConfigEntry) -> dict[str, Any]:
    context = {"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    return await hass.config_entries.flow.async_init(DOMAIN, context=context)


async def test_reconfigure_moves_the_broker_which_asks_for_the_password(
    hass: HomeAssistant, mosquitto
) -> None:
    users = {"someone": "secret"}
    first, second = mosquitto(users=users), mosquitto(users=users)
    entry = await add_mqtt(hass, first.port, username="someone", password="secret")
    public_id = entry.data["id"]
    form = await start_reconfigure(hass, entry)
    shown = {
        str(key): key.description["suggested_value"]
        for key in form["data_schema"].schema
        if key.description
    }
    assert shown["username"] == "someone"
    assert "password" not in shown
    moved = mqtt_input(second.port, username="someone", qos="2", retain=False)
    form = await answer(hass, form, moved)
    assert form["errors"] == {"password": "destination_wrong_credentials"}
    result = await answer(hass, form, {**moved, "password": "secret"})
    assert (result["type"], result["reason"]) == (
        FlowResultType.ABORT,
        "reconfigure_successful",
    )
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert entry.unique_id == f"mqtt://127.0.0.1:{second.port}/{PREFIX}"
    assert (entry.data["id"], entry.data["qos"]) == (public_id, 2)
    assert (await async_get_vault(hass)).decrypt(entry.data["password"]) == "secret"


async def test_reconfigure_of_another_user_does_not_take_the_old_password(
    hass: HomeAssistant, mosquitto
) -> None:
    broker = mosquitto(users={"someone": "secret", "other": "secret"})
    entry = await add_mqtt(hass, broker.port, username="someone", password="secret")
    result = await answer(
        hass, await start_reconfigure(hass, entry), mqtt_input(broker.port, username="other")
    )
    assert result["errors"] == {"password": "destination_wrong_credentials"}


async def test_a_login_that_is_removed_is_gone(hass: HomeAssistant, mosquitto) -> None:
    first, second = mosquitto(users={"someone": "secret"}), mosquitto()
    entry = await add_mqtt(hass, first.port, username="someone", password="secret")
    form = await start_reconfigure(hass, entry)
    await answer(hass, form, mqtt_input(second.port))
    await hass.async_block_till_done()
    assert "username" not in entry.data
    assert "password" not in entry.data


async def test_reauth(hass: HomeAssistant, mosquitto) -> None:
    broker = mosquitto(users={"someone": "secret"})
    entry = await add_mqtt(hass, broker.port, username="someone", password="secret")
    entry.async_start_reauth(hass)
    await hass.async_block_till_done()
    (form,) = hass.config_entries.flow.async_progress()
    assert form["step_id"] == "mqtt_reauth"
    form = await answer(hass, form, {"username": "someone", "password": "wrong"})
    assert form["errors"] == {"password": "destination_wrong_credentials"}
    broker.kill()
    form = await answer(hass, form, {"username": "someone", "password": "secret"})
    assert form["errors"] == {"base": "destination_refused_loopback"}
    broker.start()
    result = await answer(hass, form, {"username": "someone", "password": "secret"})
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED


async def test_a_lost_key_asks_for_the_login_again(hass: HomeAssistant, mosquitto) -> None:
    broker = mosquitto(users={"someone": "secret"})
    entry = await add_mqtt(hass, broker.port, username="someone", password="secret")
    foreign = vault_module.Vault(vault_module.Fernet(vault_module.Fernet.generate_key()))
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, "password": foreign.encrypt("secret")}
    )
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.SETUP_ERROR
    (flow,) = [
        flow
        for flow in hass.config_entries.flow.async_progress()
        if flow["context"]["source"] == SOURCE_REAUTH
    ]
    result = await answer(hass, flow, {"username": "someone", "password": "secret"})
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED

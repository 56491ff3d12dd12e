"""The flow of an InfluxDB destination: what each version needs, and what the test finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_RECONFIGURE, ConfigEntryState
from homeassistant.data_entry_flow import FlowResultType

from custom_components.med_exporter.const import DOMAIN
from tests.influxdb import add_influxdb, influxdb_input, running_influx
from tests.metering_points import answer, start_flow
from tests.real_home.ports import free_port

from .words import errors_in

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

NOWHERE = "http://127.0.0.1:9"
MISSING, OTHER = "influxdb_field_missing", "influxdb_field_of_another_version"


async def errors_of(hass: HomeAssistant, url: str, version: int, **changes: Any) -> dict[str, str]:
    """Submit, and check that nothing was created."""
    flow = await start_flow(hass, "influxdb")
    result = await answer(hass, flow, influxdb_input(url, version, **changes))
    assert result["step_id"] == "influxdb"
    return errors_in(result)


async def test_a_destination_of_each_version_is_created(hass: HomeAssistant, influxd) -> None:
    server = influxd()
    entry = await add_influxdb(hass, f"{server.url}/write", labels='{"site": "home"}')
    assert entry.state is ConfigEntryState.LOADED
    assert entry.title == "InfluxDB 127.0.0.1"
    assert (entry.data["url"], entry.data["version"]) == (server.url, 1)
    async with running_influx() as paper:
        second = await add_influxdb(hass, f"{paper.url}/api/v2/write", 2)
        assert (second.title, second.data["url"]) == ("InfluxDB 127.0.0.1 home med", paper.url)
        assert "t0ken" not in str(second.as_dict())
        third = await add_influxdb(hass, paper.url, 3, database=None, bucket="med")
        assert third.state is ConfigEntryState.LOADED


@pytest.mark.parametrize(
    ("version", "changes", "errors"),
    [
        (1, {"url": "influx:8086"}, {"url": "url_scheme"}),
        (1, {"url": " "}, {"url": "field_missing"}),
        (1, {"verify_ssl": False}, {"verify_ssl": "needs_https"}),
        (1, {"data": []}, {"data": "no_data"}),
        (1, {"database": None}, {"database": MISSING}),
        (1, {"password": "x"}, {"username": "username_missing"}),
        (
            1,
            {"bucket": "b", "organisation": "o", "token": "t"},
            {"bucket": OTHER, "organisation": OTHER, "token": OTHER},
        ),
        (
            2,
            {"bucket": None, "organisation": None, "token": None},
            {"bucket": MISSING, "organisation": MISSING, "token": MISSING},
        ),
        (
            2,
            {"database": "d", "username": "u", "password": "p"},
            {"database": OTHER, "username": OTHER, "password": OTHER},
        ),
        (3, {"database": None}, {"database": MISSING}),
        (3, {"bucket": "b", "organisation": "o"}, {"bucket": OTHER, "organisation": OTHER}),
        (3, {"database": None, "bucket": "b", "username": "u"}, {"username": OTHER}),
        (1, {"labels": "site=home"}, {"labels": "labels_not_json"}),
        (1, {"labels": '{"pdl": "a"}'}, {"labels": "labels_reserved"}),
        (1, {"labels": '{"time": "a"}'}, {"labels": "labels_tag_name"}),
        (1, {"labels": '{"wh": "a"}'}, {"labels": "labels_tag_name"}),
        (1, {"labels": '{"_a": "a"}'}, {"labels": "labels_tag_name"}),
        (1, {"labels": r'{"a": "a\\"}'}, {"labels": "labels_tag"}),
        (1, {"labels": r'{"a": "a\\,b"}'}, {"labels": "labels_tag"}),
        (1, {"labels": r'{"a": "a\nb"}'}, {"labels": "labels_tag"}),
        (
            2,
            {"url": "influx", "database": "d", "data": [], "labels": "[]"},
            {
                "url": "url_scheme",
                "database": OTHER,
                "data": "no_data",
                "labels": "labels_not_object",
            },
        ),
    ],
)
async def test_mistakes_are_named_at_their_fields_before_anything_is_tried(
    hass: HomeAssistant, version: int, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    url = changes.get("url", NOWHERE)
    rest = {name: value for name, value in changes.items() if name != "url"}
    assert await errors_of(hass, url, version, **rest) == errors


async def test_what_the_connection_test_finds(hass: HomeAssistant, influxd) -> None:
    server = influxd(login=True)
    assert await errors_of(hass, f"http://127.0.0.1:{free_port()}", 1) == {
        "url": "destination_refused_loopback"
    }
    assert await errors_of(hass, server.url, 1) == {"username": "destination_unauthorized_login"}
    login = {"username": server.username, "password": server.password}
    assert await errors_of(hass, server.url, 1, **{**login, "password": "wrong"}) == {
        "password": "destination_wrong_credentials"
    }
    assert await errors_of(hass, server.url, 1, **login, database="no") == {
        "database": "destination_unknown_database"
    }
    assert await errors_of(hass, f"{server.url}/elsewhere", 1, **login) == {
        "url": "destination_wrong_path_influxdb"
    }
    async with running_influx() as paper:
        assert await errors_of(hass, paper.url, 2, token="no") == {
            "token": "destination_unauthorized_influxdb"
        }
        assert await errors_of(hass, paper.url, 2, bucket="no") == {
            "bucket": "destination_unknown_bucket"
        }
        assert await errors_of(hass, paper.url, 2, organisation="no") == {
            "organisation": "destination_unknown_organisation"
        }
        paper.rights = {"t0ken": {"write"}}
        assert await errors_of(hass, paper.url, 3) == {
            "token": "destination_unauthorized_influxdb_rights"
        }


async def test_what_is_worth_knowing_is_said_before_it_is_saved(
    hass: HomeAssistant, victoriametrics
) -> None:
    async with running_influx(retention=86400) as paper:
        for url, remark in (
            (paper.url, "destination_retention_short_influxdb"),
            (victoriametrics().url, "destination_not_askable"),
        ):
            flow = await start_flow(hass, "influxdb")
            result = await answer(hass, flow, influxdb_input(url, 2))
            assert result["step_id"] == "influxdb_unverified"
            assert errors_in(result) == {"base": remark}
            result = await answer(hass, result, {})
            assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_the_same_place_needs_other_tags(hass: HomeAssistant, influxd) -> None:
    server = influxd()
    await add_influxdb(hass, server.url, labels='{"a": "1", "b": "2"}')
    assert await errors_of(hass, f"{server.url}/", 1, labels='{"b":"2", "a":"1"}') == {
        "url": "destination_exists"
    }
    assert (await add_influxdb(hass, server.url)).title == "InfluxDB 127.0.0.1 med"


async def start(hass: HomeAssistant, entry: ConfigEntry, source: str) -> dict[str, Any]:
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": source, "entry_id": entry.entry_id}, data=dict(entry.data)
    )


async def test_it_can_be_changed_without_typing_the_token_again(hass: HomeAssistant) -> None:
    async with running_influx() as paper:
        entry = await add_influxdb(hass, paper.url, 2)
        flow = await start(hass, entry, SOURCE_RECONFIGURE)
        assert "t0ken" not in str(flow)
        changed = influxdb_input(paper.url, 2, token=None, labels='{"a": "1"}')
        result = await answer(hass, flow, changed)
        assert result["reason"] == "reconfigure_successful", result
        # An upgrade of the server: the token stays.
        flow = await start(hass, entry, SOURCE_RECONFIGURE)
        result = await answer(hass, flow, influxdb_input(paper.url, 3, token=None))
        assert result["reason"] == "reconfigure_successful", result
        assert (entry.data["version"], "bucket" in entry.data) == (3, False)


async def test_a_secret_that_has_no_use_any_more_is_forgotten(hass: HomeAssistant, influxd) -> None:
    async with running_influx() as paper:
        entry = await add_influxdb(hass, paper.url, 2)
        flow = await start(hass, entry, SOURCE_RECONFIGURE)
        result = await answer(hass, flow, influxdb_input(influxd().url, 1))
        assert result["reason"] == "reconfigure_successful", result
        assert "token" not in entry.data


@pytest.mark.parametrize("version", [2, 3])
async def test_only_the_token_is_asked_for_again(hass: HomeAssistant, version: int) -> None:
    async with running_influx() as paper:
        entry = await add_influxdb(hass, paper.url, version)
        paper.rights = {"n3w": {"read", "write"}}
        flow = await start(hass, entry, SOURCE_REAUTH)
        assert [str(one) for one in flow["data_schema"].schema] == ["token"]
        result = await answer(hass, flow, {"token": "wrong"})
        assert result["errors"] == {"token": "destination_unauthorized_influxdb"}
        result = await answer(hass, result, {"token": "n3w"})
        assert result["reason"] == "reauth_successful"


async def test_the_login_of_version_1_is_asked_for_again(hass: HomeAssistant, influxd) -> None:
    server = influxd(login=True)
    login = {"username": server.username, "password": server.password}
    entry = await add_influxdb(hass, server.url, **login)
    flow = await start(hass, entry, SOURCE_REAUTH)
    assert [str(one) for one in flow["data_schema"].schema] == ["username", "password"]
    result = await answer(hass, flow, login)
    assert result["reason"] == "reauth_successful"

"""Who may come through which door: every door of the house, tried by everyone there is.

A door that is new has no row here, which fails.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.auth.const import GROUP_ID_ADMIN, GROUP_ID_READ_ONLY
from homeassistant.auth.models import TOKEN_TYPE_LONG_LIVED_ACCESS_TOKEN
from homeassistant.core import Context
from homeassistant.setup import async_setup_component

from custom_components.med_exporter.actions import ACTIONS
from custom_components.med_exporter.api import DOORS, websocket
from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.errors import MedError
from custom_components.med_exporter.rights import Right
from custom_components.med_exporter.services import SERVICES as REGISTERED
from tests.api.websocket.conftest import Caller
from tests.file_exports import add_plug, add_user, request

if TYPE_CHECKING:
    from homeassistant.auth.models import User

pytestmark = pytest.mark.engine_in_thread

METHODS = ("get", "post", "put", "delete", "patch", "head")
LINK, USER, ADMIN = Right.LINK, Right.USER, Right.ADMINISTRATOR

HTTP = {
    ("GET", "/api/exports/openapi.json"): USER,
    ("GET", "/api/exports/formats"): USER,
    ("GET", "/api/exports/devices"): USER,
    ("GET", "/api/exports/metrics"): USER,
    ("POST", "/api/exports/create"): USER,
    ("GET", "/api/exports/history"): USER,
    ("GET", "/api/exports/stats"): USER,
    ("GET", "/api/exports/preview"): USER,
    ("POST", "/api/exports/compare_contracts"): USER,
    ("GET", "/api/exports/download/{export_id}"): LINK,
    ("HEAD", "/api/exports/download/{export_id}"): LINK,
    ("GET", "/api/exports/{export_id}"): USER,
    ("DELETE", "/api/exports/{export_id}"): USER,
    ("POST", "/api/exports/{export_id}/cancel"): USER,
    ("POST", "/api/exports/schedule"): ADMIN,
    ("GET", "/api/exports/schedules"): ADMIN,
    ("GET", "/api/exports/schedules/{schedule_id}"): ADMIN,
    ("PUT", "/api/exports/schedules/{schedule_id}"): ADMIN,
    ("DELETE", "/api/exports/schedules/{schedule_id}"): ADMIN,
    ("POST", "/api/exports/schedules/{schedule_id}/run"): ADMIN,
    ("GET", "/api/export/configs"): ADMIN,
    ("GET", "/api/export/configs/{destination}"): ADMIN,
    ("PUT", "/api/export/configs/{destination}"): ADMIN,
    ("POST", "/api/export/configs/{destination}/test"): ADMIN,
    ("POST", "/api/export/{destination}/run"): ADMIN,
    ("GET", "/api/export/logs"): ADMIN,
}
COMMANDS = {
    "overview": USER,
    "destinations/list": ADMIN,
    "destinations/run": ADMIN,
    "destinations/test": ADMIN,
    "destinations/change": ADMIN,
    "files/choices": USER,
    "files/list": USER,
    "files/create": USER,
    "files/again": USER,
    "files/formula": USER,
    "files/preview": USER,
    "files/cancel": USER,
    "files/delete": USER,
    "files/link": USER,
    "schedules/list": ADMIN,
    "schedules/choices": ADMIN,
    "schedules/create": ADMIN,
    "schedules/update": ADMIN,
    "schedules/delete": ADMIN,
    "schedules/run": ADMIN,
    "history/list": USER,
    "history/statistics": USER,
    "costs/list": USER,
    "costs/correct": ADMIN,
    "costs/compare": USER,
    "costs/official": USER,
    "overview/subscribe": USER,
    "destinations/subscribe": ADMIN,
    "files/subscribe": USER,
    "schedules/subscribe": ADMIN,
    "history/subscribe": USER,
    "costs/subscribe": USER,
}
SERVICES = {
    "create_export": USER,
    "preview_export": USER,
    "get_export": USER,
    "list_exports": USER,
    "delete_export": USER,
    "cancel_export": USER,
    "get_export_statistics": USER,
    "list_devices": USER,
    "list_metrics": USER,
    "compare_contracts": USER,
    "run_push": ADMIN,
    "test_destination": ADMIN,
    "list_push_log": ADMIN,
    "create_schedule": ADMIN,
    "update_schedule": ADMIN,
    "delete_schedule": ADMIN,
    "list_schedules": ADMIN,
    "run_schedule": ADMIN,
    "remove_all_data": ADMIN,
    "correct_energy": ADMIN,
}
# What nobody's request may hold, whatever the door.
NONSENSE: dict[str, Any] = {"nonsense": [float(10**9)], "limit": "many", "export_id": 5, "wait": {}}


@dataclass
class Identity:
    """Somebody who tries the doors; `user` and `token` are None for one without a login."""

    name: str
    user: User | None
    token: str | None

    @property
    def is_admin(self) -> bool:
        return self.user is not None and self.user.is_admin


@pytest.fixture
def oven(jobs, hass):
    return add_plug(hass, "Oven", "192.168.1.101", "aabbccddee02")


@pytest.fixture
def tariff(jobs, hass):
    """A price that the administrator reads."""
    hass.states.async_set("sensor.tariff", "0.2", {"unit_of_measurement": "EUR/kWh"})
    return "sensor.tariff"


@pytest.fixture
async def identities(jobs, fridge, oven, hass, hass_admin_user):
    """Return everyone there is, by name."""

    async def logged_in(name, user, **kind):
        client = {"client_id": "https://example.org/app"} if not user.system_generated else {}
        token = await hass.auth.async_create_refresh_token(user, **({} if kind else client), **kind)
        return Identity(name, user, hass.auth.async_create_access_token(token))

    lasting = {
        "client_name": "script",
        "token_type": TOKEN_TYPE_LONG_LIVED_ACCESS_TOKEN,
        "access_token_expiration": timedelta(days=10),
    }
    stranger = add_user(hass)
    supervisor = await hass.auth.async_create_system_user("Supervisor", group_ids=[GROUP_ID_ADMIN])
    content = await hass.auth.async_create_system_user("Content", group_ids=[GROUP_ID_READ_ONLY])
    viewer = await hass.auth.async_create_user("Viewer", group_ids=[GROUP_ID_READ_ONLY])
    found = [
        await logged_in("administrator", hass_admin_user),
        await logged_in("reader", add_user(hass, *fridge.entities.values())),
        await logged_in("stranger", stranger),
        await logged_in("read-only", viewer),
        await logged_in("administrator's token", hass_admin_user, **lasting),
        await logged_in("stranger's token", stranger, **lasting),
        await logged_in("system", supervisor),
        await logged_in("system, read-only", content),
        Identity("nobody", None, None),
    ]
    return {one.name: one for one in found}


@pytest.fixture
def http(hass_client_no_auth):
    """Return a function that asks over HTTP as somebody; it answers status and body."""
    clients = []

    async def ask(identity, method, path, **kwargs):
        if not clients:
            clients.append(await hass_client_no_auth())
        headers = {"Authorization": f"Bearer {identity.token}"} if identity.token else {}
        answer = await clients[0].request(method, path, headers=headers, **kwargs)
        is_json = answer.content_type == "application/json"
        return answer.status, await answer.json() if is_json else await answer.text()

    return ask


@pytest.fixture
async def exported(jobs, identities):
    """The id of a file of the administrator."""
    record = await jobs.async_create(
        request(), user=identities["administrator"].user, trigger="http"
    )
    await jobs.async_wait(record.id, 60)
    return record.id


def test_every_door_has_a_row_and_its_right():
    doors = {
        (method.upper(), door.url): door.right
        for door in DOORS
        for method in METHODS
        if hasattr(door, method)
    }
    assert doors == HTTP
    assert {door.url for door in DOORS if not door.requires_auth} == {
        url for (_, url), right in HTTP.items() if right is LINK
    }
    rooms = [import_module(f"{websocket.__name__}.{room}") for room in websocket.COMMANDS]
    commands = {name: one.right for room in rooms for name, one in room.COMMANDS.items()}
    feeds = {f"{name}/subscribe": one.right for room in rooms for name, one in room.FEEDS.items()}
    assert commands | feeds == COMMANDS
    assert {name: one.right for name, one in ACTIONS.items()} == SERVICES


def test_behind_every_door_is_what_it_was_registered_for():
    for door in DOORS:
        view = door.view()
        assert [hasattr(view, one) for one in METHODS] == [hasattr(door, one) for one in METHODS]
    for room, names in websocket.COMMANDS.items():
        module = import_module(f"{websocket.__name__}.{room}")
        assert set(module.COMMANDS) == set(names)
        assert set(module.FEEDS) == {room}
    assert set(ACTIONS) == set(REGISTERED)


def test_home_assistant_knows_no_other_door(jobs, hass):
    routes = {
        (route.method, route.resource.canonical)
        for route in hass.http.app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith("/api/export")
    }
    assert {route for route in routes if route[0] != "OPTIONS"} == set(HTTP)
    known = {name for name in hass.data["websocket_api"] if name.startswith(f"{DOMAIN}/")}
    assert known == {f"{DOMAIN}/{name}" for name in COMMANDS}
    assert set(hass.services.async_services_for_domain(DOMAIN)) == set(SERVICES)


async def test_who_may_not_is_told_so_over_http_whatever_he_asks(identities, http, exported):
    wrong = []
    for (method, url), right in HTTP.items():
        path = re.sub(r"\{\w+\}", "unknown", url)
        body = {} if method == "GET" else {"data": b'{"nonsense": '}
        for identity in identities.values():
            status, answer = await http(identity, method, f"{path}?limit=many&wait=never", **body)
            if identity.user is None:
                expected = status == HTTPStatus.UNAUTHORIZED
            elif right is ADMIN and not identity.is_admin:
                expected = (status, answer["error_code"], answer["field"]) == (
                    HTTPStatus.FORBIDDEN,
                    "NOT_ALLOWED",
                    None,
                )
            else:
                expected = status not in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
                expected = expected and status < HTTPStatus.INTERNAL_SERVER_ERROR
            if not expected:
                wrong.append((identity.name, method, url, status, answer))
    assert wrong == []


async def test_who_may_not_is_told_so_over_the_websocket(identities, hass, hass_ws_client):
    wrong = []
    for identity in identities.values():
        if identity.user is None:
            continue
        caller = Caller(await hass_ws_client(hass, identity.token))
        for command, right in COMMANDS.items():
            answer = await caller.ask(command, **NONSENSE)
            told = answer["success"] or (answer["error"]["code"], answer["error"]["field"])
            is_refused = told == ("NOT_ALLOWED", None)
            if is_refused != (right is ADMIN and not identity.is_admin):
                wrong.append((identity.name, command, answer))
    assert wrong == []


async def test_who_may_not_is_told_so_by_actions(identities, hass):
    wrong = []
    users = [one for one in identities.values() if one.user is not None]
    for identity in [*users, Identity("automation", None, None)]:
        context = Context(user_id=None if identity.user is None else identity.user.id)
        for action, right in SERVICES.items():
            with pytest.raises(Exception) as error:  # noqa: PT011
                await hass.services.async_call(
                    DOMAIN,
                    action,
                    NONSENSE,
                    blocking=True,
                    context=context,
                    return_response=True,
                )
            is_refused = isinstance(error.value, MedError) and error.value.code == "NOT_ALLOWED"
            may = right is not ADMIN or identity.is_admin or identity.user is None
            if is_refused == may:
                wrong.append((identity.name, action, error.value))
    assert wrong == []


async def test_forms_are_for_administrators(identities, http, hass):
    assert await async_setup_component(hass, "config", {})
    path = "/api/config/config_entries/flow"
    for identity in identities.values():
        status, _ = await http(identity, "POST", path, json={"handler": DOMAIN})
        assert (status == HTTPStatus.OK) is identity.is_admin, identity.name


class TestNames:
    """Whoever may not see a thing is told of it as of a thing that does not exist."""

    @pytest.fixture
    def same(self, identities, http):
        """Return a function that tells whether two requests are answered alike, but for names."""

        async def same(method, path, hidden, unknown, body=None):
            told = []
            for name in (hidden, unknown):
                kwargs = {} if body is None else {"json": body(name)}
                status, answer = await http(
                    identities["reader"], method, path.replace("NAME", name), **kwargs
                )
                told.append((status, str(answer).replace(name, "NAME")))
            assert told[0] == told[1]
            return told[0]

        return same

    async def test_of_exports(self, same, exported):
        unknown = "7c1b1a4e-0000-4000-8000-000000000000"
        for method, path in (
            ("GET", "/api/exports/NAME"),
            ("GET", "/api/exports/download/NAME"),
            ("POST", "/api/exports/NAME/cancel"),
            ("DELETE", "/api/exports/NAME"),
        ):
            assert (await same(method, path, exported, unknown))[0] == HTTPStatus.NOT_FOUND

    async def test_of_devices(self, same, oven):
        for hidden in ("Oven", oven.device_id, "192.168.1.101", "aabbccddee02", "pdl-aabbccddee02"):
            told = await same(
                "POST", "/api/exports/create", hidden, "nobody", lambda one: request(devices=[one])
            )
            assert told[0] == HTTPStatus.BAD_REQUEST
            assert "UNKNOWN_DEVICE" in told[1]
            await same("GET", "/api/exports/preview?devices=NAME", hidden, "nobody")

    async def test_of_metering_points_and_prices(self, same, tariff, hass, identities):
        def compared(**changes):
            contract = {"kind": "flat", "price": 0.2}
            asked = {"contracts": [{"name": "A", **contract}], "date_range": "last_month"}
            return {**asked, **changes}

        path = "/api/exports/compare_contracts"
        told = await same("POST", path, "pdl-aabbccddee02", "nobody", lambda one: compared(pdl=one))
        assert "UNKNOWN_METERING_POINT" in told[1]

        def priced(entity_id):
            contract = {"name": "A", "kind": "sensor_price", "entity_id": entity_id}
            return compared(contracts=[contract])

        told = await same("POST", path, tariff, "sensor.nothing", priced)
        assert "contracts[0].entity_id" in told[1]

    async def test_of_users(self, same, identities):
        name = identities["administrator"].user.name
        for export_type, status in (("audit_logs", 403), ("device_data", 400)):
            told = await same(
                "POST",
                "/api/exports/create",
                name,
                "nobody",
                lambda one, kind=export_type: request(export_type=kind, users=[one]),
            )
            assert told[0] == status

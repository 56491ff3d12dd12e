"""Whatever a request says, at whatever door: an answer with a name, and nothing that breaks."""

from __future__ import annotations

import json
import random
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.core import Context
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from yarl import URL

from custom_components.med_exporter.api import views, websocket
from custom_components.med_exporter.api.description import openapi
from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.costs.official import DATA_OFFICIAL, OfficialTariffs
from custom_components.med_exporter.services import SERVICES
from tests.api.websocket.conftest import Caller
from tests.file_exports import request

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.engine_in_thread

CONTRACT = {"name": "A", "kind": "flat", "price": 0.2}
EXPORT = request(
    devices=["Fridge"],
    aggregation="hourly",
    aggregation_functions={"power_w": "max"},
    filters={
        "min_power": 5,
        "days_of_week": [1],
        "time_of_day": {"start": "08:00", "end": "20:00"},
    },
    custom_fields=[{"name": "double", "formula": "power_w * 2"}],
    options={"timezone": "Europe/Paris", "decimal_places": 2, "locale": "fr"},
    privacy_options={"anonymize_ip_addresses": True},
    performance_options={"chunk_size": 100, "compression": True},
    date_range={"start": "2026-01-01", "end": "2026-01-31"},
)
SCHEDULE = {
    "name": "Daily",
    "schedule": "0 7 * * *",
    "export_config": request(),
    "delivery": {"method": "folder", "path": "/share"},
    "enabled": True,
}
CORRECTION = {
    "meter": "Fridge",
    "start": "2026-01-01",
    "end": "2026-01-02",
    "operation": "set",
    "value": 1,
    "reason": "A spike",
}
COMPARED = {"contracts": [CONTRACT], "date_range": "last_month", "pdl": "pdl-aabbccddee01"}
DESCRIPTION = openapi(views())
UNKNOWN = "7c1b1a4e-0000-4000-8000-000000000000"
PUSHED = {"destination": "mqtt", "data": ["tempo"], "pdl": ["x"], "start": "2026-01-01"}

BODIES: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/api/exports/create", EXPORT),
    ("POST", "/api/exports/compare_contracts", COMPARED),
    ("POST", "/api/exports/schedule", SCHEDULE),
    ("PUT", f"/api/exports/schedules/{UNKNOWN}", SCHEDULE),
    ("PUT", "/api/export/configs/mqtt", {"enabled": True, "config": {"broker": "mqtt://xn--/"}}),
    ("POST", "/api/export/mqtt/run", PUSHED),
]
QUERIES: list[tuple[str, dict[str, Any]]] = [
    ("/api/exports/preview", {"preset": "today", "devices": "Fridge", "limit": 5}),
    ("/api/exports/history", {"limit": 5, "offset": 0}),
    ("/api/exports/NAME", {"wait": 0}),
    ("/api/exports/download/NAME", {"expires": 1, "signature": "x"}),
    ("/api/exports/schedules/NAME", {}),
    ("/api/export/configs/NAME", {}),
    ("/api/export/logs", {"destination": "mqtt", "status": "error", "limit": 5}),
]
COMMANDS: list[tuple[str, dict[str, Any]]] = [
    ("files/create", {"request": EXPORT}),
    ("files/preview", {"request": EXPORT, "limit": 5}),
    ("files/formula", {"formula": "power_w"}),
    ("files/list", {"limit": 5, "offset": 0}),
    ("files/link", {"export_id": UNKNOWN, "days": 3}),
    ("files/again", {"export_id": UNKNOWN}),
    ("files/cancel", {"export_id": UNKNOWN}),
    ("files/delete", {"export_id": UNKNOWN}),
    ("history/list", {"kind": "file", "status": "failed", "destination": "x", "limit": 5}),
    ("schedules/create", SCHEDULE),
    ("schedules/update", {**SCHEDULE, "schedule_id": UNKNOWN}),
    ("schedules/delete", {"schedule_id": UNKNOWN}),
    ("schedules/run", {"schedule_id": UNKNOWN}),
    ("destinations/run", PUSHED),
    ("destinations/test", {"destination": "mqtt"}),
    ("destinations/change", {"destination": "mqtt", "enabled": True}),
    ("costs/list", {"language": "fr"}),
    ("costs/official", {"kind": "base", "power": 6}),
    ("costs/correct", CORRECTION),
    ("costs/compare", COMPARED),
]
ACTIONS: list[tuple[str, dict[str, Any]]] = [
    ("create_export", {"export_type": "device_data", "format": "csv", "preset": "today"}),
    ("preview_export", {"preset": "today", "devices": ["Fridge"], "limit": 5}),
    ("get_export", {"export_id": UNKNOWN}),
    ("list_exports", {"limit": 5, "offset": 0}),
    ("delete_export", {"export_id": UNKNOWN}),
    ("cancel_export", {"export_id": UNKNOWN}),
    ("run_push", PUSHED),
    ("test_destination", {"destination": "mqtt"}),
    ("list_push_log", {"destination": "mqtt", "status": "error", "limit": 5}),
    ("create_schedule", SCHEDULE),
    ("update_schedule", {**SCHEDULE, "schedule_id": UNKNOWN}),
    ("delete_schedule", {"schedule_id": UNKNOWN}),
    ("run_schedule", {"schedule_id": UNKNOWN}),
    ("compare_contracts", {"contracts": [CONTRACT], "preset": "last_month"}),
    ("correct_energy", CORRECTION),
]
# What is asked nothing, and what would take away all that the others are asked of.
ASKED_NOTHING = {
    "overview", "destinations/list", "files/choices", "schedules/list", "schedules/choices",
    "history/statistics", "get_export_statistics", "list_devices", "list_metrics",
    "list_schedules", "remove_all_data",
}  # fmt: skip
HOSTILE: list[Any] = [
    None, True, 0, -1, 10**30, -(10**18), 1e308, 5e-324, "", " ", "\0", "\ud800", "x" * 10_000,
    "a\nb\r\n", "../../etc/passwd", "{{ 1/0 }}", "{{ states | list }}", "' OR 1=1 --", "=1+1",
    "\u202e\u200f", "🏠" * 300, [], {}, [None], [[]], [{}], {"": None}, {"\0": "\ud800"},
    ["Fridge"] * 2_000, "0000-00-00", "9999-12-31", "2026-02-30T25:61:61+99:99", "NaN", "1e999",
    "http://xn--/", f"http://{'a' * 5_000}/", "http://h:99999", "(" * 2_000, "1/0", "1%0",
    "power_w" + "+power_w" * 3_000, "* * * * *", "0 0 30 2 *", "Europe/Paris/../Paris", "en",
]  # fmt: skip


def deep(depth: int) -> Any:
    """Return lists within lists."""
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where something stands within a value."""
    yield path
    if isinstance(value, dict):
        for key, one in value.items():
            yield from places(one, (*path, key))
    elif isinstance(value, list):
        for number, one in enumerate(value[:20]):
            yield from places(one, (*path, number))


def spoilt(value: Any, by: random.Random, *, whole: bool = True) -> Any:
    """Return a request of which some parts are what nobody expects there."""
    for _ in range(by.choice((1, 1, 2, 3))):
        known = [path for path in places(value) if path or whole]
        if not known:
            return value
        odd = by.choice([*HOSTILE, deep(50), by.random() * 10 ** by.randint(0, 20)])
        value = _replaced(value, by.choice(known), odd, by)
    return value


def _replaced(value: Any, path: tuple[Any, ...], odd: Any, by: random.Random) -> Any:
    if not path:
        if isinstance(value, dict) and by.random() < 0.5:
            return {**value, by.choice(("colour", "", "\0", "x" * 300)): odd}
        return odd
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[path[0]] = _replaced(changed[path[0]], path[1:], odd, by)
    return changed


@pytest.fixture
def rounds(pytestconfig) -> Iterator[random.Random]:
    """What spoils requests, as often as the run has time for; `--hypothesis-seed` tells how."""
    by = random.Random(pytestconfig.getoption("--hypothesis-seed") or 0)
    is_nightly = pytestconfig.getoption("--hypothesis-profile") == "nightly"
    return (by for _ in range(300 if is_nightly else 12))


@pytest.fixture
def told_of(caplog):
    """Return a function that tells which mistakes of ours were logged."""

    def told() -> list[str]:
        return [str(one.exc_info[1]) for one in caplog.records if one.exc_info]

    return told


def test_no_door_is_left_out() -> None:
    known = {*SERVICES, *(name for names in websocket.COMMANDS.values() for name in names)}
    assert {name for name, _ in [*COMMANDS, *ACTIONS]} | ASKED_NOTHING == known


async def test_over_http(jobs, fridge, hass_client, rounds, told_of):
    client = await hass_client()
    for by in rounds:
        for method, path, body in BODIES:
            text = json.dumps(spoilt(body, by))
            if by.random() < 0.1:
                text = text[: by.randrange(len(text))] or "["
            answer = await client.request(method, path, data=text.encode("utf-8", "surrogatepass"))
            await named(answer, text)
        for path, query in QUERIES:
            odd = spoilt(query, by, whole=False)
            name = by.choice(("x", UNKNOWN, "%00", "..%2f..", "%ff", "a" * 3_000, "%F0%9F%8F%A0"))
            asked = {
                key: str(one).encode("utf-8", "replace").decode()[:3_000]
                for key, one in (odd if isinstance(odd, dict) else {}).items()
            }
            url = URL(path.replace("NAME", name), encoded=True).extend_query(asked)
            await named(await client.get(url), url)
    assert told_of() == []


def described_codes(answer) -> set[str] | None:
    """Return the codes that the description has for this status here; None for any code."""
    asked = (answer.method, answer.url.path)
    for path, methods in DESCRIPTION["paths"].items():
        if re.fullmatch(re.sub(r"\\?{\w+\\?}", "[^/]+", re.escape(path)), asked[1]):
            answers = methods[asked[0].lower()]["responses"]
            shape = answers[str(answer.status)]["content"]["application/json"]["schema"]
            return set(shape["properties"]["error_code"].get("enum", ())) or None
    return None


async def named(answer, asked) -> None:
    """Check that a refusal has a name, and words for people."""
    if answer.status < 300:
        return
    assert answer.status < 500, asked
    if answer.status == 401 or answer.content_type != "application/json":
        # Home Assistant's own: a link that is none, a path that is none.
        assert answer.status in {400, 401, 404}, asked
        return
    said = await answer.json()
    assert said["error_code"] != "INTERNAL_ERROR", asked
    if (codes := described_codes(answer)) is not None:
        assert said["error_code"] in codes, asked
    assert " " in said["message"], asked


async def test_over_the_websocket(jobs, fridge, hass, hass_ws_client, rounds, told_of):
    hass.data[DATA_OFFICIAL] = OfficialTariffs(hass, "http://127.0.0.1:1")
    caller = Caller(await hass_ws_client())
    for by in rounds:
        for command, fields in COMMANDS:
            odd = spoilt(fields, by, whole=False)
            sent = {key: one for key, one in odd.items() if key not in {"id", "type"}}
            # What is no text is no message at all.
            sent = json.loads(json.dumps(sent).replace("\\ud800", ""))
            answer = await caller.ask(command, **sent)
            if not answer["success"]:
                assert answer["error"]["code"] not in {"unknown_error", "INTERNAL_ERROR"}, sent
                assert " " in answer["error"]["message"], sent
    assert told_of() == []


async def test_by_actions(jobs, fridge, hass, rounds, told_of):
    for by in rounds:
        for action, fields in ACTIONS:
            odd = spoilt(fields, by, whole=False)
            with suppress(HomeAssistantError):
                await hass.services.async_call(
                    DOMAIN,
                    action,
                    {"wait": False, **odd} if action == "create_export" else odd,
                    blocking=True,
                    context=Context(),
                    return_response=True,
                )
    assert told_of() == []


@pytest.mark.parametrize("action", ["list_exports", "list_push_log"])
@pytest.mark.parametrize("field", ["limit", "offset"])
@pytest.mark.parametrize("number", [10**30, float("inf"), float("nan"), 1e300, -1])
async def test_a_page_beyond_all_pages(jobs, hass, action, field, number):
    with pytest.raises(ServiceValidationError, match=field):
        await hass.services.async_call(
            DOMAIN, action, {field: number}, blocking=True, return_response=True
        )

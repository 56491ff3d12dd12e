"""The examples of the pages do what they are shown for, in a real Home Assistant."""

from __future__ import annotations

import asyncio
import io
import json
import re
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from homeassistant.components.automation.config import async_validate_config_item
from homeassistant.components.logger import CONFIG_SCHEMA as LOGGER_SCHEMA
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.script import Script, async_validate_actions_config

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.engine.words.file_warnings import CODES as WARNINGS
from scripts.reference.errors import destination_codes, request_codes
from tests.costs.conftest import FLAT
from tests.file_exports import add_plug, add_user
from tests.mail_server import add_account, mail_server
from tests.metering_points import NOON
from tests.mqtt_destinations import add_mqtt
from tests.pages import PAGES, ROOT, Example, Page
from tests.pushing import House, plug, since

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from freezegun.api import FrozenDateTimeFactory
    from homeassistant.core import HomeAssistant

PDL = "12345678901234"
_ROUTE = re.compile(r"\b((?:GET|POST|PUT|DELETE)(?:, (?:GET|POST|PUT|DELETE))*)\s+(/api/[^\s?]+)")
# Warnings of files, beside the codes of errors.


def indented(page: Page) -> list[Example]:
    """Return the examples of a page, those within its lists too."""
    found = re.findall(r"^ +```(\w+)\n(.*?)^ +```$", page.text, re.MULTILINE | re.DOTALL)
    return [
        *page.examples,
        *(Example(str(page), 100 + at, name, text) for at, (name, text) in enumerate(found)),
    ]


EXAMPLES = [example for page in PAGES for example in indented(page)]


def examples(language: str, part: str = "") -> Any:
    """Return the examples in a language that have some text in them, as a test's parameters."""
    chosen = [one for one in EXAMPLES if one.language == language and part in one.text]
    assert chosen
    return pytest.mark.parametrize("example", chosen, ids=str)


@pytest.fixture
async def house(
    hass_with_recorder: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> House:
    """A house whose fridge has used 14.4 kWh a day for ten days, with a price and a spot price."""
    hass = hass_with_recorder
    # Files of its own: other houses clean up theirs.
    hass.config.config_dir = str(tmp_path)
    paper_house = House(hass, freezer, monkeypatch)
    await paper_house.set_up()
    entry = paper_house.add_point(PDL, plug(1, point=PDL), plug(2, point=PDL))
    paper_house.contracts(entry, FLAT)
    for number, name in enumerate(("Fridge", "Frigo"), 1):
        dr.async_get(hass).async_get_or_create(
            config_entry_id=entry.entry_id,
            identifiers={(DOMAIN, plug(number, point=PDL).plug_id)},
            name=name,
        )
        await paper_house.use(plug(number, point=PDL), since(10), NOON, 0.3)
    add_plug(hass, "Oven", "192.168.1.101").reads(power_w=80, energy_total_kwh=1, is_on="on")
    hass.states.async_set("sensor.spot_price", "100", {"unit_of_measurement": "EUR/MWh"})
    await paper_house.settle()
    return paper_house


@pytest.fixture
def post() -> Iterator[Any]:
    with mail_server() as server:
        yield server


async def a_token(hass: HomeAssistant) -> str:
    """Return an administrator's token."""
    user = add_user(hass, is_admin=True)
    token = await hass.auth.async_create_refresh_token(user, "https://example.org/app")
    return hass.auth.async_create_access_token(token)


async def run(hass: HomeAssistant, actions: list[dict[str, Any]]) -> Any:
    """Run actions as an automation does, and return what the last one answered."""
    name = actions[-1].setdefault("response_variable", "answer")
    valid = await async_validate_actions_config(hass, cv.SCRIPT_SCHEMA(actions))
    result = await Script(hass, valid, "example", DOMAIN).async_run()
    return result.variables[name]


class TestActions:
    @examples("yaml", "create_export")
    async def test_a_file_is_made(self, house: House, example: Example) -> None:
        shown = yaml.safe_load(example.text)
        if "triggers" in shown:
            assert await async_validate_config_item(house.hass, "example", {**shown})
            answer = await run(house.hass, shown["actions"])
        else:
            answer = await run(house.hass, [shown])
        assert answer["status"] == "completed"

    @examples("yaml", "create_schedule")
    async def test_a_schedule_is_made(self, house: House, example: Example, post: Any) -> None:
        await add_account(house.hass, post)
        shown = yaml.safe_load(example.text)
        # Without one of its own, it is seven in the morning.
        says_when = "schedule" in shown["data"]
        answer = await run(house.hass, [shown])
        hour = "08" if says_when else "06"
        assert answer["next_run"].startswith(f"2026-12-01T{hour}:00")
        assert ("subject" in answer["delivery"]) == says_when
        if says_when:
            assert answer["delivery"]["subject"].endswith("{{ date }}")

    @examples("yaml", "compare_contracts")
    async def test_contracts_are_compared(self, house: House, example: Example) -> None:
        shown = yaml.safe_load(example.text)
        # The house is ten days old.
        shown["data"]["preset"] = "this_month"
        answer = await run(house.hass, [shown])
        assert len(answer["contracts"]) == 1 + len(shown["data"]["contracts"])

    @examples("yaml", "correct_energy")
    async def test_energy_is_put_right(self, house: House, example: Example) -> None:
        answer = await run(house.hass, [yaml.safe_load(example.text)])
        assert (answer["kwh_before"], answer["kwh_after"]) == (1.2, 0.4)

    def test_no_example_is_left_out(self) -> None:
        tested = ("create_export", "create_schedule", "compare_contracts", "correct_energy")
        for example in EXAMPLES:
            if example.language == "yaml":
                assert any(one in example.text for one in (*tested, "logger:")), example


@examples("yaml", "logger:")
def test_the_log_can_be_set_so(example: Example) -> None:
    assert LOGGER_SCHEMA(yaml.safe_load(example.text))


@examples("json")
def test_each_json_parses(example: Example) -> None:
    try:
        json.loads(example.text)
    except ValueError:
        # One message a line.
        assert all(json.loads(line) for line in example.text.splitlines())


@examples("json", "custom_fields")
async def test_columns_are_computed_so(house: House, example: Example) -> None:
    columns = json.loads(example.text)["custom_fields"]
    data = {"export_type": "device_data", "format": "csv", "preset": "today"}
    call = {"action": f"{DOMAIN}.create_export", "data": {**data, "custom_fields": columns}}
    assert (await run(house.hass, [call]))["status"] == "completed"


@examples("python")
async def test_a_program_gets_its_file(
    house: House, example: Example, hass_client_no_auth: Any
) -> None:
    client = await hass_client_no_auth()
    token = await a_token(house.hass)
    text = re.sub(r"YOUR_TOKEN|VOTRE_JETON", token, example.text)
    text = text.replace("http://homeassistant.local:8123", str(client.make_url("")).rstrip("/"))

    def execute() -> str:
        with redirect_stdout(io.StringIO()) as printed:
            exec(compile(text, str(example), "exec"), {})  # that is what it is for
        return printed.getvalue()

    assert "energy_kwh" in await house.hass.async_add_executor_job(execute)


@examples("sh", "curl")
async def test_curl_gets_its_file(
    house: House, example: Example, hass_client_no_auth: Any, tmp_path: Path
) -> None:
    client = await hass_client_no_auth()
    text = re.sub(r"YOUR_TOKEN|VOTRE_JETON", await a_token(house.hass), example.text)
    text = text.replace("http://homeassistant.local:8123", str(client.make_url("")).rstrip("/"))
    running = await asyncio.create_subprocess_exec("bash", "-euc", text, cwd=tmp_path)
    assert await running.wait() == 0
    name = text.split()[-1]
    assert "energy_kwh" in await house.hass.async_add_executor_job((tmp_path / name).read_text)


@examples("powerquery")
async def test_a_spreadsheet_gets_its_file(
    house: House, example: Example, hass_client_no_auth: Any
) -> None:
    client = await hass_client_no_auth()
    headers = {"Authorization": f"Bearer {await a_token(house.hass)}"}
    asked = example.text.partition("asked = ")[2].partition(",\n    made")[0]
    for written, meant in ((r"(\w+) = ", r'"\1": '), (r"\[", "{"), (r"\]", "}")):
        asked = re.sub(written, meant, asked)
    (path,) = re.findall(r'RelativePath = "([^"]+)"', example.text)
    made = await client.post(f"/{path}", headers=headers, data=asked)
    (name,) = re.findall(r"RelativePath = made\[(\w+)\]", example.text)
    file = await client.get((await made.json())[name], headers=headers)
    assert "energy_kwh" in await file.text()


@examples("http")
async def test_each_request_is_answered(
    house: House, example: Example, hass_client_no_auth: Any, mosquitto: Any
) -> None:
    await add_mqtt(house.hass, mosquitto().port)
    client = await hass_client_no_auth()
    first, _, body = example.text.partition("\n")
    method, path = first.split()
    given = {"data": body} if body.strip() else {}
    headers = {"Authorization": f"Bearer {await a_token(house.hass)}"}
    answer = await client.request(method, path, headers=headers, **given)
    assert answer.status in {200, 201, 202}, await answer.text()
    if path.endswith("create"):
        export_id = (await answer.json())["export_id"]
        answer = await client.get(f"/api/exports/{export_id}", headers=headers)
        assert (await answer.json())["status"] == "completed"


async def test_each_address_and_action_that_is_named_exists(paper_house: House) -> None:
    hass = paper_house.hass
    known = {
        (route.method, re.sub(r"{\w+}", "[^/]+", route.resource.canonical))
        for route in hass.http.app.router.routes()
        if route.resource is not None
    }
    actions = hass.services.async_services_for_domain(DOMAIN)
    wrong = []
    for page in PAGES:
        for methods, path in _ROUTE.findall(re.sub(r"{type (?:or|ou) id}", "{}", page.text)):
            place = re.sub(r"{\w+}", "{}", path).rstrip("`,.);")
            wrong += [
                (str(page), method, path)
                for method in methods.split(", ")
                if not any(method == one and re.fullmatch(way, place) for one, way in known)
            ]
        wrong += [
            (str(page), name)
            for name in re.findall(r"(?<![\w.])med_exporter\.([a-z_]+)", page.text)
            if name not in actions
        ]
    assert not wrong


@pytest.mark.parametrize("page", PAGES, ids=str)
class TestNames:
    def test_each_command_exists(self, page: Page) -> None:
        named = set(re.findall(r"(?<![\w/.])scripts/\w+|\.ci/\w+", page.text))
        assert not {name for name in named if not (ROOT / name).exists()}

    def test_each_code_of_an_error_or_a_warning_exists(self, page: Page) -> None:
        codes = set(re.findall(r"`([A-Z]+_[A-Z_]+)`", page.prose))
        if page.path.name != "reference.md":
            assert codes <= {*request_codes(), *destination_codes(), *WARNINGS}

    def test_each_blueprint_that_can_be_imported_is_there(self, page: Page) -> None:
        for link in page.links:
            for address in parse_qs(urlsplit(link).query).get("blueprint_url", []):
                assert (ROOT / address.partition("/blob/main/")[2]).is_file()

"""The published description holds: a real house is asked what it allows, and what it forbids."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import assume, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from tests.live.conftest import constant, home_with, plugs_on_loopback
from tests.victoriametrics import victoriametrics_input

if TYPE_CHECKING:
    from schemathesis.schemas import APIOperation

    from tests.real_home import RealHome

pytestmark = pytest.mark.live

# Beside what tells of a hostile request that it is none: nothing is done that is not described.
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
# Whoever wants a file at once waits for half a minute for it.
PATIENCE = 60
FILE = {
    "export_type": "device_data",
    "format": "csv",
    "date_range": "today",
    "performance_options": {"background_processing": False},
}
SCHEDULE = {"name": "Daily", "schedule": "0 7 * * *", "export_config": FILE}


@pytest.fixture
def examples(pytestconfig) -> int:
    """How many requests each door is asked, of what is allowed and of what is not."""
    return 400 if pytestconfig.getoption("--hypothesis-profile") == "nightly" else 5


async def test_every_answer_is_described(tmp_path, examples, victoriametrics):
    async with (
        plugs_on_loopback(*constant(100)) as plugs,
        home_with(tmp_path, plugs) as (home, _),
    ):
        settings = victoriametrics_input(victoriametrics().url)
        await home.flow("med_exporter", {"next_step_id": "victoriametrics"}, settings)
        (destination,) = (await home.get("/api/export/configs"))["configs"]
        own = {
            "destination": destination["id"],
            "export_id": (await home.post("/api/exports/create", FILE))["export_id"],
            "schedule_id": (await home.post("/api/exports/schedule", SCHEDULE))["schedule_id"],
        }
        description = await home.get("/api/exports/openapi.json")
        # Who may come in is another test's matter.
        description |= {"security": []}
        described = schemathesis.openapi.from_dict(description)
        operations = [one.ok() for one in described.get_all_operations()]
        assert len(operations) > 22
        # What is there stays until everything else has been asked for.
        for operation in sorted(operations, key=lambda one: one.method == "delete"):
            await asyncio.to_thread(drive, operation, home, own, examples)
        assert home.is_running
        assert home.complaints() == []


def drive(operation: APIOperation, home: RealHome, own: dict[str, str], examples: int) -> None:
    """Ask a door, as often as told, for what exists and for what does not."""
    known = {name: own[name] for name in own if f"{{{name}}}" in operation.path}
    login = {"Authorization": f"Bearer {home.token}"}
    # Whoever made a link's address longer is let in all the same.
    is_strict = {} not in operation.definition.raw.get("security", [])
    ways = [(GenerationMode.POSITIVE, {}), (GenerationMode.POSITIVE, known)]
    if is_strict and (operation.body or operation.query):
        ways.append((GenerationMode.NEGATIVE, known))
    for mode, names in ways:

        @settings(max_examples=examples)
        @given(operation.as_strategy(generation_mode=mode, path_parameters=names))
        def ask(case: Any) -> None:
            # An address cannot say these, so nobody is told of them.
            assume(all(one not in (None, [], {}) for one in (case.query or {}).values()))
            answer = case.call(base_url=home.url, headers=login, timeout=PATIENCE)
            case.validate_response(answer, checks=CHECKS)

        ask()

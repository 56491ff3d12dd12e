"""What was to be removed is in no file of any type and format, from the request to its bytes."""

from __future__ import annotations

import json
from itertools import chain

import pytest
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.med_exporter.audit import DATA_AUDIT, EventType
from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.database.commit import async_commit
from custom_components.med_exporter.engine.export_types import EXPORT_TYPES
from custom_components.med_exporter.engine.formats import FORMATS
from custom_components.med_exporter.history.records import ExportStatus
from tests.engine.test_privacy import everything
from tests.file_exports import add_meter, add_plug, add_user, path_of

pytestmark = pytest.mark.engine_in_thread

PLANTED = {
    "address": ["203.0.113.77", "198.51.100.9", "broker.xanadu.example"],
    "id": ["pdl-50c7bf00aa77", "50c7bf00aa77", "50:c7:bf:00:aa:77", "zorglub_boiler"],
    "name": ["Zorglub's Fridge", "Zorglub's house", "Zorglub's meter"],
    "user": ["Ermintrude"],
    "place": ["Europe/Paris"],
}
ALL = (
    "anonymize_ip_addresses",
    "exclude_user_data",
    "hash_device_identifiers",
    "remove_location_data",
)
NOT_ABOUT_TIME = ("configuration",)


@pytest.fixture
async def planted(jobs, hass):
    """Put names, ids, addresses, users and places wherever an export may find them."""
    await hass.config.async_set_time_zone("Europe/Paris")
    plug = add_plug(hass, "Zorglub's house", "203.0.113.77", "50c7bf00aa77")
    dr.async_get(hass).async_update_device(plug.device_id, name_by_user="Zorglub's Fridge")
    # One that is told by what another integration measures.
    meter = add_meter(
        hass, "Zorglub's meter", "sensor.zorglub_boiler", power_w="sensor.zorglub_boiler_power"
    )
    meter.reads(power_w=80, energy_total_kwh=1)
    plug.reads(power_w=80, energy_total_kwh=1, is_on="on")
    destination = MockConfigEntry(
        domain=DOMAIN,
        title="Zorglub's house",
        data={
            "type": "mqtt",
            "id": "5f0a1f5e-0000-4000-8000-000000000000",
            "name": "Zorglub's house", "broker": "mqtt://broker.xanadu.example",
            "username": "Ermintrude", "topic_prefix": "x", "qos": 1, "retain": True,
            "verify_ssl": True, "discovery": False, "interval": 60, "data": [],
        },
    )  # fmt: skip
    destination.add_to_hass(hass)
    user = add_user(hass, is_admin=True)
    user.name = "Ermintrude"
    audit = hass.data[DATA_AUDIT]
    for kind, details in (
        (EventType.LOGIN_SUCCESS, {"token_type": "Ermintrude"}),
        (EventType.DEVICE_CONTROLLED, {"entity_id": plug.entities["is_on"]}),
        (EventType.DESTINATION_CHANGED, {"name": "Zorglub's house"}),
    ):
        subject = {EventType.DEVICE_CONTROLLED: plug.device_id}.get(kind, "Zorglub's Fridge")
        audit.record(kind, user=user, subject=subject, address="198.51.100.9", details=details)
    await async_commit(hass)
    return [*chain(*PLANTED.values()), user.id, plug.device_id, *plug.entities.values()]


async def made(jobs, export_type: str, file_format: str, **changes) -> tuple[str, bytes]:
    """Return name and content of a file."""
    asked = {"export_type": export_type, "format": file_format, **changes}
    if export_type == "contract_comparison":
        asked |= {"pdl": "pdl-50c7bf00aa77", "contracts": [{"kind": "base", "price": 0.2}]}
    if export_type not in NOT_ABOUT_TIME:
        asked["date_range"] = "today"
    record = await jobs.async_create(asked, user=None, trigger="action")
    ended = await jobs.async_wait(record.id, 60)
    assert ended.status is ExportStatus.COMPLETED, ended
    return path_of(ended).name, path_of(ended).read_bytes()


@pytest.mark.parametrize("export_type", EXPORT_TYPES)
async def test_nothing_planted_is_left(jobs, planted, tmp_path, export_type):
    plain = everything((await made(jobs, export_type, "json"))[1], tmp_path)
    assert any(one.casefold() in plain for one in planted), "there was nothing to remove"
    for file_format in FORMATS:
        name, data = await made(
            jobs, export_type, file_format, privacy_options=dict.fromkeys(ALL, True)
        )
        shown = everything(data, tmp_path) + name
        for one in planted:
            assert one.casefold() not in shown, (file_format, one)


@pytest.mark.parametrize(
    ("option", "removed"),
    [
        ("anonymize_ip_addresses", "address"),
        ("exclude_user_data", "user"),
        ("hash_device_identifiers", "id"),
        ("remove_location_data", "place"),
    ],
)
async def test_each_option_removes_its_own(jobs, planted, tmp_path, option, removed):
    for export_type in EXPORT_TYPES:
        _, data = await made(jobs, export_type, "json", privacy_options={option: True})
        shown = everything(data, tmp_path)
        for one in PLANTED[removed]:
            assert one.casefold() not in shown, (export_type, one)


async def test_pseudonyms_are_the_same_in_all_files(jobs, planted):
    ids = []
    for export_type in ("device_data", "configuration"):
        data = json.loads(
            (await made(jobs, export_type, "json", privacy_options={ALL[2]: True}))[1]
        )
        rows = data["data"] if "data" in data else data["plugs"]
        ids.append({row["device_id"] for row in rows})
    assert ids[0] == ids[1]
    assert len(ids[0]) == 2

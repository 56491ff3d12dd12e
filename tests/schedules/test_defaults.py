"""Who says no more than a name has last month's bill made on the first, at every door."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import yaml

from custom_components import med_exporter
from custom_components.med_exporter.api.description.requests import request_schemas
from custom_components.med_exporter.api.websocket.schedules import COMMANDS
from custom_components.med_exporter.object_reader import ObjectReader
from custom_components.med_exporter.schedules.defaults import LAST_MONTHS_BILL, ON_THE_FIRST
from custom_components.med_exporter.schedules.scheduler import DATA_SCHEDULES
from tests.mail_server import add_account, mail_server
from tests.scheduling import PARIS

from .test_monthly_report import wait_for_mail

FOLDER = Path(med_exporter.__file__).parent


async def test_a_name_and_an_address_are_enough(hass, scheduled_fridge, january):
    scheduler = hass.data[DATA_SCHEDULES]
    with mail_server() as server:
        await add_account(hass, server)
        mail = {"method": "email", "recipients": ["landlord@example.com"]}
        made = await scheduler.async_create({"name": "Costs", "delivery": mail}, user=None)
        assert (made.schedule, made.export_config) == (ON_THE_FIRST, LAST_MONTHS_BILL)
        first = datetime(2026, 2, 1, 7, tzinfo=PARIS)
        assert scheduler.next_run(made) == first
        january.move_to(first)
        await wait_for_mail(hass, server)
    (mail,) = server.inbox
    assert mail["Subject"] == "Costs: January 2026"
    (attached,) = mail.iter_attachments()
    assert attached.get_content_type() == "application/pdf"
    assert attached.get_content().startswith(b"%PDF")


async def test_what_is_not_named_of_a_known_one_stays(hass, scheduled_fridge):
    scheduler = hass.data[DATA_SCHEDULES]
    export = {"export_type": "audit_logs", "format": "csv", "date_range": "yesterday"}
    known = {"name": "Who", "schedule": "0 9 * * *", "export_config": export}
    made = await scheduler.async_create(known, user=None)
    changed = await scheduler.async_update(made.id, {"name": "Who did what"}, user=None)
    assert (changed.schedule, changed.export_config) == ("0 9 * * *", export)


def test_the_form_of_the_action_begins_with_it():
    services = yaml.safe_load((FOLDER / "services.yaml").read_text(encoding="utf-8"))
    fields = services["create_schedule"]["fields"]
    assert fields["schedule"]["default"] == ON_THE_FIRST
    assert fields["export_config"]["default"] == LAST_MONTHS_BILL


def test_the_description_of_the_api_says_so():
    shape = request_schemas()["ScheduleRequest"]
    assert shape["required"] == ["name"]
    assert shape["properties"]["schedule"]["default"] == ON_THE_FIRST
    assert shape["properties"]["export_config"]["default"] == LAST_MONTHS_BILL
    change = request_schemas()["ScheduleChange"]["properties"]
    assert not any("default" in one for one in change.values())


async def test_the_panel_is_told_and_knows_nothing_of_its_own(hass, scheduled_fridge):
    told = await COMMANDS["schedules/choices"].handler(hass, None, ObjectReader({}))
    assert told["default"] == {"schedule": ON_THE_FIRST, "export_config": LAST_MONTHS_BILL}
    form = (FOLDER / "panel" / "www" / "parts" / "schedule-form.js").read_text(encoding="utf-8")
    assert "this.ways.default" in form
    assert LAST_MONTHS_BILL["export_type"] not in form

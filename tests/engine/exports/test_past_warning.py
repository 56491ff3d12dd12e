"""A file that comes before the past of its devices is booked says so, and so does a preview."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from custom_components.med_exporter.engine.ledger import counters_table
from custom_components.med_exporter.engine.run import preview

from .homes import DEVICES, FRIDGE, HOUSE, Home, at

START, END = at("2026-02-01"), at("2026-03-01")
ADDED = at("2026-02-20 12:00")


@pytest.fixture
def home(recorder):
    home = Home(recorder)
    home.uses(FRIDGE, ADDED, END, 0.1)
    return home


@pytest.fixture
def said(recorder, exports, home):
    """Return what a file and a preview of it say of the past, which is the same."""

    def ask(device=FRIDGE, **changes):
        values = {
            "devices": (device,),
            "points": (HOUSE,),
            "start": START,
            "end": END,
            "timezone": "Europe/Paris",
            "aggregation": "daily",
        } | changes
        file = json.loads(exports.content(4e9, **values))
        shown = preview(exports.job(path="", **values), recorder.connect, 5, now=4e9)
        past, again = (
            [one for one in warnings if one["code"] == "PAST_IS_READ"]
            for warnings in (file["metadata"]["warnings"], shown.warnings)
        )
        assert past == again
        return past

    return ask


def posted(recorder, plug_id: str, *, backfilled: bool) -> None:
    values = {
        "metering_point": "house",
        "role": "consumption",
        "posted_kwh": 1.0,
        "posted_ts": END,
        "started_ts": ADDED,
        "first_ts": ADDED,
        "backfilled": backfilled,
    }
    with recorder.engine.begin() as connection:
        connection.execute(counters_table.insert().values(plug_id=plug_id, **values))


def test_a_plug_that_has_just_been_added(recorder, said):
    posted(recorder, FRIDGE.plug_id, backfilled=False)
    (past,) = said()
    assert (past["count"], past["about"]) == (1, "Fridge")
    assert (past["start"], past["end"]) == ("2026-01-31T23:00:00Z", "2026-02-28T23:00:00Z")


def test_nothing_is_said_once_it_is_booked(recorder, said):
    posted(recorder, FRIDGE.plug_id, backfilled=True)
    assert said() == []


def test_nothing_is_said_where_the_range_begins_after_the_past(recorder, said):
    posted(recorder, FRIDGE.plug_id, backfilled=False)
    assert said(start=ADDED) == []


def test_a_plug_that_answers_and_of_which_nothing_is_booked_yet(said):
    assert said() == []
    (past,) = said(replace(FRIDGE, last_seen=END))
    assert past["about"] == "Fridge"


def test_a_meter_is_booked_as_a_whole(recorder, said):
    meter = replace(FRIDGE, is_by_statistics=True)
    assert said(meter) == [], "without statistics it has no past"
    recorder.add_statistics("sensor.fridge_energy", [(ADDED, {"sum": 5.0})], unit="kWh")
    (past,) = said(meter)
    assert past["about"] == "Fridge"
    posted(recorder, FRIDGE.plug_id, backfilled=True)
    assert said(meter) == []


def test_its_name_is_told_to_nobody_who_may_not_know_it(recorder, exports, home, said):
    posted(recorder, FRIDGE.plug_id, backfilled=False)
    job = exports.job(devices=DEVICES, points=(HOUSE,), start=START, end=END)
    hashed = replace(job.privacy, hash_device_identifiers=True, key="00" * 32)
    (past,) = said(privacy=hashed)
    assert "Fridge" not in json.dumps(past)

"""The rows of a preview are those of the file, or say what else they are made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.med_exporter.engine.exports.device_data import (
    allowance,
    first_rows,
    source,
)
from custom_components.med_exporter.engine.job import CustomField, Filters
from custom_components.med_exporter.engine.run import preview
from tests.engine.conftest import FRIDGE, MUCH_LATER, WASHER, at
from tests.engine.test_one_pass import homes, live
from tests.engine.test_properties import requests

MONTHS = {"start": at("2026-01-01 00:00"), "end": at("2026-03-01 00:00"), "aggregation": "monthly"}
START = MONTHS["start"]
HOUR = 3600
TOTAL, RELAY = FRIDGE.entities["energy_total_kwh"], FRIDGE.entities["is_on"]
FIELDS = ("timestamp", "device_id", "power_w", "energy_kwh", "energy_total_kwh", "is_on")


@pytest.fixture
def few(monkeypatch):
    """Let a preview take few readings."""

    def take(most: int) -> None:
        for module in (allowance, first_rows, source):
            monkeypatch.setattr(module, "MOST_READINGS", most)

    return take


def codes(shown):
    return {one["code"] for one in shown.warnings if one["code"].startswith("PREVIEW_")}


def end_of(shown):
    (told,) = (one for one in shown.warnings if one["code"] == "PREVIEW_SHORTENED")
    return datetime.fromisoformat(told["end"]).timestamp()


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    request=requests(),
    most=st.sampled_from([2, 5, 10, 12_000]),
    limit=st.sampled_from([1, 3, 100]),
    data=st.data(),
)
def test_rows_are_those_of_the_file_or_of_one_that_ends_earlier_or_of_statistics(
    recorder, exports, few, request, most, limit, data
):
    home = data.draw(homes(request["end"]))
    live(recorder, home)
    few(most)
    request = {**request, "devices": home["devices"], "fields": (*request["fields"], "energy_kwh")}
    request["fields"] = tuple(dict.fromkeys(request["fields"]))
    shown = preview(exports.job(path="", **request), recorder.connect, limit, now=MUCH_LATER)
    assert shown.estimated or not codes(shown)
    if "PREVIEW_FROM_STATISTICS" in codes(shown):
        return
    if codes(shown):
        request["end"] = end_of(shown)
    rows = exports.rows(**request)
    assert shown.rows == rows[: len(shown.rows)]
    if most == 12_000:
        assert shown.rows == rows[:limit]


def at_home(recorder, days=40, step=300, hours=True):
    """Give the fridge a month and more of readings, and Home Assistant's hours of them."""
    moments = [START + step * n for n in range(days * 86_400 // step)]
    powers = [(37 * n) % 190 for n in range(len(moments))]
    counter = [10.0]
    for power in powers:
        counter.append(counter[-1] + power * step / 3.6e6)
    recorder.add(FRIDGE.entities["power_w"], zip(moments, powers, strict=True))
    recorder.add(TOTAL, zip(moments, counter[:-1], strict=True))
    recorder.add(RELAY, [(START + 86_400 * n, "off" if n % 3 else "on") for n in range(days)])
    if not hours:
        return
    each = HOUR // step
    whole = range(days * 24)
    recorder.add_statistics(
        FRIDGE.entities["power_w"],
        [
            (START + HOUR * n, {"mean": sum(some) / each, "min": min(some), "max": max(some)})
            for n in whole
            for some in [powers[n * each : (n + 1) * each]]
        ],
        "W",
    )
    last = [counter[(n + 1) * each - 1] for n in whole]
    recorder.add_statistics(
        TOTAL,
        [(START + HOUR * n, {"state": state, "sum": state - 10.0}) for n, state in enumerate(last)],
        "kWh",
    )


def measured(device):
    """Return a device without what it has no readings of here."""
    names = ("power_w", "energy_total_kwh", "is_on")
    return replace(device, plug_id=None, entities={one: device.entities[one] for one in names})


class TestLongPeriods:
    def test_come_from_hourly_statistics_and_say_so(self, recorder, exports, few):
        at_home(recorder)
        few(5000)
        changes = {**MONTHS, "devices": (measured(FRIDGE),), "fields": (*FIELDS, "from_statistics")}
        shown = preview(exports.job(path="", **changes), recorder.connect, 10, now=MUCH_LATER)
        assert codes(shown) == {"PREVIEW_FROM_STATISTICS"}
        assert {one["code"] for one in shown.warnings} == codes(shown)
        assert len(shown.rows) == 2
        assert (shown.records, shown.estimated) == (2, True)
        for row, true in zip(shown.rows, exports.rows(**changes), strict=True):
            assert row["from_statistics"]
            assert row["timestamp"] == true["timestamp"]
            for name in FIELDS[2:]:
                assert row[name] == pytest.approx(true[name], rel=1e-4), name

    def test_take_what_is_younger_than_the_last_hour_from_readings(self, recorder, exports, few):
        at_home(recorder)
        last = START + 40 * 86_400
        recorder.add(TOTAL, [(last + 60, 1000.0)])
        few(5000)
        changes = {**MONTHS, "devices": (measured(FRIDGE),), "fields": FIELDS}
        shown = preview(exports.job(path="", **changes), recorder.connect, 10, now=last + 120)
        (_, row), (_, true) = shown.rows, exports.rows(now=last + 120, **changes)
        assert row["energy_total_kwh"] == true["energy_total_kwh"] == 1000
        assert row["energy_kwh"] == pytest.approx(true["energy_kwh"])

    @pytest.mark.parametrize(
        "changes",
        [
            {"aggregation_functions": {"power_w": "max"}},
            {"filters": Filters(min_power=20)},
            {"custom_fields": (CustomField(name="share", formula="power_w / SUM(power_w)"),)},
        ],
    )
    def test_are_those_of_a_shorter_range_where_hours_would_not_tell(
        self, recorder, exports, few, changes
    ):
        at_home(recorder)
        few(1000)
        own = tuple(one.name for one in changes.get("custom_fields", ()))
        changes = {
            **MONTHS, "devices": (measured(FRIDGE),), "fields": (*FIELDS, *own), **changes,
        }  # fmt: skip
        shown = preview(exports.job(path="", **changes), recorder.connect, 10, now=MUCH_LATER)
        assert codes(shown) == {"PREVIEW_SHORTENED"}
        end = end_of(shown)
        assert START + 900 * 300 < end <= START + 1000 * 300
        assert shown.rows == exports.rows(**{**changes, "end": end})
        assert (shown.records, shown.estimated) == (2, True)

    def test_are_those_of_a_shorter_range_without_hours_of_all_that_is_measured(
        self, recorder, exports, few
    ):
        at_home(recorder)
        recorder.add(FRIDGE.entities["voltage"], [(START + HOUR * n, 230) for n in range(900)])
        few(1000)
        device = replace(measured(FRIDGE), entities=FRIDGE.entities)
        changes = {**MONTHS, "devices": (device, WASHER), "fields": (*FIELDS, "voltage")}
        shown = preview(exports.job(path="", **changes), recorder.connect, 10, now=MUCH_LATER)
        assert codes(shown) == {"PREVIEW_SHORTENED"}
        assert shown.rows == exports.rows(**{**changes, "end": end_of(shown)})

    def test_are_true_where_their_readings_are_few_enough(self, recorder, exports, few):
        at_home(recorder)
        few(9000)
        changes = {**MONTHS, "devices": (measured(FRIDGE),), "fields": FIELDS}
        shown = preview(exports.job(path="", **changes), recorder.connect, 10, now=MUCH_LATER)
        assert codes(shown) == set()
        assert shown.rows == exports.rows(**changes)[:1]

    def test_are_not_begun_behind_a_true_row_where_their_readings_are_many(
        self, recorder, exports, few
    ):
        recorder.add(TOTAL, [(START, 1), (START + 86_400, 2)])
        recorder.add(TOTAL, [(START + 32 * 86_400 + 60 * n, 2 + n / 100) for n in range(900)])
        few(300)
        changes = {**MONTHS, "devices": (measured(FRIDGE),), "fields": FIELDS}
        shown = preview(exports.job(path="", **changes), recorder.connect, 10, now=MUCH_LATER)
        assert codes(shown) == set()
        assert shown.rows == exports.rows(**changes)[:1]


@pytest.mark.parametrize("aggregation", ["raw", "hourly"])
def test_what_filters_leave_out_is_looked_at_up_to_a_moment(recorder, exports, few, aggregation):
    recorder.add(FRIDGE.entities["power_w"], [(START + 60 * n, n % 90) for n in range(3000)])
    few(400)
    changes = {
        "start": START, "end": START + 3000 * 60, "aggregation": aggregation,
        "fields": FIELDS, "filters": Filters(min_power=100),
    }  # fmt: skip
    shown = preview(exports.job(path="", **changes), recorder.connect, 10, now=MUCH_LATER)
    assert shown.rows == []
    assert codes(shown) == {"PREVIEW_SHORTENED"}
    assert START + 300 * 60 < end_of(shown) < START + 500 * 60
    assert shown.estimated

"""Relabelling rules that act on some series only: nothing is ever stored twice, and it is said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.base import DestinationError, Outcome
from custom_components.med_exporter.destinations.victoriametrics import sending, visibility
from custom_components.med_exporter.destinations.victoriametrics.destination import (
    VictoriaMetricsDestination,
)
from custom_components.med_exporter.destinations.victoriametrics.server import VictoriaMetrics
from tests.measurements import Latest, day, days, half_hours, push

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from aiohttp import ClientSession

    from custom_components.med_exporter.destinations.measurements import Measurement
    from tests.victoriametrics import VictoriaMetricsServer

CONSUMPTION = "myelectricaldata_consumption_wh"
DAILY = f'{CONSUMPTION}{{pdl="Mon_PDL-1",type="daily"}}'
OF_DAYS = "if: '{type=\"daily\"}'"


@pytest.fixture(autouse=True)
def without_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visibility, "_FLUSHED_FOR", 0.1)
    monkeypatch.setattr(sending, "SHOWN_AFTER", 0.1)


@pytest.fixture
def ruled(victoriametrics, tmp_path: Path) -> Callable[[str], VictoriaMetricsServer]:
    """Start a server with a rule."""

    def start(rule: str, *options: str) -> VictoriaMetricsServer:
        rules = tmp_path / "rules.yaml"
        rules.write_text(f"- {rule}\n")
        return victoriametrics(options=(f"-relabelConfig={rules}", *options))

    return start


def destination_at(
    session: ClientSession, server: VictoriaMetricsServer, *latest: Measurement
) -> VictoriaMetricsDestination:
    return VictoriaMetricsDestination(
        VictoriaMetrics(session, server.url), {}, on_disk_after=0,
        samples=Latest(*latest),  # type: ignore[arg-type]
    )  # fmt: skip


def most_of_one(server: VictoriaMetricsServer) -> int:
    """Return how often the server has one number of one moment, whatever its series is called."""
    server.get("/internal/force_flush")
    counted: dict[tuple[int, float], int] = {}
    everything = {"match[]": '{__name__!="myelectricaldata_export_test"}'}
    for line in server.get("/api/v1/export", everything).splitlines():
        series: dict[str, Any] = json.loads(line)
        for sample in zip(series["timestamps"], series["values"], strict=True):
            counted[sample] = counted.get(sample, 0) + 1
    return max(counted.values(), default=0)


@pytest.mark.parametrize("forgetful", [False, True])
@pytest.mark.parametrize(
    ("rule", "key", "label", "now"),
    [
        (
            (f"action: replace\n  source_labels: [__name__]\n  regex: {CONSUMPTION}\n"
            "  target_label: __name__\n  replacement: energy_wh"),
            "series_changed_name", "__name__", "energy_wh",
        ),
        (
            "source_labels: [pdl]\n  regex: Mon_PDL-1\n  target_label: pdl\n  replacement: house",
            "series_changed", "pdl", "house",
        ),
        (
            f"if: '{CONSUMPTION}'\n  target_label: pdl\n  replacement: house",
            "series_changed", "pdl", "house",
        ),
        (f"{OF_DAYS}\n  action: labeldrop\n  regex: type", "series_changed_lost", "type", "None"),
        (
            f"if: '{CONSUMPTION}'\n  action: labeldrop\n  regex: type",
            "series_changed_lost", "type", "None",
        ),
        (
            ("source_labels: [__name__]\n  regex: myelectricaldata_(.*)\n"
            "  target_label: __name__\n  replacement: energy_$1"),
            "series_changed_name", "__name__", "energy_consumption_wh",
        ),
    ],
)  # fmt: skip
async def test_a_series_that_becomes_another_is_named_and_never_stored_twice(
    session, ruled, rule: str, key: str, label: str, now: str, forgetful: bool
) -> None:
    server = ruled(rule)
    week = days(7)
    destination = destination_at(session, server, week[-1])
    for attempt in range(10):
        if forgetful:
            destination = destination_at(session, server, week[-1])
        with pytest.raises(DestinationError) as raised:
            await (push(destination, week) if attempt % 2 else destination.async_test())
        assert raised.value.key == f"destination_{key}"
        told = raised.value.translation_placeholders
        assert (told["label"], told["now"]) == (label, now)
        assert most_of_one(server) <= 1
    assert server.samples(DAILY) == {}


async def test_a_rule_that_was_mended_lets_the_series_arrive(session, ruled) -> None:
    server = ruled("if: '{type=\"daily\"}'\n  target_label: __name__\n  replacement: energy_wh")
    week = days(7)
    destination = destination_at(session, server)
    for _ in range(2):
        with pytest.raises(DestinationError):
            await push(destination, week)
    server.kill()
    server.options = ()
    server.start()
    assert await push(destination, week) == [Outcome.STORED] * 7
    assert len(server.samples(DAILY)) == 7
    assert all(len(values) == 1 for values in server.samples(DAILY).values())


@pytest.mark.parametrize(
    "rule",
    [
        "action: drop\n  source_labels: [pdl]\n  regex: Mon_PDL-1",
        f"action: drop\n  source_labels: [__name__]\n  regex: {CONSUMPTION}",
        "action: keep\n  source_labels: [__name__]\n  regex: myelectricaldata_(export|tempo).*",
    ],
)
@pytest.mark.parametrize("options", [(), ("-flagsAuthKey=another",)])
async def test_a_series_that_is_dropped_is_told_by_the_test_and_by_runs(
    session, ruled, rule: str, options: tuple[str, ...]
) -> None:
    server = ruled(rule, *options)
    week = days(7)
    with pytest.raises(DestinationError) as raised:
        await destination_at(session, server, week[-1]).async_test()
    assert raised.value.code == "NOTHING_SHOWN"
    assert 'pdl="Mon_PDL-1"' in raised.value.translation_placeholders["metric"]
    destination = destination_at(session, server)
    # What else arrives is no witness that the days are too old.
    if "export|tempo" not in rule and "pdl" not in rule:
        await push(destination, [day(1, 3.5, DataType.PRODUCTION_DAILY)])
    for _ in range(2):
        with pytest.raises(DestinationError) as raised:
            await push(destination, week)
        assert raised.value.code == "ROWS_MISSING"


@pytest.mark.parametrize(
    "rule",
    [
        f"action: keep\n  source_labels: [__name__]\n  regex: {CONSUMPTION}",
        "action: keep\n  source_labels: [pdl]\n  regex: Mon_PDL-1",
    ],
)
async def test_rules_that_keep_ours_are_no_difference(session, ruled, rule: str) -> None:
    server = ruled(rule)
    week = days(7)
    assert await destination_at(session, server, week[-1]).async_test() is None
    for outcome in (Outcome.STORED, Outcome.ALREADY_THERE):
        destination = destination_at(session, server)
        begun = await destination.async_missing([week[0]])
        assert begun == ([week[0]] if outcome is Outcome.STORED else [])
        assert await push(destination, week[:6]) == [outcome] * 6
    assert most_of_one(server) == 1


@pytest.mark.parametrize("of", [f"if: '{CONSUMPTION}'\n  ", OF_DAYS + "\n  ", ""])
async def test_labels_that_are_added_to_some_series_are_no_difference(
    session, ruled, of: str
) -> None:
    server = ruled(f"{of}target_label: rack\n  replacement: cellar")
    week = days(7)
    assert await destination_at(session, server, week[-1]).async_test() is None
    for outcome in (Outcome.STORED, Outcome.ALREADY_THERE):
        destination = destination_at(session, server)
        assert await push(destination, week[:6]) == [outcome] * 6
        await destination.async_missing([week[0]])
    assert await push(destination, week) == [Outcome.ALREADY_THERE] * 7
    assert most_of_one(server) == 1


async def test_a_label_that_comes_and_goes_makes_nothing_missing(session, ruled) -> None:
    server = ruled("target_label: rack\n  replacement: cellar")
    week = days(7)
    for count, options in ((3, ()), (5, server.options), (7, ()), (7, server.options)):
        server.stop()
        server.options = options
        server.start()
        destination = destination_at(session, server)
        assert await destination.async_missing([week[0]]) == ([week[0]] if count == 3 else [])
        await push(destination, week[:count])
    assert sorted(len(one) for one in server.series(CONSUMPTION)) == [3, 4]
    assert most_of_one(server) == 1


async def test_a_row_that_a_test_has_sent_counts_for_the_run(session, victoriametrics) -> None:
    server = victoriametrics()
    week = days(7)
    destination = destination_at(session, server, week[-1])
    for _ in range(2):
        assert await destination.async_test() is None
    assert len(server.samples(DAILY)) == 1
    assert await push(destination, week) == [Outcome.STORED] * 7
    assert most_of_one(server) == 1


async def test_half_hours_that_would_be_merged_are_named_and_days_that_would_not_are_not(
    session: ClientSession, victoriametrics: Callable[..., VictoriaMetricsServer]
) -> None:
    server = victoriametrics(options=("-dedup.minScrapeInterval=1h",))
    await destination_at(session, server, *days(1)).async_test()
    with pytest.raises(DestinationError) as raised:
        await destination_at(session, server, *days(1), *half_hours(1)).async_test()
    assert raised.value.code == "SAMPLES_MERGED"

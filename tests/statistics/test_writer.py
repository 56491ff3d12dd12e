"""Running sums are written in parts, and one that is refused does not stop the others."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from homeassistant.components.recorder.db_schema import StatisticsMeta
from homeassistant.components.recorder.models import StatisticMeanType
from homeassistant.components.recorder.statistics import (
    async_add_external_statistics,
    async_list_statistic_ids,
    statistics_during_period,
)
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
from sqlalchemy import event, text

from custom_components.med_exporter.database import queue_in_turn, queue_work
from custom_components.med_exporter.database.commit import async_commit
from custom_components.med_exporter.statistics import SCHEMA, RunningSum, SumsWriter, mark_dirty
from custom_components.med_exporter.statistics import writer as writer_module
from custom_components.med_exporter.statistics.bulk import BulkSums

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

HOUR = 3600
NOW = dt_util.parse_datetime("2026-11-20T12:30:00+00:00")
END = int(NOW.timestamp()) // HOUR * HOUR


class Sums:
    """Sums of whole kWh, whose hours a test chooses."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.hass = hass
        self.hours: dict[str, dict[int, int]] = {}
        self.heard: list[tuple[str, int]] = []
        self.writer = self.new_writer()

    def new_writer(self) -> SumsWriter:
        return SumsWriter(
            self.hass, SCHEMA, self.sums, lambda name, first: self.heard.append((name, first))
        )

    def sums(self, _: object, now: float) -> dict[str, RunningSum]:
        return {
            name: RunningSum(
                statistic_id=name,
                unit="kWh",
                unit_class="energy",
                parts_per_unit=1,
                hours=lambda _, start, end, own=own: {
                    hour: parts for hour, parts in own.items() if start <= hour < end
                },
                first_hour=lambda _, own=own: min(own, default=None),
                closed_until=lambda _: int(now // HOUR) * HOUR,
            )
            for name, own in self.hours.items()
        }

    async def count(self, name: str, hours: dict[int, int]) -> None:
        """Set what hours add."""
        self.hours.setdefault(name, {}).update(hours)
        await queue_work(self.hass, SCHEMA, lambda c: mark_dirty(c, name, name.title(), min(hours)))

    async def stored(self, name: str) -> list[float]:
        """Return the sums as Home Assistant reads them."""
        await async_commit(self.hass)
        rows = await get_instance(self.hass).async_add_executor_job(
            statistics_during_period,
            self.hass, dt_util.utc_from_timestamp(0), None, {name}, "hour", None, {"sum"},
        )  # fmt: skip
        return [row["sum"] for row in rows.get(name, [])]


@pytest.fixture
def sums(hass_with_recorder: HomeAssistant, freezer) -> Sums:
    freezer.move_to(NOW)
    return Sums(hass_with_recorder)


def last_hours(count: int, parts: int = 1) -> dict[int, int]:
    return {END - HOUR * number: parts for number in range(1, count + 1)}


async def test_sums_grow_by_what_each_hour_adds(sums: Sums) -> None:
    await sums.count("med_exporter:a", {END - HOUR * 4: 5, END - HOUR * 2: 1})
    await sums.writer.async_write()
    assert await sums.stored("med_exporter:a") == [5, 5, 6, 6]
    assert sums.heard == []


async def test_of_a_long_past_home_assistant_is_given_what_makes_the_statistic(sums: Sums) -> None:
    for name in "abc":
        await sums.count(f"med_exporter:{name}", last_hours(1500))
    written: list[int] = []

    def write(hass, metadata, rows) -> None:
        written.append(len(rows))
        async_add_external_statistics(hass, metadata, rows)

    with patch.object(writer_module, "async_add_external_statistics", write):
        await sums.writer.async_write()
    assert written == [0, 0, 0]
    for name in "abc":
        assert await sums.stored(f"med_exporter:{name}") == list(range(1, 1501))
    (described,) = await async_list_statistic_ids(sums.hass, {"med_exporter:a"})
    assert (described["name"], described["statistics_unit_of_measurement"]) == (
        "Med_Exporter:A", "kWh",
    )  # fmt: skip


async def test_a_long_past_that_changes_is_written_anew_and_told(sums: Sums) -> None:
    await sums.count("med_exporter:a", last_hours(1500))
    await sums.writer.async_write()
    # Older than all before, and with a hole that has nothing.
    await sums.count("med_exporter:a", {END - HOUR * 1600: 7, END - HOUR * 1400: 2})
    await sums.writer.async_write()
    stored = await sums.stored("med_exporter:a")
    assert len(stored) == 1600
    assert (stored[0], stored[99], stored[100], stored[-1]) == (7, 7, 8, 1508)
    assert sums.heard == [("med_exporter:a", END - HOUR * 1600)]
    await sums.writer.async_write()
    assert await sums.stored("med_exporter:a") == stored


@pytest.mark.parametrize("count", [3, 150])
async def test_first_hours_that_were_taken_back_add_nothing_any_more(
    sums: Sums, count: int
) -> None:
    """Nobody knows anything of them, as of hours that are too old to be kept."""
    name, first = "med_exporter:a", END - HOUR * (10 + count)
    await sums.count(name, last_hours(10 + count))
    await sums.writer.async_write()
    sums.hours[name] = last_hours(10)
    await queue_work(sums.hass, SCHEMA, lambda c: mark_dirty(c, name, None, first))
    await sums.writer.async_write()
    assert await sums.stored(name) == [*[0] * count, *range(1, 11)]
    assert sums.heard == [(name, first)]


async def test_first_hours_that_are_kept_no_longer_stay(sums: Sums) -> None:
    name = "med_exporter:a"
    await sums.count(name, last_hours(20))
    await sums.writer.async_write()
    sums.hours[name] = last_hours(10)
    await queue_work(sums.hass, SCHEMA, lambda c: mark_dirty(c, name, None, 0))
    await sums.writer.async_write()
    assert await sums.stored(name) == list(range(1, 21))
    assert sums.heard == []


async def test_the_pasts_of_many_sums_are_written_side_by_side(sums: Sums) -> None:
    # A database rewrites a page for each sum that puts something into it at another time.
    for name in "abcd":
        await sums.count(f"med_exporter:{name}", last_hours(6000))
    order: list[tuple[str, int]] = []
    take = BulkSums.take

    def note(bulk, statistic_id, hours, *rest) -> bool:
        order.append((statistic_id, hours[0]))
        return take(bulk, statistic_id, hours, *rest)

    with patch.object(BulkSums, "take", note):
        await sums.writer.async_write()
    firsts = [first for _, first in order]
    behind = max(max(firsts[: n + 1]) - one for n, one in enumerate(firsts))
    assert behind <= 1000 * HOUR
    assert {name for name, _ in order[:8]} == {f"med_exporter:{name}" for name in "abcd"}
    for name in "abcd":
        assert await sums.stored(f"med_exporter:{name}") == list(range(1, 6001))


async def test_of_many_sums_a_transaction_adds_one_after_the_other(sums: Sums) -> None:
    # All that a sum gets is in one place of the index by sum then.
    for name in "abcd":
        await sums.count(f"med_exporter:{name}", last_hours(1000))
    log = (
        "CREATE TRIGGER note AFTER INSERT ON statistics BEGIN"
        " INSERT INTO noted VALUES (NEW.metadata_id, NEW.start_ts); END"
    )
    for statement in ("CREATE TABLE noted (id INTEGER, at INTEGER)", log):
        await queue_work(sums.hass, SCHEMA, lambda c, it=statement: c.execute(text(it)))
    await sums.writer.async_write()
    noted = text("SELECT id, at FROM noted ORDER BY rowid")
    stored = await queue_work(sums.hass, SCHEMA, lambda c: c.execute(noted).all())
    assert len(stored) == 4 * 1000
    runs = [list(run) for _, run in groupby(stored, key=itemgetter(0))]
    assert all(run == sorted(run) and len(run) >= 120 for run in runs)
    for name in "abcd":
        assert await sums.stored(f"med_exporter:{name}") == list(range(1, 1001))


async def test_of_many_new_sums_few_wait_for_the_recorder_at_a_time(sums: Sums) -> None:
    # Home Assistant makes each in a transaction of its own, and what it records stands behind them.
    names = [f"med_exporter:{number}" for number in range(60)]
    for name in names:
        await sums.count(name, last_hours(150))
    done: list[str] = []

    def write(*args) -> None:
        done.append("import")
        async_add_external_statistics(*args)

    def queue(*args):
        done.append("look")
        return queue_in_turn(*args)

    take = BulkSums.take

    def store(*args) -> bool:
        is_taken = take(*args)
        done.extend(["store"] * is_taken)
        return is_taken

    with (
        patch.object(writer_module, "async_add_external_statistics", write),
        patch.object(writer_module, "queue_in_turn", queue),
        patch.object(BulkSums, "take", store),
    ):
        await sums.writer.async_write()
    looks = " ".join(done).split("look")
    handed = [look.count("import") for look in looks]
    assert [count for count in handed if count] == [25, 25, 10]
    # Not each few of them with their pasts: the index by time would be rewritten every time.
    assert all("store" not in look for look in looks if look.count("import") == 25)
    assert done.count("import") == done.count("store") == 60
    assert await sums.stored(names[-1]) == list(range(1, 151))


async def test_the_next_hour_of_many_sums_is_one_transaction(sums: Sums, freezer) -> None:
    # Home Assistant's import would make one of each, and all write the same pages again.
    names = [f"med_exporter:{number}" for number in range(60)]
    for name in names:
        await sums.count(name, last_hours(3))
    await sums.writer.async_write()
    freezer.tick(HOUR)
    for name in names:
        await sums.count(name, {END: 7})
    imports: list[object] = []
    with patch.object(writer_module, "async_add_external_statistics", imports.append):
        await sums.writer.async_write()
    assert imports == []
    for name in (names[0], names[-1]):
        assert await sums.stored(name) == [1, 2, 3, 10]
    assert sums.heard == []


async def test_no_page_is_copied_so_that_a_part_could_be_undone(sums: Sums) -> None:
    # SQLite keeps what each page was before a savepoint in a file, several times what is written.
    for name in "abc":
        await sums.count(f"med_exporter:{name}", last_hours(1500))
    said: list[str] = []

    def note(_connection, name: str, _context) -> None:
        said.append(name)

    engine = get_instance(sums.hass).engine
    event.listen(engine, "savepoint", note)
    try:
        await sums.writer.async_write()
    finally:
        event.remove(engine, "savepoint", note)
    assert said == []
    assert await sums.stored("med_exporter:a") == list(range(1, 1501))


async def test_the_recorder_goes_on_with_its_own_work_in_between(sums: Sums, freezer) -> None:
    # Each look at a thousand hours takes longer than a part may.
    def slow(_: object, start: int, end: int) -> dict[int, int]:
        freezer.tick(0.3)
        return {hour: 1 for hour in range(start, end, HOUR) if hour >= END - HOUR * 5000}

    await sums.count("med_exporter:a", last_hours(5000))
    good = sums.sums

    def slow_sums(connection, now):
        found = good(connection, now)
        return {name: replace(one, hours=slow) for name, one in found.items()}

    sums.sums = slow_sums
    parts = 0
    queue = writer_module.queue_in_turn

    def count(*arguments):
        nonlocal parts
        parts += 1
        return queue(*arguments)

    with patch.object(writer_module, "queue_in_turn", count):
        await sums.new_writer().async_write()
    assert parts > 5
    assert await sums.stored("med_exporter:a") == list(range(1, 5001))


async def test_a_change_of_the_past_is_told_once_all_of_it_is_written(sums: Sums) -> None:
    await sums.count("med_exporter:a", last_hours(48))
    await sums.writer.async_write()
    await sums.count("med_exporter:a", {END - HOUR * 20: 3})
    await sums.writer.async_write()
    assert sums.heard == [("med_exporter:a", END - HOUR * 20)]
    assert (await sums.stored("med_exporter:a"))[-1] == 50
    await sums.writer.async_write()
    assert len(sums.heard) == 1


async def test_one_that_is_refused_does_not_stop_the_others(
    sums: Sums, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("med_exporter:a--b", "med_exporter:a", "med_exporter:__x", "med_exporter:z"):
        await sums.count(name, last_hours(3))
    for _ in range(3):
        await sums.writer.async_write()
    assert await sums.stored("med_exporter:a") == [1, 2, 3]
    assert await sums.stored("med_exporter:z") == [1, 2, 3]
    errors = [one for one in caplog.records if one.levelname == "ERROR"]
    assert len(errors) == 2
    assert {"a--b" in one.message or "__x" in one.message for one in errors} == {True}


async def test_one_whose_past_the_database_refuses_does_not_stop_the_others(
    sums: Sums, caplog: pytest.LogCaptureFixture
) -> None:
    refuse = (
        "CREATE TRIGGER refuse BEFORE INSERT ON statistics WHEN NEW.metadata_id IN (SELECT id"
        " FROM statistics_meta WHERE statistic_id = 'med_exporter:b')"
        f" AND NEW.start_ts = {END - HOUR * 20} BEGIN SELECT RAISE(ABORT, 'refused'); END"
    )
    await queue_work(sums.hass, SCHEMA, lambda c: c.execute(text(refuse)))
    for name in "abc":
        await sums.count(f"med_exporter:{name}", last_hours(1500))
    for _ in range(2):
        await sums.writer.async_write()
    for name in "ac":
        assert await sums.stored(f"med_exporter:{name}") == list(range(1, 1501))
    (error,) = [one for one in caplog.records if one.levelname == "ERROR"]
    assert "med_exporter:b: refused" in error.message


async def test_what_was_a_mean_before_becomes_a_sum(sums: Sums) -> None:
    mean = {"mean_type": StatisticMeanType.ARITHMETIC, "has_sum": False, "name": "Somebody else's"}
    described = {"source": "med_exporter", "statistic_id": "med_exporter:a"}
    unit = {"unit_of_measurement": "°C"} | (
        {"unit_class": "temperature"} if writer_module._HAS_UNIT_CLASS else {}
    )
    start = dt_util.utc_from_timestamp(END - HOUR * 5)
    row = {"start": start, "mean": 20.0, "min": 19.0, "max": 21.0}
    async_add_external_statistics(sums.hass, {**mean, **described, **unit}, [row])
    await async_commit(sums.hass)
    await sums.count("med_exporter:a", last_hours(1500))
    await sums.writer.async_write()
    assert await sums.stored("med_exporter:a") == list(range(1, 1501))
    (known,) = await async_list_statistic_ids(sums.hass, {"med_exporter:a"})
    told = known["has_sum"], known["name"], known["statistics_unit_of_measurement"]
    assert told == (True, "Med_Exporter:A", "kWh")


async def test_one_that_is_never_stored_does_not_stop_the_others(
    sums: Sums, caplog: pytest.LogCaptureFixture
) -> None:
    await sums.count("med_exporter:lost", last_hours(30))
    await sums.count("med_exporter:kept", last_hours(3))

    def write(hass, metadata, rows) -> None:
        if metadata["statistic_id"] != "med_exporter:lost":
            async_add_external_statistics(hass, metadata, rows)

    with patch.object(writer_module, "async_add_external_statistics", write):
        await sums.writer.async_write()
    assert await sums.stored("med_exporter:kept") == [1, 2, 3]
    assert caplog.text.count("does not take the statistic med_exporter:lost") == 1
    # The next start tries again.
    await sums.new_writer().async_write()
    assert len(await sums.stored("med_exporter:lost")) == 30


async def test_one_that_is_refused_is_told_to_the_user_until_it_is_taken(
    sums: Sums, caplog: pytest.LogCaptureFixture, freezer
) -> None:
    refuse = (
        "CREATE TRIGGER refuse BEFORE INSERT ON statistics WHEN NEW.metadata_id IN (SELECT id"
        " FROM statistics_meta WHERE statistic_id = 'med_exporter:b')"
        " BEGIN SELECT RAISE(ABORT, 'refused'); END"
    )
    await queue_work(sums.hass, SCHEMA, lambda c: c.execute(text(refuse)))
    for name in "ab":
        await sums.count(f"med_exporter:{name}", last_hours(1500))
    issues = ir.async_get(sums.hass).issues
    for hours in (0, 0.5, 1, 1, 2):
        freezer.tick(hours * HOUR)
        await sums.writer.async_write()
        [issue] = issues.values()
        assert issue.translation_placeholders == {
            "name": "Med_Exporter:B", "statistic": "med_exporter:b",
        }  # fmt: skip
    assert caplog.text.count("does not take the statistic") == 1
    await queue_work(sums.hass, SCHEMA, lambda c: c.execute(text("DROP TRIGGER refuse")))
    await sums.writer.async_write()
    assert len(issues) == 1
    freezer.tick(24 * HOUR)
    await sums.writer.async_write()
    assert not issues
    assert len(await sums.stored("med_exporter:b")) == 1500 + 29


async def test_one_that_is_refused_and_is_there_no_longer_is_told_no_more(sums: Sums) -> None:
    await sums.count("med_exporter:a--b", last_hours(3))
    await sums.writer.async_write()
    assert len(ir.async_get(sums.hass).issues) == 1
    del sums.hours["med_exporter:a--b"]
    await sums.writer.async_write()
    assert not ir.async_get(sums.hass).issues


@pytest.mark.parametrize("count", [30, 1500])
@pytest.mark.parametrize(
    ("unit", "unit_class", "row"),
    [
        ("m³", "volume", {"state": 7.0, "sum": 7.0}),
        ("°C", "temperature", {"mean": 20.0, "min": 19.0, "max": 21.0}),
    ],
)
async def test_what_somebody_else_has_written_over_is_put_right(
    sums: Sums, count: int, unit: str, unit_class: str, row: dict[str, float]
) -> None:
    await sums.count("med_exporter:a", last_hours(count))
    await sums.writer.async_write()
    mean_type = StatisticMeanType.NONE if "sum" in row else StatisticMeanType.ARITHMETIC
    described = {
        "source": "med_exporter", "statistic_id": "med_exporter:a", "name": "Somebody else's",
        "has_sum": "sum" in row, "mean_type": mean_type, "unit_of_measurement": unit,
    } | ({"unit_class": unit_class} if writer_module._HAS_UNIT_CLASS else {})  # fmt: skip
    hours = [dt_util.utc_from_timestamp(END - HOUR * number) for number in (9, 8)]
    async_add_external_statistics(sums.hass, described, [{"start": one, **row} for one in hours])
    await async_commit(sums.hass)
    await sums.writer.async_write()
    assert await sums.stored("med_exporter:a") == list(range(1, count + 1))
    (known,) = await async_list_statistic_ids(sums.hass, {"med_exporter:a"})
    told = known["has_sum"], known["name"], known["statistics_unit_of_measurement"]
    assert told == (True, "Med_Exporter:A", "kWh")


async def test_one_whose_hours_cannot_be_read_does_not_stop_the_others(
    sums: Sums, caplog: pytest.LogCaptureFixture
) -> None:
    await sums.count("med_exporter:a", last_hours(3))
    await sums.count("med_exporter:b", last_hours(3))
    good = sums.sums

    def sums_with_a_bad_one(connection, now):
        found = good(connection, now)

        def fail(*_: object) -> dict[int, int]:
            raise ValueError("5 bytes are no day")

        bad = found["med_exporter:a"]
        found["med_exporter:a"] = RunningSum(
            **{name: getattr(bad, name) for name in bad.__slots__} | {"hours": fail}
        )
        return found

    sums.sums = sums_with_a_bad_one
    await sums.new_writer().async_write()
    assert await sums.stored("med_exporter:b") == [1, 2, 3]
    assert "no day" in caplog.text


async def test_one_that_changes_all_the_while_is_not_given_up(
    sums: Sums, caplog: pytest.LogCaptureFixture
) -> None:
    await sums.count("med_exporter:a", last_hours(3))
    times = 0

    def write(hass, metadata, rows) -> None:
        nonlocal times
        async_add_external_statistics(hass, metadata, rows)
        times += 1
        if times < 6:
            sums.hours["med_exporter:a"][END - HOUR * 3] += 1

    with patch.object(writer_module, "async_add_external_statistics", write):
        await sums.writer.async_write()
    assert await sums.stored("med_exporter:a") == [6, 7, 8]
    assert "does not take" not in caplog.text


@pytest.mark.parametrize("count", [3, 300])
async def test_one_that_is_called_another_unit_gets_its_own_back(sums: Sums, count: int) -> None:
    name = "med_exporter:house"
    await sums.count(name, last_hours(count))
    await sums.writer.async_write()
    extra = {"new_unit_class": "energy"} if hasattr(StatisticsMeta, "unit_class") else {}
    get_instance(sums.hass).async_update_statistics_metadata(
        name, new_unit_of_measurement="Wh", **extra
    )
    await async_commit(sums.hass)
    before = await sums.stored(name)
    await sums.writer.async_write()
    await async_commit(sums.hass)
    [described] = await async_list_statistic_ids(sums.hass, {name})
    assert described["statistics_unit_of_measurement"] == "kWh"
    assert await sums.stored(name) == before == list(range(1, count + 1))


async def test_sums_go_ahead_together_so_that_each_transaction_is_about_one_time(
    sums: Sums, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[int] = []
    good = sums.sums

    def watched(connection, now):
        def hours(own, *stretch: int):
            looked_at.append(stretch[1])
            return own(*stretch)

        return {
            name: replace(one, hours=partial(hours, one.hours))
            for name, one in good(connection, now).items()
        }

    monkeypatch.setattr(sums, "sums", watched)
    for name in ("a", "b", "c"):
        await sums.count(f"med_exporter:{name}", last_hours(2000))
    await sums.new_writer().async_write()
    looked_at = looked_at[3:]  # what has Home Assistant make them
    assert len(looked_at) >= 3 * 7
    assert looked_at == sorted(looked_at)
    assert await sums.stored("med_exporter:b") == list(range(1, 2001))

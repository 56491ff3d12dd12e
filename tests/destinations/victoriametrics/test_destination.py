"""What arrives in a real VictoriaMetrics: each closed period once, and nothing that was lost."""

from __future__ import annotations

import asyncio
import gc
import math
import random
import time
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.base import (
    DestinationError,
    Outcome,
)
from custom_components.med_exporter.destinations.measurements import (
    EcoWattLevel,
    Energy,
    Grain,
    Measurement,
    PointName,
    TempoDay,
)
from custom_components.med_exporter.destinations.victoriametrics import destination as module
from custom_components.med_exporter.destinations.victoriametrics import (
    probe,
    series_push,
    visibility,
)
from custom_components.med_exporter.destinations.victoriametrics.destination import (
    VictoriaMetricsDestination,
)
from custom_components.med_exporter.destinations.victoriametrics.rows import rows_of
from custom_components.med_exporter.destinations.victoriametrics.sending import Sender
from custom_components.med_exporter.destinations.victoriametrics.server import VictoriaMetrics
from custom_components.med_exporter.sources.tempo_calendar import TempoColour
from tests.lag import loop_lag
from tests.measurements import (
    ONE_DAY,
    POINT,
    TODAY,
    Latest,
    Settled,
    day,
    days,
    half_hours,
    pages_of,
    push,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from pathlib import Path

    from custom_components.med_exporter.destinations.victoriametrics.batches import Batch
    from custom_components.med_exporter.destinations.victoriametrics.flags import Flags
    from tests.victoriametrics import VictoriaMetricsServer

DAILY = 'myelectricaldata_consumption_wh{pdl="Mon_PDL-1",type="daily"}'
DETAILED = 'myelectricaldata_consumption_wh{pdl="Mon_PDL-1",type="detailed"}'


def destination_at(
    session: ClientSession,
    server: VictoriaMetricsServer | str,
    labels: dict[str, str] | None = None,
    *,
    on_disk_after: float = 0,
) -> VictoriaMetricsDestination:
    url = server if isinstance(server, str) else server.url
    return VictoriaMetricsDestination(
        VictoriaMetrics(session, url), labels or {}, on_disk_after=on_disk_after
    )


def expected(measurements: Iterable[Energy]) -> dict[int, list[float]]:
    """Return what the server should hold: each value once, in Wh."""
    return {
        round(one.start.timestamp() * 1000): [pytest.approx(one.kwh * 1000, rel=1e-9, abs=1e-6)]
        for one in measurements
    }


async def test_a_year_arrives_value_by_value(session, victoriametrics) -> None:
    server = victoriametrics()
    year = days(365)

    outcomes = await push(destination_at(session, server), year)

    assert outcomes == [Outcome.STORED] * 365
    assert server.samples(DAILY) == expected(year)
    assert server.series() == [
        {"__name__": "myelectricaldata_consumption_wh", "pdl": "Mon_PDL-1", "type": "daily"}
    ]


async def test_every_kind_of_value_has_its_metric(session, victoriametrics) -> None:
    server = victoriametrics()
    destination = destination_at(session, server, {"site": 'a "quoted" \\ é\nline'})
    start = TODAY - ONE_DAY
    period = {
        "point": POINT, "grain": Grain.DAILY, "start": start, "end": TODAY, "timestamp": TODAY,
    }  # fmt: skip

    await push(destination, [day(1, 1.5, DataType.PRODUCTION_DAILY)])
    await push(
        destination,
        [TempoDay(**period, closed=True, data_type=DataType.TEMPO, colour=TempoColour.RED)],
    )
    await push(
        destination,
        [EcoWattLevel(**period, closed=False, data_type=DataType.ECOWATT, level=2)],
    )

    site = {"site": 'a "quoted" \\ é\nline', "pdl": "Mon_PDL-1"}
    names = {one["__name__"]: one for one in server.series()}
    assert names == {
        name: {"__name__": name, **site, **kind}
        for name, kind in (
            ("myelectricaldata_production_wh", {"type": "daily"}),
            ("myelectricaldata_tempo_color", {}),
            ("myelectricaldata_ecowatt_level", {}),
        )
    }
    at = round(start.timestamp() * 1000)
    assert server.samples("myelectricaldata_production_wh") == {at: [1500]}
    assert server.samples("myelectricaldata_tempo_color") == {at: [3]}
    assert server.samples("myelectricaldata_ecowatt_level") == {
        round(TODAY.timestamp() * 1000): [2]
    }


async def test_a_second_push_adds_nothing(session, victoriametrics) -> None:
    server = victoriametrics()
    week = days(7)
    await push(destination_at(session, server), week)

    assert await push(destination_at(session, server), week) == [Outcome.ALREADY_THERE] * 7
    assert server.samples(DAILY) == expected(week)


async def test_only_what_is_missing_is_sent(session, victoriametrics) -> None:
    server = victoriametrics()
    week = days(7)
    await push(destination_at(session, server), week[2:4])

    outcomes = await push(destination_at(session, server), week)

    assert outcomes == [
        Outcome.ALREADY_THERE if 2 <= number < 4 else Outcome.STORED for number in range(7)
    ]
    assert server.samples(DAILY) == expected(week)


async def test_a_late_correction_is_named_and_changes_nothing(session, victoriametrics) -> None:
    server = victoriametrics()
    week = days(7)
    await push(destination_at(session, server), week)

    outcomes = await push(destination_at(session, server), [day(3, 99.0), week[-2], day(1, 98.0)])

    assert outcomes == [Outcome.NOT_CORRECTABLE, Outcome.ALREADY_THERE, Outcome.NOT_CORRECTABLE]
    assert server.samples(DAILY) == expected(week)


async def test_series_with_other_labels_are_not_mistaken_for_ours(session, victoriametrics) -> None:
    server = victoriametrics()
    week = days(7)
    assert await push(destination_at(session, server, {"site": "a"}), week) == [Outcome.STORED] * 7

    assert await push(destination_at(session, server), week) == [Outcome.STORED] * 7
    assert len(server.series()) == 2


async def test_what_nobody_gives_is_not_asked_for(session) -> None:
    assert await push(destination_at(session, "http://127.0.0.1:9"), []) == []


@pytest.mark.parametrize("retention", ["1", "31d"])
async def test_a_month_of_retention_skips_what_is_older(
    session, victoriametrics, retention: str
) -> None:
    server = victoriametrics(retention=retention)
    year = days(365)

    outcomes = await push(destination_at(session, server), year)

    kept = outcomes.count(Outcome.STORED)
    assert 29 <= kept <= 31
    assert outcomes == [Outcome.TOO_OLD] * (365 - kept) + [Outcome.STORED] * kept
    assert server.samples(DAILY) == expected(year[-kept:])


class TestWhatWasLost:
    """The question at the start of a run."""

    async def test_a_server_that_has_all_misses_nothing(self, session, victoriametrics) -> None:
        server = victoriametrics()
        year = days(365)
        await push(destination_at(session, server), year)
        destination = destination_at(session, server)
        assert await destination.async_missing([year[0], year[-1]]) == []
        corrected = [day(1, 99.0)]
        assert await destination.async_missing(corrected) == [], "another value is a value"

    async def test_an_emptied_server_misses_all(self, session, victoriametrics) -> None:
        server = victoriametrics()
        year = days(365)
        await push(destination_at(session, server), year)
        server.get("/api/v1/admin/tsdb/delete_series", {"match[]": DAILY})
        assert await destination_at(session, server).async_missing(year[-2:]) == year[-2:]
        assert await push(destination_at(session, server), year) == [Outcome.STORED] * 365

    @pytest.mark.parametrize("options", [(), ("-flagsAuthKey=another",)])
    async def test_what_is_older_than_the_retention_is_not_missing(
        self, session, victoriametrics, options: tuple[str, ...]
    ) -> None:
        server = victoriametrics(retention="1", options=options)
        year = days(365)
        await push(destination_at(session, server), year)
        assert await destination_at(session, server).async_missing([year[0], year[-1]]) == []


@pytest.fixture
async def cluster(session: ClientSession) -> AsyncIterator[Callable[..., object]]:
    """The addresses of a cluster before a server: `/insert/7` to write, `/select/7` to read."""
    fronts: list[TestServer] = []

    async def start(server: VictoriaMetricsServer) -> str:
        async def forward(request: web.Request) -> web.Response:
            async with session.request(
                request.method,
                f"{server.url}/api/v1/{request.match_info['what']}?{request.query_string}",
                data=await request.read(),
                headers={
                    name: request.headers[name]
                    for name in ("Content-Encoding", "Content-Type")
                    if name in request.headers
                },
            ) as answer:
                body = await answer.read()
            # A cluster shows by itself what it has taken, sooner or later.
            await asyncio.to_thread(server.get, "/internal/force_flush")
            return web.Response(status=answer.status, body=body)

        application = web.Application(handler_args={"auto_decompress": False})
        application.router.add_post("/insert/7/prometheus/api/v1/{what:import}", forward)
        application.router.add_get("/select/7/prometheus/api/v1/{what:export|series}", forward)
        delete = "/delete/7/prometheus/api/v1/{what:admin/tsdb/delete_series}"
        application.router.add_post(delete, forward)
        fronts.append(TestServer(application))
        await fronts[-1].start_server()
        return f"http://127.0.0.1:{fronts[-1].port}/insert/7/prometheus"

    yield start
    for front in fronts:
        await front.close()


async def test_the_former_id_is_deleted_at_a_clusters_own_door(
    session, victoriametrics, cluster
) -> None:
    server = victoriametrics()
    destination = destination_at(session, await cluster(server))
    await push(destination, days(3))
    assert await destination.async_rename(POINT, replace(POINT, pdl="Right", slug="right"))
    assert server.samples(DAILY) == {}


async def test_a_retention_that_nobody_tells_is_found_out(session, victoriametrics) -> None:
    server = victoriametrics(retention="1", options=("-flagsAuthKey=another",))
    year = days(365)
    destination = destination_at(session, server)

    outcomes = await push(destination, year)

    kept = outcomes.count(Outcome.STORED)
    assert 29 <= kept <= 31
    assert outcomes == [Outcome.TOO_OLD] * (365 - kept) + [Outcome.STORED] * kept
    assert server.samples(DAILY) == expected(year[-kept:])
    # The last that it drops is not missing for ever.
    assert list(await destination.async_missing(year)) == []


async def test_batches_wait_for_a_newer_row_that_tells_why_they_are_missing(
    session, victoriametrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series_push, "_BATCH", 30)
    monkeypatch.setattr(visibility, "_FLUSHED_FOR", 0.1)
    server = victoriametrics(retention="1", options=("-flagsAuthKey=another",))
    quarter = days(90)

    outcomes = await push(destination_at(session, server), quarter)

    kept = outcomes.count(Outcome.STORED)
    assert 29 <= kept <= 31
    assert outcomes == [Outcome.TOO_OLD] * (90 - kept) + [Outcome.STORED] * kept


async def test_without_any_newer_row_nothing_is_taken_for_too_old(
    session, victoriametrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visibility, "_FLUSHED_FOR", 0.1)
    server = victoriametrics(retention="1", options=("-flagsAuthKey=another",))

    with pytest.raises(DestinationError) as raised:
        await push(destination_at(session, server), days(90)[:30])

    assert raised.value.code == "ROWS_MISSING"


async def test_rows_that_do_not_come_back_are_an_error_that_names_them(
    session, victoriametrics, tmp_path: Path
) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("- action: drop\n  source_labels: [pdl]\n  regex: 'Mon_PDL-1'\n")
    server = victoriametrics(options=(f"-relabelConfig={rules}",))

    with pytest.raises(DestinationError) as raised:
        await push(destination_at(session, server), days(3))

    assert raised.value.code == "ROWS_MISSING"
    assert not raised.value.is_unusable
    placeholders = raised.value.translation_placeholders
    assert placeholders["count"] == "3"
    assert placeholders["metric"] == "myelectricaldata_consumption_wh"


class TestLabelsThatOthersAdd:
    """A proxy before the server, or the server itself, has its own ideas of labels."""

    @pytest.fixture(params=["vmauth", "relabelling", "both"])
    def behind(self, request, session, victoriametrics, vmauth, tmp_path: Path) -> Any:
        """A server that adds labels on the way, and how one talks to it."""
        options: tuple[str, ...] = ()
        if request.param != "vmauth":
            rules = tmp_path / "rules.yaml"
            rules.write_text("- target_label: rack\n  replacement: cellar\n")
            options = (f"-relabelConfig={rules}",)
        server = victoriametrics(options=options)
        if request.param == "relabelling":
            return server, VictoriaMetrics(session, server.url)
        proxy = vmauth(server, query="?extra_label=tenant=home")
        return server, VictoriaMetrics(
            session, proxy.url, username=proxy.username, password=proxy.password
        )

    async def test_a_test_that_succeeds_is_followed_by_runs_that_do(self, behind) -> None:
        server, known = behind
        week = days(7)
        assert await VictoriaMetricsDestination(known, {"site": "a"}).async_test() is None
        for outcome in (Outcome.STORED, Outcome.ALREADY_THERE, Outcome.ALREADY_THERE):
            # Each in a life of its own.
            destination = VictoriaMetricsDestination(known, {"site": "a"}, on_disk_after=0)
            begun = await destination.async_missing([week[0], week[-1]])
            assert begun == ([week[0], week[-1]] if outcome is Outcome.STORED else [])
            assert await push(destination, week) == [outcome] * 7
        assert server.samples(DAILY) == expected(week)

    async def test_series_with_more_labels_of_a_user_are_not_taken_for_ours(self, behind) -> None:
        server, known = behind
        tagged = VictoriaMetricsDestination(known, {"site": "a"}, on_disk_after=0)
        plain = VictoriaMetricsDestination(known, {}, on_disk_after=0)
        assert await push(tagged, days(3)) == [Outcome.STORED] * 3
        assert await plain.async_missing(days(3)) == days(3)
        assert await push(plain, days(3)) == [Outcome.STORED] * 3
        assert await push(tagged, days(3)) == [Outcome.ALREADY_THERE] * 3
        assert len(server.series()) == 2

    @pytest.mark.parametrize(
        ("rule", "label", "field", "now"),
        [
            ("action: labeldrop\n  regex: site", "site", "labels", None),
            ("action: labeldrop\n  regex: type", "type", "url", None),
            ("target_label: site\n  replacement: b", "site", "labels", "b"),
            ("target_label: pdl\n  replacement: x", "pdl", "url", "x"),
        ],
    )
    async def test_a_label_that_is_lost_or_changed_is_named(
        self,
        session,
        victoriametrics,
        tmp_path: Path,
        rule: str,
        label: str,
        field: str,
        now: str | None,
    ) -> None:
        rules = tmp_path / "rules.yaml"
        rules.write_text(f"- {rule}\n")
        server = victoriametrics(options=(f"-relabelConfig={rules}",))
        destination = destination_at(session, server, {"site": "a"})
        for attempt in (destination.async_test(), destination.async_reach()):
            with pytest.raises(DestinationError) as raised:
                await attempt
            assert (raised.value.code, raised.value.field) == ("LABELS_CHANGED", field)
            told = raised.value.translation_placeholders
            assert (told["label"], told["now"]) == (label, str(now))
            variant = "_lost" if now is None else ""
            assert raised.value.key == f"destination_labels_changed{variant}"

    async def test_a_proxy_that_overrides_a_users_label(
        self, session, victoriametrics, vmauth
    ) -> None:
        proxy = vmauth(victoriametrics(), query="?extra_label=site=home")
        known = VictoriaMetrics(
            session, proxy.url, username=proxy.username, password=proxy.password
        )
        with pytest.raises(DestinationError) as raised:
            await VictoriaMetricsDestination(known, {"site": "a"}).async_test()
        assert raised.value.translation_placeholders["label"] == "site"

    async def test_a_server_that_drops_what_it_is_given(
        self, session, victoriametrics, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(visibility, "_FLUSHED_FOR", 0.1)
        rules = tmp_path / "rules.yaml"
        rules.write_text("- action: drop\n  source_labels: [__name__]\n  regex: 'my.*'\n")
        server = victoriametrics(options=(f"-relabelConfig={rules}",))
        with pytest.raises(DestinationError) as raised:
            await destination_at(session, server).async_test()
        assert raised.value.code == "NOTHING_SHOWN"

    @pytest.mark.parametrize("interval", ["1s", "24h"])
    async def test_a_server_that_merges_less_than_is_sent(
        self, session, victoriametrics, interval: str
    ) -> None:
        server = victoriametrics(options=(f"-dedup.minScrapeInterval={interval}",))
        await destination_at(session, server).async_test()
        assert await push(destination_at(session, server), days(7)) == [Outcome.STORED] * 7

    async def test_a_server_that_merges_what_is_sent(self, session, victoriametrics) -> None:
        server = victoriametrics(options=("-dedup.minScrapeInterval=48h",))
        with pytest.raises(DestinationError) as raised:
            await destination_at(session, server).async_test()
        assert raised.value.code == "SAMPLES_MERGED"

    async def test_rules_that_begin_during_a_life_are_learnt_by_the_run_that_meets_them(
        self, session, victoriametrics, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(visibility, "_FLUSHED_FOR", 0.1)
        rules = tmp_path / "rules.yaml"
        rules.write_text("- target_label: rack\n  replacement: cellar\n")
        server = victoriametrics()
        destination = destination_at(session, server)
        await push(destination, days(2))
        server.kill()
        server.options = (f"-relabelConfig={rules}",)
        server.start()
        assert await push(destination, days(4)) == [Outcome.STORED] * 4
        assert await push(destination, days(4)) == [Outcome.ALREADY_THERE] * 4


async def test_a_cluster_is_written_and_read_at_its_own_addresses(
    session, victoriametrics, cluster
) -> None:
    server = victoriametrics()
    front = await cluster(server)
    week = days(7)

    assert await push(destination_at(session, front), week) == [Outcome.STORED] * 7
    assert await push(destination_at(session, front), week) == [Outcome.ALREADY_THERE] * 7
    assert server.samples(DAILY) == expected(week)


async def test_a_year_of_half_hours_goes_out_in_batches(session, victoriametrics) -> None:
    server = victoriametrics()
    year = half_hours(17520)
    begun = time.monotonic()

    outcomes = await push(destination_at(session, server), year)

    assert outcomes == [Outcome.STORED] * 17520
    assert server.samples(DETAILED) == expected(year)
    # Seconds with one processor; a request per value would take minutes.
    assert time.monotonic() - begun < 60


async def test_values_of_very_different_size_keep_their_digits(session, victoriametrics) -> None:
    server = victoriametrics()
    values = [0.000001, 123456.789012, 0.1 + 0.2, 0.0, 1 / 3, 98765.4321, 2e-6 / 3]
    odd = [day(len(values) - number, kwh) for number, kwh in enumerate(values)]

    assert await push(destination_at(session, server), odd) == [Outcome.STORED] * len(values)
    assert server.samples(DAILY) == expected(odd)


async def test_an_error_of_the_source_still_settles_what_was_under_way(
    session, victoriametrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series_push, "_BATCH", 5)
    server = victoriametrics()
    week = days(7)
    settled = Settled(week)

    async def stream() -> AsyncIterator[list[Measurement]]:
        for measurement in week:
            yield [measurement]
        raise DestinationError("connection_lost", host="source")

    destination = destination_at(session, server)
    with pytest.raises(DestinationError):
        await destination.async_push(stream(), settled)

    assert settled == [(one, Outcome.STORED) for one in week[:5]]
    assert server.samples(DAILY) == expected(week[:5])


async def test_nothing_counts_as_stored_before_it_is_on_the_servers_disk(
    session, victoriametrics
) -> None:
    server = victoriametrics()
    week = days(7)
    settled: list[Outcome] = []
    destination = destination_at(session, server, on_disk_after=2)

    async def kill_when_it_has_them() -> None:
        while len(await asyncio.to_thread(server.samples, DAILY)) < 7:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)

    killing = asyncio.create_task(kill_when_it_has_them())
    with pytest.raises(DestinationError) as raised:
        await push(destination, week, settled)
    await killing

    # Killed between two requests, it has forgotten them or does not listen; in one, it hangs up.
    assert raised.value.code in {"ROWS_MISSING", "REFUSED", "CONNECTION_LOST"}
    assert settled == []
    assert await push(destination, week) == [Outcome.STORED] * 7
    assert server.samples(DAILY) == expected(week)


async def test_all_series_wait_for_the_disk_together(
    session, victoriametrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = [replace(POINT, pdl=f"point-{number}") for number in range(14)]
    waiting = asyncio.Barrier(len(points))
    outcomes: list[tuple[Outcome, int]] = []

    async def until_all_wait(_: float) -> None:
        assert outcomes == []
        await waiting.wait()

    async def stream(point: PointName) -> AsyncIterator[list[Measurement]]:
        for one in days(3):
            yield [replace(one, point=point)]

    def settle(_: object, outcome: Outcome, __: object = None, count: int = 1) -> None:
        outcomes.append((outcome, count))

    monkeypatch.setattr(series_push, "sleep_until", until_all_wait)
    destination = destination_at(session, victoriametrics(), on_disk_after=600)
    async with asyncio.timeout(120):
        await asyncio.gather(*(destination.async_push(stream(one), settle) for one in points))
    assert outcomes == [(Outcome.STORED, 3)] * len(points)


async def test_a_few_series_are_sent_side_by_side(
    session, victoriametrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    four, flags = asyncio.Barrier(4), VictoriaMetrics.flags

    async def when_four_have_begun(server: VictoriaMetrics) -> Flags:
        await four.wait()
        return await flags(server)

    monkeypatch.setattr(VictoriaMetrics, "flags", when_four_have_begun)
    server = victoriametrics()
    destination = destination_at(session, server)
    given = [
        [replace(one, point=replace(POINT, pdl=f"point-{number}")) for one in days(3, number)]
        for number in range(8)
    ]
    async with asyncio.timeout(60):
        for outcomes in await asyncio.gather(*(push(destination, some) for some in given)):
            assert outcomes == [Outcome.STORED] * 3
    for number, some in enumerate(given):
        assert server.samples(DAILY.replace(POINT.pdl, f"point-{number}")) == expected(some)


async def test_no_more_are_held_than_there_is_room_for_however_many_series_there_are(
    session, victoriametrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series_push, "_BATCH", 10)
    monkeypatch.setattr(module, "IN_FLIGHT", 30)
    held = most = stored = 0

    class Held(PointName):
        """Counts in memory."""

        def __del__(self) -> None:
            nonlocal held
            held -= 1

    async def stream(pdl: str) -> AsyncIterator[list[Measurement]]:
        nonlocal held, most
        for one in days(25 * 4):
            held += 1
            yield [replace(one, point=Held(pdl=pdl, slug=pdl, name=pdl))]
            most = max(most, held)

    def settle(_: object, outcome: Outcome, __: object = None, count: int = 1) -> None:
        nonlocal stored
        assert outcome is Outcome.STORED
        stored += count

    destination = destination_at(session, victoriametrics(), on_disk_after=4)
    pushes = (destination.async_push(stream(f"point-{number}"), settle) for number in range(5))
    async with asyncio.timeout(60):
        await asyncio.gather(*pushes)
    assert stored == 5 * 100
    # Of each of the notes, which are of 10 rows, the first one and the last are left.
    assert most <= 30 + 5 * 10 * 2 + 5 * 2


async def test_what_comes_next_is_asked_for_while_the_server_takes_what_came_before(
    session, victoriametrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series_push, "_BATCH", 10)
    server, given = victoriametrics(), days(50)
    write, read = VictoriaMetrics.write, VictoriaMetrics.read
    stamps = rows_of(given).stamps
    asked = {first: asyncio.Event() for first in stamps[::10]}

    async def written(self: VictoriaMetrics, lines: bytes, **rest: Any) -> None:
        # The first two are sent before it is known that the series appears as it should.
        for first, after in pairwise(stamps[20::10]):
            if f"[{first}," in lines.decode():
                async with asyncio.timeout(30):
                    await asked[after].wait()
        await write(self, lines, **rest)

    async def noted(
        self: VictoriaMetrics, labels: Any, start: int, end: int, **rest: Any
    ) -> AsyncIterator[Any]:
        async for line in read(self, labels, start, end, **rest):
            yield line
        if end > start:
            asked[start].set()

    monkeypatch.setattr(VictoriaMetrics, "write", written)
    monkeypatch.setattr(VictoriaMetrics, "read", noted)
    assert await push(destination_at(session, server), given) == [Outcome.STORED] * 50
    assert server.samples(DAILY) == expected(given)


@pytest.mark.parametrize("last", [15, 25], ids=["ahead", "further"])
async def test_what_was_read_ahead_of_a_run_that_fails_takes_no_room(
    session, victoriametrics, monkeypatch: pytest.MonkeyPatch, last: int
) -> None:
    monkeypatch.setattr(series_push, "_BATCH", 10)
    monkeypatch.setattr(module, "IN_FLIGHT", 20)

    async def stream() -> AsyncIterator[list[Measurement]]:
        for one in days(35)[:last]:
            yield [one]
        raise OSError("the ledger is gone")

    destination = destination_at(session, victoriametrics(), on_disk_after=0)
    for _ in range(3):
        with pytest.raises(OSError, match="gone"):
            await destination.async_push(stream(), lambda *_: None)
    # There is room for all of it, again.
    assert set(await push(destination, days(35))) <= {Outcome.STORED, Outcome.ALREADY_THERE}


async def test_where_rows_are_missing_none_after_them_is_settled(
    session, victoriametrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series_push, "_BATCH", 10)
    monkeypatch.setattr(module, "IN_FLIGHT", 20)
    server = victoriametrics()
    destination = destination_at(session, server, on_disk_after=1)
    send, settled = Sender.send, []

    async def forgetful(sender: Sender, batch: Batch, **rest: Any) -> None:
        await send(sender, batch, **rest)
        if batch.rows.stamps[0] == rows_of(days(35))[0].stamp:
            gone = {"match[]": DAILY}
            await asyncio.to_thread(server.get, "/api/v1/admin/tsdb/delete_series", gone)

    with monkeypatch.context() as deleting:
        deleting.setattr(Sender, "send", forgetful)
        with pytest.raises(DestinationError) as raised:
            await push(destination, days(35), settled)
    assert raised.value.code == "ROWS_MISSING"
    assert settled == []
    again = await push(destination, days(35))
    assert set(again) <= {Outcome.STORED, Outcome.ALREADY_THERE}
    assert server.samples(DAILY) == expected(days(35))


async def test_many_rows_are_built_and_compared_beside_the_event_loop(
    session, victoriametrics
) -> None:
    given = half_hours(40_000)
    gc.collect()
    async with loop_lag() as lag:
        outcomes = await push(destination_at(session, victoriametrics()), given)
    assert set(outcomes) == {Outcome.STORED}
    assert lag.held < 0.04


@pytest.mark.parametrize("seed", [1])
async def test_killed_at_any_moment_it_ends_up_with_each_value_once(
    session, victoriametrics, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(series_push, "_BATCH", 400)
    server = victoriametrics()
    pick = random.Random(seed)
    rows = half_hours(4000)
    watermark = 0

    for _ in range(4):
        destination = destination_at(session, server, on_disk_after=11)
        settled: list[tuple[Measurement, Outcome]] = []
        pushing = asyncio.create_task(push(destination, rows[watermark:], settled))
        await asyncio.sleep(math.exp(pick.uniform(math.log(0.02), math.log(2))))
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        if pick.random() < 0.5:
            # Ours dies too.
            pushing.cancel()
        with suppress(DestinationError, asyncio.CancelledError):
            await pushing
        watermark += len(settled)
    await push(destination_at(session, server, on_disk_after=11), rows[watermark:])
    await asyncio.to_thread(server.kill)
    await asyncio.to_thread(server.start)

    assert server.samples(DETAILED) == expected(rows)


class TestConnectionTest:
    """Every mistake that the connection test names."""

    async def mistake(self, session, url: str, **login: str) -> DestinationError:
        server = VictoriaMetrics(session, url, is_known=False, **login)
        with pytest.raises(DestinationError) as raised:
            await VictoriaMetricsDestination(server, {"site": "a"}).async_test()
        assert raised.value.is_unusable
        return raised.value

    async def test_success_leaves_one_series_however_often_it_is_made(
        self, session, victoriametrics
    ) -> None:
        server = victoriametrics()
        for _ in range(2):
            assert await destination_at(session, server, {"site": "a"}).async_test() is None
        [one] = server.series(f'{{__name__="{probe.PROBE}"}}')
        assert one.items() >= {"site": "a", "pdl": "test", "type": "test"}.items()
        assert server.series() == []

    @pytest.mark.parametrize("count", [5, 60_000])
    async def test_a_row_that_it_sends_amid_a_run_is_there_once(
        self, session, victoriametrics, count
    ) -> None:
        """What a run sends next is prepared while the server takes what came before."""
        server, values = victoriametrics(), half_hours(count)

        class Tested(VictoriaMetricsDestination):
            async def _send(self, batch: Batch, *flags: Any) -> None:
                if batch.rows.measurements[-1] == values[-1]:
                    assert await self.async_test() is None
                await super()._send(batch, *flags)

        samples = Latest(values[-1])
        known = VictoriaMetrics(session, server.url)
        destination = Tested(known, {}, on_disk_after=0, samples=samples)  # type: ignore[arg-type]
        settled = Settled(values)
        await destination.async_push(pages_of(values, 500), settled)
        assert server.samples(DETAILED) == expected(values)
        assert {outcome for _, outcome in settled} == {Outcome.STORED}

    async def test_a_short_retention_is_a_remark(self, session, victoriametrics) -> None:
        server = victoriametrics(retention="1")
        remark = await destination_at(session, server).async_test()
        assert remark == module.REMARK_SHORT_RETENTION

    async def test_a_retention_of_a_year_is_none(self, session, victoriametrics) -> None:
        assert await destination_at(session, victoriametrics(retention="1y")).async_test() is None

    async def test_a_wrong_path(self, session, victoriametrics) -> None:
        error = await self.mistake(session, f"{victoriametrics().url}/elsewhere")
        assert error.code == "WRONG_PATH"
        assert error.translation_placeholders["path"] == "/elsewhere/api/v1/import"

    async def test_wrong_user_or_password(self, session, victoriametrics, vmauth) -> None:
        proxy = vmauth(victoriametrics())
        for login in ({"username": "med", "password": "no"}, {"username": "x", "password": "y"}):
            error = await self.mistake(session, proxy.url, **login)
            assert (error.code, error.field) == ("WRONG_CREDENTIALS", "password")
            assert login["password"] not in str(error.translation_placeholders)
        error = await self.mistake(session, proxy.url)
        assert (error.code, error.field) == ("UNAUTHORIZED", "username")

    async def test_the_right_login(self, session, victoriametrics, vmauth) -> None:
        server = victoriametrics()
        proxy = vmauth(server)
        known = VictoriaMetrics(
            session, proxy.url, username=proxy.username, password=proxy.password
        )
        assert await VictoriaMetricsDestination(known, {}).async_test() is None
        assert proxy.password not in repr(known)
        destination = VictoriaMetricsDestination(known, {}, on_disk_after=0)
        assert await push(destination, days(3)) == [Outcome.STORED] * 3
        assert server.samples(DAILY) == expected(days(3))

    async def test_long_answers_through_a_proxy(self, session, victoriametrics, vmauth) -> None:
        proxy = vmauth(victoriametrics())
        known = VictoriaMetrics(
            session, proxy.url, username=proxy.username, password=proxy.password
        )
        destination = VictoriaMetricsDestination(known, {}, on_disk_after=0)
        rows = half_hours(8000)
        assert await push(destination, rows) == [Outcome.STORED] * 8000
        assert await push(destination, rows) == [Outcome.ALREADY_THERE] * 8000

    async def test_a_login_that_may_write_only(self, session, victoriametrics, vmauth) -> None:
        proxy = vmauth(victoriametrics(), paths=("/api/v1/import",))
        login = {"username": proxy.username, "password": proxy.password}
        error = await self.mistake(session, proxy.url, **login)
        assert error.code == "WRONG_PATH"
        assert error.translation_placeholders["path"] == "/api/v1/export"

    async def test_the_servers_own_login(self, session, victoriametrics) -> None:
        server = victoriametrics(options=("-httpAuth.username=u", "-httpAuth.password=p"))
        assert (await self.mistake(session, server.url)).code == "UNAUTHORIZED"
        login = {"username": "u", "password": "p"}
        known = VictoriaMetrics(session, server.url, **login)
        assert await VictoriaMetricsDestination(known, {}).async_test() is None

    async def test_refused(self, session) -> None:
        error = await self.mistake(session, "http://127.0.0.1:9")
        assert (error.code, error.key) == ("REFUSED", "destination_refused_loopback")

    async def test_name_not_resolved(self, session) -> None:
        error = await self.mistake(session, "http://nowhere.invalid:8428")
        assert error.code == "NAME_NOT_RESOLVED"

    async def test_timed_out(
        self, session, silent_port: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(probe, "_SECONDS", 0.2)
        error = await self.mistake(session, f"http://127.0.0.1:{silent_port}")
        assert error.code == "TIMED_OUT"

    async def test_a_certificate_that_is_not_trusted(
        self, session, victoriametrics, authority
    ) -> None:
        certificate, key = authority.issue()
        server = victoriametrics(
            options=("-tls", f"-tlsCertFile={certificate}", f"-tlsKeyFile={key}")
        )
        error = await self.mistake(session, server.url.replace("http:", "https:"))
        assert error.code == "TLS_CERTIFICATE"

    async def test_no_encryption_where_https_is_asked_for(self, session, victoriametrics) -> None:
        url = victoriametrics().url.replace("http:", "https:")
        assert (await self.mistake(session, url)).code == "NOT_EXPECTED_SERVER"

    async def test_another_server(self, session, mosquitto) -> None:
        url = f"http://127.0.0.1:{mosquitto().port}"
        assert (await self.mistake(session, url)).code == "NOT_EXPECTED_SERVER"

    @pytest.mark.parametrize(
        ("status", "body", "code"),
        [
            (200, "<html>Welcome</html>", "NOT_EXPECTED_SERVER"),
            (302, "", "NOT_EXPECTED_SERVER"),
            (404, "nothing here", "WRONG_PATH"),
            (405, "", "WRONG_PATH"),
            (400, 'remoteAddr: "x"; requestURI: /y; cannot parse it', "BAD_REQUEST"),
            (401, "", "UNAUTHORIZED"),
            (403, "", "UNAUTHORIZED"),
            (503, "later", "SERVER_ERROR"),
        ],
    )
    async def test_an_answer_that_is_not_the_expected_one(
        self, session, status: int, body: str, code: str
    ) -> None:
        async def answer(_: web.Request) -> web.Response:
            return web.Response(status=status, text=body)

        application = web.Application()
        application.router.add_route("*", "/{path:.*}", answer)
        async with TestServer(application) as server:
            error = await self.mistake(session, f"http://127.0.0.1:{server.port}")
        assert error.code == code
        if code == "BAD_REQUEST":
            assert error.translation_placeholders["reason"] == "cannot parse it"

    async def test_a_login_that_an_answer_repeats_is_not_passed_on(self, session) -> None:
        async def answer(request: web.Request) -> web.Response:
            return web.Response(status=400, text=f"{request.headers['Authorization']} s3cret")

        application = web.Application()
        application.router.add_route("*", "/{path:.*}", answer)
        async with TestServer(application) as server:
            url = f"http://127.0.0.1:{server.port}"
            error = await self.mistake(session, url, username="med", password="s3cret")
        assert error.translation_placeholders["reason"] == "Basic *** ***"

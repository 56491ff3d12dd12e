"""What arrives in InfluxDB: each period once, its latest value, and nothing that was lost."""

from __future__ import annotations

import asyncio
import gc
import math
import random
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from aiohttp import ClientSession, TCPConnector, ThreadedResolver, web
from aiohttp.test_utils import TestServer

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.base import DestinationError, Outcome
from custom_components.med_exporter.destinations.influxdb import destination as module
from custom_components.med_exporter.destinations.influxdb import questions
from custom_components.med_exporter.destinations.influxdb.destination import InfluxDestination
from custom_components.med_exporter.destinations.influxdb.server import InfluxDb
from custom_components.med_exporter.destinations.measurements import (
    EcoWattLevel,
    Energy,
    Grain,
    Measurement,
    PointName,
    TempoDay,
)
from custom_components.med_exporter.sources.tempo_calendar import TempoColour
from custom_components.med_exporter.web import answers
from tests.influxdb import Influxd, PaperInflux, running_influx
from tests.lag import loop_lag
from tests.measurements import (
    ONE_DAY,
    POINT,
    TODAY,
    Latest,
    day,
    days,
    days_since,
    half_hours,
    push,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

DAILY = ("myelectricaldata_consumption", "wh")
OURS = {"pdl": "Mon_PDL-1", "type": "daily"}
ODD = {"a": "with space, comma=equals", "b": 'it\'s "quoted"', "c": "né 👨‍👩‍👧 ${x} C:\\temp"}


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    # The system's own resolver: the other one needs a library that fits.
    async with ClientSession(connector=TCPConnector(resolver=ThreadedResolver())) as made:
        yield made


def known(session: ClientSession, server: Any, version: int = 1, **changes: Any) -> InfluxDb:
    """Return a server as the exporter knows it."""
    settings: dict[str, Any] = {"version": version, "database": "med"}
    if version == 1 and isinstance(server, Influxd) and server.login:
        settings |= {"username": server.username, "password": server.password}
    if version > 1:
        settings |= {"organisation": "home" if version == 2 else "", "token": "t0ken"}
    url = server if isinstance(server, str) else server.url
    return InfluxDb(**{"session": session, "url": url, **settings, **changes})


def destination_at(
    session: ClientSession,
    server: Any,
    version: int = 1,
    labels: dict[str, str] | None = None,
) -> InfluxDestination:
    return InfluxDestination(known(session, server, version), labels or {})


@pytest.fixture(params=[1, 2, 3])
async def versioned(request, influxd) -> AsyncIterator[tuple[Any, int]]:
    """A server of each version, and which it is."""
    if request.param == 1:
        yield influxd(), 1
        return
    async with running_influx() as paper:
        yield paper, request.param


async def points(server: Any, series: tuple[str, str] = DAILY, **tags: str) -> dict[int, float]:
    """Return what a server has of one series, by second."""
    if isinstance(server, PaperInflux):
        return server.points(*series, **tags)
    return await asyncio.to_thread(server.points, *series, **tags)


def expected(measurements: Iterable[Energy]) -> dict[int, Any]:
    """Return what a server should hold, in Wh by second."""
    return {
        round(one.start.timestamp()): pytest.approx(one.kwh * 1000, rel=1e-9, abs=1e-6)
        for one in measurements
    }


class TestEachVersion:
    """What all of them do."""

    async def test_a_year_arrives_value_by_value(self, session, versioned) -> None:
        server, version = versioned
        year = days(365)
        assert await push(destination_at(session, server, version), year) == [Outcome.STORED] * 365
        assert await points(server, **OURS) == expected(year)

    async def test_a_second_push_sends_nothing(self, session, versioned) -> None:
        server, version = versioned
        await push(destination_at(session, server, version), days(7))
        again = await push(destination_at(session, server, version), days(7))
        assert again == [Outcome.ALREADY_THERE] * 7

    async def test_corrections_and_running_values_overwrite(self, session, versioned) -> None:
        server, version = versioned
        destination = destination_at(session, server, version)
        await push(destination, [*days(7), day(0, 1.5)])
        corrected = [*days(7)[:3], day(4, 99.25), *days(7)[4:], day(0, 2.5)]
        outcomes = await push(destination, corrected)
        assert [number for number, one in enumerate(outcomes) if one is Outcome.STORED] == [3, 7]
        assert await points(server, **OURS) == expected(corrected)

    async def test_odd_tags_come_back_as_they_are(self, session, versioned) -> None:
        server, version = versioned
        destination = destination_at(session, server, version, ODD)
        assert await destination.async_test() is None
        assert await push(destination, days(3)) == [Outcome.STORED] * 3
        assert await points(server, **OURS, **ODD) == expected(days(3))

    async def test_series_with_further_tags_are_not_taken_for_ours(
        self, session, versioned
    ) -> None:
        server, version = versioned
        tagged = destination_at(session, server, version, {"site": "a"})
        plain = destination_at(session, server, version)
        assert await push(tagged, days(5)) == [Outcome.STORED] * 5
        assert await plain.async_missing(days(5)) == days(5)
        assert await push(plain, days(5, seed=2)) == [Outcome.STORED] * 5
        assert await points(server, **OURS, site="a") == expected(days(5))
        assert await points(server, **OURS) == expected(days(5, seed=2))
        assert await push(tagged, days(5)) == [Outcome.ALREADY_THERE] * 5

    async def test_every_kind_of_value_has_its_place(self, session, versioned) -> None:
        server, version = versioned
        destination = destination_at(session, server, version)
        period: dict[str, Any] = {
            "point": POINT,
            "grain": Grain.DAILY,
            "start": TODAY,
            "end": TODAY + ONE_DAY,
            "timestamp": TODAY,
            "closed": False,
        }
        tempo = TempoDay(**period, data_type=DataType.TEMPO, colour=TempoColour.RED)
        for one in (
            day(1, 1.5, DataType.PRODUCTION_DAILY),
            tempo,
            EcoWattLevel(**period, data_type=DataType.ECOWATT, level=3),
            EcoWattLevel(**period, data_type=DataType.ECOWATT, level=2),
        ):
            assert await push(destination, [one]) == [Outcome.STORED]
        at = round(TODAY.timestamp())
        of = {"pdl": "Mon_PDL-1"}
        assert await points(server, ("myelectricaldata_tempo", "color"), **of) == {at: 3}
        assert await points(server, ("myelectricaldata_ecowatt", "level"), **of) == {at: 2}
        produced = await points(server, ("myelectricaldata_production", "wh"), **OURS)
        assert list(produced.values()) == [1500]

    async def test_what_was_lost_is_noticed(self, session, versioned) -> None:
        server, version = versioned
        destination = destination_at(session, server, version)
        week = days(7)
        await push(destination, week)
        assert await destination.async_missing([week[0], week[-1]]) == []
        if version == 1:
            await asyncio.to_thread(server.ask, 'DROP MEASUREMENT "myelectricaldata_consumption"')
        else:
            server.empty()
        assert await destination.async_missing([week[0], week[-1]]) == [week[0], week[-1]]

    async def test_the_test_leaves_one_point_however_often_it_is_made(
        self, session, versioned
    ) -> None:
        server, version = versioned
        for _ in range(3):
            assert await destination_at(session, server, version).async_test() is None
        probe = await points(server, ("myelectricaldata_export", "test"))
        assert list(probe.values()) == [1]

    async def test_values_of_very_different_size_keep_their_digits(
        self, session, versioned
    ) -> None:
        server, version = versioned
        values = [0.000001, 123456.789012, 0.1 + 0.2, 0.0, 1 / 3, 98765.4321, 2e-6 / 3]
        odd = [day(len(values) - number, kwh) for number, kwh in enumerate(values)]
        await push(destination_at(session, server, version), odd)
        assert await points(server, **OURS) == expected(odd)

    async def test_a_year_of_half_hours_goes_out_in_batches(self, session, versioned) -> None:
        server, version = versioned
        year = half_hours(17520 if version == 1 else 4500)
        assert set(await push(destination_at(session, server, version), year)) == {Outcome.STORED}
        assert await points(server, **{**OURS, "type": "detailed"}) == expected(year)

    async def test_a_year_is_asked_for_as_a_whole_and_counted_when_it_is_sent(
        self, session, influxd, monkeypatch
    ) -> None:
        # A server of version 1 says of more than 10,000 points that they are cut, and shows all.
        year, asked, real = half_hours(17520), [], InfluxDb._read
        destination = destination_at(session, influxd())

        async def noted(self: InfluxDb, series: Any, start: int, end: int, size: int) -> Any:
            asked.append((start, end))
            return await real(self, series, start, end, size)

        monkeypatch.setattr(InfluxDb, "_read", noted)
        assert set(await push(destination, year)) == {Outcome.STORED}
        whole = tuple(round(one.start.timestamp()) for one in (year[0], year[-1]))
        assert asked == [whole]
        assert set(await push(destination, year)) == {Outcome.ALREADY_THERE}
        assert asked == [whole] * 2

    @pytest.mark.parametrize("counts", [True, False])
    async def test_what_is_another_value_right_after_it_was_sent_is_named(
        self, session, influxd, monkeypatch, counts: bool
    ) -> None:
        server, settled, write = influxd(), [], InfluxDb.write
        other = round(days(5)[2].start.timestamp())

        async def written(self: InfluxDb, lines: bytes) -> bool:
            result = await write(self, lines)
            line = f"{DAILY[0]},pdl=Mon_PDL-1,type=daily wh=1.5 {other * 10**9}"
            await asyncio.to_thread(server.write, line)
            return result

        monkeypatch.setattr(InfluxDb, "write", written)
        if not counts:
            # As those do that are like version 1.
            monkeypatch.setattr(questions, "influxql_totals", lambda *_: "SELECT nonsense")
        with pytest.raises(DestinationError) as raised:
            await push(destination_at(session, server), days(5), settled)
        assert raised.value.key == "destination_rows_missing_influxdb_one"
        assert raised.value.translation_placeholders["date"] == days(5)[2].date
        assert [one for one, _ in settled] == days(5)[:2]

    async def test_points_with_long_tags_are_asked_back_in_smaller_parts(
        self, session, versioned, monkeypatch
    ) -> None:
        server, version = versioned
        for room in (answers, module):
            monkeypatch.setattr(room, "MOST_OF_AN_ANSWER", 200_000)
        monkeypatch.setattr(module, "_BATCH_BYTES", 50_000)
        long = {f"tag_{number}": "x" * 500 for number in range(4)}
        destination = destination_at(session, server, version, long)
        given = half_hours(200)
        sparse = [given[0], *given[150:160], given[199]]
        assert await push(destination, sparse) == [Outcome.STORED] * 12
        assert set(await push(destination, given)) == {Outcome.STORED, Outcome.ALREADY_THERE}
        found = await points(server, **{**OURS, "type": "detailed"}, **long)
        assert found == expected(given)


class TestRetention:
    """A server that keeps less than a year."""

    async def check(self, session, server: Any, version: int, keeps: int = 30) -> None:
        year = days(365)
        outcomes = await push(destination_at(session, server, version), year)
        kept = outcomes.count(Outcome.STORED)
        assert keeps - 1 <= kept + days_since() <= keeps + 1
        assert outcomes == [Outcome.TOO_OLD] * (365 - kept) + [Outcome.STORED] * kept
        assert await points(server, **OURS) == expected(year[-kept:])
        missing = await destination_at(session, server, version).async_missing([year[0], year[-1]])
        assert missing == []

    async def test_a_policy_of_version_1(self, session, influxd) -> None:
        server = influxd()
        server.ask('CREATE RETENTION POLICY "m" ON "med" DURATION 30d REPLICATION 1 DEFAULT')
        remark = await destination_at(session, server).async_test()
        assert remark == module.REMARK_SHORT_RETENTION
        await self.check(session, server, 1)

    async def test_a_policy_that_is_shorter_than_a_day(self, session, influxd) -> None:
        server = influxd()
        server.ask('CREATE RETENTION POLICY "h" ON "med" DURATION 1h REPLICATION 1 DEFAULT')
        destination = destination_at(session, server)
        with patch.object(module.dt_util, "start_of_local_day", lambda: TODAY - ONE_DAY):
            assert await destination.async_test() == module.REMARK_SHORT_RETENTION
        assert set(await push(destination, days(3))) == {Outcome.TOO_OLD}

    async def test_a_bucket_of_version_2(self, session) -> None:
        async with running_influx(retention=30 * 86400) as paper:
            remark = await destination_at(session, paper, 2).async_test()
            assert remark == module.REMARK_SHORT_RETENTION
            await self.check(session, paper, 2)

    @pytest.mark.parametrize("batch", [2000, 30])
    async def test_version_3_drops_without_a_word(
        self, session, batch: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "_BATCH", batch)
        async with running_influx(retention=30 * 86400, speaks_up=False) as paper:
            await self.check(session, paper, 3)

    async def test_what_expires_between_question_and_answer_is_too_old(
        self, session, influxd, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = influxd()
        server.ask('CREATE RETENTION POLICY "m" ON "med" DURATION 30d REPLICATION 1 DEFAULT')

        async def for_ever(_: InfluxDb) -> None:
            return None

        # A policy that is made shorter in this very moment looks the same.
        monkeypatch.setattr(InfluxDb, "retention", for_ever)
        outcomes = await push(destination_at(session, server), days(60))
        kept = outcomes.count(Outcome.STORED)
        assert 29 <= kept + days_since() <= 31
        assert outcomes == [Outcome.TOO_OLD] * (60 - kept) + [Outcome.STORED] * kept

    async def test_points_that_go_missing_without_being_old_are_named(
        self, session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with running_influx() as paper:
            real = paper._store

            def lose_one(measurement: str, columns: dict[str, Any], second: int) -> None:
                if second != round(days(5)[2].start.timestamp()):
                    real(measurement, columns, second)

            monkeypatch.setattr(paper, "_store", lose_one)
            for version in (2, 3):
                settled: list[tuple[Measurement, Outcome]] = []
                with pytest.raises(DestinationError) as raised:
                    await push(destination_at(session, paper, version), days(5), settled)
                assert raised.value.key == "destination_rows_missing_influxdb_one"
                assert raised.value.translation_placeholders["date"] == days(5)[2].date
                assert [one for one, _ in settled] == days(5)[:2]


async def test_twenty_kills_lose_nothing_and_repeat_nothing(session, influxd, monkeypatch) -> None:
    monkeypatch.setattr(module, "_BATCH", 100)
    server = influxd()
    pick = random.Random(1)
    rows = half_hours(6000)
    watermark = 0
    for _ in range(20):
        settled: list[tuple[Measurement, Outcome]] = []
        pushing = asyncio.create_task(
            push(destination_at(session, server), rows[watermark:], settled)
        )
        await asyncio.sleep(math.exp(pick.uniform(math.log(0.005), math.log(0.3))))
        await asyncio.to_thread(server.kill)
        if pick.random() < 0.5:
            # Ours dies too.
            pushing.cancel()
        with suppress(DestinationError, asyncio.CancelledError):
            await pushing
        await asyncio.to_thread(server.start)
        watermark += len(settled)
        there = await points(server, **{**OURS, "type": "detailed"})
        # What was settled is there for good.
        assert expected(rows[:watermark]).items() <= there.items()
    await push(destination_at(session, server), rows[watermark:])
    assert await points(server, **{**OURS, "type": "detailed"}) == expected(rows)


class TestVictoriaMetricsTakesLinesToo:
    """It takes line protocol, and joins measurement and field to the names of its own."""

    @pytest.mark.parametrize("version", [1, 2, 3])
    async def test_the_same_metrics_arise(self, session, victoriametrics, version: int) -> None:
        server = victoriametrics()
        destination = destination_at(session, server, version, ODD)
        assert await destination.async_test() == module.REMARK_NOT_ASKABLE
        assert await destination.async_missing(days(2)) == ()
        assert await push(destination, days(7)) == [Outcome.STORED] * 7
        samples = server.samples('myelectricaldata_consumption_wh{pdl="Mon_PDL-1",type="daily"}')
        found = {stamp // 1000: value for stamp, [value] in samples.items()}
        assert found == expected(days(7))
        series = server.series()
        for one in series:
            # The place where points go, which InfluxDB keeps apart.
            one.pop("db", None)
        assert {**ODD, **OURS, "__name__": "myelectricaldata_consumption_wh"} in series


class TestConnectionTest:
    """Every mistake that the connection test names."""

    async def mistake(self, server: InfluxDb) -> DestinationError:
        with pytest.raises(DestinationError) as raised:
            await module.async_test_influxdb(server, {"site": "a"})
        assert raised.value.is_unusable or raised.value.code.startswith("UNKNOWN_")
        return raised.value

    async def test_a_field_that_another_program_has_made_is_told_by_test_and_run_alike(
        self, session, influxd
    ) -> None:
        server, year = influxd(), days(2)
        stamp = round(year[-1].start.timestamp()) * 10**9
        # A field of whole numbers, such as other programs write.
        server.write(f"myelectricaldata_consumption,by=another wh=5i {stamp}")
        destination = InfluxDestination(known(session, server), {}, samples=Latest(year[-1]))
        for attempt in (destination.async_test, partial(push, destination, year)):
            with pytest.raises(DestinationError) as raised:
                await attempt()
            assert raised.value.code == "BAD_REQUEST"
            assert "field type conflict" in raised.value.translation_placeholders["reason"]

    async def test_a_point_that_a_test_has_sent_counts_for_the_run(self, session, influxd) -> None:
        server, year = influxd(), days(2)
        destination = InfluxDestination(known(session, server), {}, samples=Latest(year[-1]))
        assert await destination.async_test() is None
        assert await push(destination, year) == [Outcome.STORED] * 2
        assert await push(destination, year) == [Outcome.ALREADY_THERE] * 2

    async def test_whoever_never_answers_is_told_in_seconds(
        self, session, silent_port: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "TIMEOUT", 0.2)
        url = f"http://127.0.0.1:{silent_port}"
        server = InfluxDb(session=session, url=url, version=1, database="med")
        async with asyncio.timeout(10):
            with pytest.raises(DestinationError) as raised:
                await InfluxDestination(server, {}).async_test()
        assert raised.value.code == "TIMED_OUT"

    async def test_logins_of_version_1(self, session, influxd) -> None:
        server = influxd(login=True)
        assert await module.async_test_influxdb(known(session, server), {}) is None
        assert server.password not in repr(known(session, server))
        error = await self.mistake(known(session, server, password="no"))
        assert (error.code, error.field) == ("WRONG_CREDENTIALS", "password")
        error = await self.mistake(known(session, server, username=None, password=None))
        assert (error.key, error.field) == ("destination_unauthorized_login", "username")

    @pytest.mark.parametrize("right", ["READ", "WRITE"])
    async def test_a_login_with_half_the_rights(self, session, influxd, right: str) -> None:
        server = influxd(login=True)
        server.ask("CREATE USER half WITH PASSWORD 'half'")
        server.ask(f'GRANT {right} ON "med" TO "half"')
        error = await self.mistake(known(session, server, username="half", password="half"))
        assert (error.key, error.field) == (
            "destination_unauthorized_influxdb_rights",
            "username",
        )

    async def test_a_database_that_is_not_there(self, session, influxd) -> None:
        error = await self.mistake(known(session, influxd(), database="nowhere"))
        assert (error.code, error.field) == ("UNKNOWN_DATABASE", "database")
        assert error.translation_placeholders["name"] == "nowhere"

    @pytest.mark.parametrize("version", [2, 3])
    async def test_tokens(self, session, version: int) -> None:
        async with running_influx() as paper:
            error = await self.mistake(known(session, paper, version, token="wr0ng"))
            assert (error.key, error.field) == ("destination_unauthorized_influxdb", "token")
            for right in ("read", "write"):
                paper.rights = {"t0ken": {right}}
                error = await self.mistake(known(session, paper, version))
                assert error.key == "destination_unauthorized_influxdb_rights"
                assert error.field == "token"

    async def test_places_of_version_2(self, session) -> None:
        async with running_influx() as paper:
            error = await self.mistake(known(session, paper, 2, database="nowhere"))
            assert (error.code, error.field) == ("UNKNOWN_BUCKET", "bucket")
            error = await self.mistake(known(session, paper, 2, organisation="nobody"))
            assert (error.code, error.field) == ("UNKNOWN_ORGANISATION", "organisation")

    async def test_another_version_than_the_servers(self, session, influxd) -> None:
        async with running_influx() as paper:
            assert (await self.mistake(known(session, paper, 1))).code == "WRONG_PATH"
        assert (await self.mistake(known(session, influxd(), 2))).code in {
            "WRONG_PATH",
            "UNAUTHORIZED",
        }

    async def test_another_server(self, session, mosquitto) -> None:
        url = f"http://127.0.0.1:{mosquitto().port}"
        error = await self.mistake(known(session, url, is_known=False))
        assert error.code == "NOT_EXPECTED_SERVER"

    @pytest.mark.parametrize("version", [1, 2, 3])
    @pytest.mark.parametrize(
        ("status", "body", "code"),
        [
            (200, "<html>Welcome</html>", "NOT_EXPECTED_SERVER"),
            (302, "", "NOT_EXPECTED_SERVER"),
            (404, "nothing here", "WRONG_PATH"),
            (405, "", "WRONG_PATH"),
            (400, '{"error": "t0ken cannot be parsed"}', "BAD_REQUEST"),
            (400, "[" * 100_000, "BAD_REQUEST"),
            (401, "", "UNAUTHORIZED"),
            (403, "", "UNAUTHORIZED"),
            (503, "later", "SERVER_ERROR"),
        ],
    )
    async def test_an_answer_that_is_not_the_expected_one(
        self, session, version: int, status: int, body: str, code: str
    ) -> None:
        async def answer(_: web.Request) -> web.Response:
            return web.Response(status=status, text=body)

        application = web.Application()
        application.router.add_route("*", "/{path:.*}", answer)
        async with TestServer(application) as server:
            url = f"http://127.0.0.1:{server.port}"
            error = await self.mistake(known(session, url, version, token="t0ken"))
        assert error.code == code
        if code == "BAD_REQUEST":
            assert "t0ken" not in error.translation_placeholders["reason"]

    @pytest.mark.parametrize("version", [1, 2, 3])
    @pytest.mark.parametrize(
        "body",
        [
            "",
            "null",
            "[1]",
            '{"results": 1}',
            '{"results": [1]}',
            '{"results": [{"series": [{}]}]}',
            '{"buckets": [1]}',
            '[{"time": 1}]',
            "a,b\r\n1,2,3\r\n",
        ],
    )
    async def test_an_answer_to_another_question(self, session, version: int, body: str) -> None:
        async def answer(request: web.Request) -> web.Response:
            if request.path.endswith("write"):
                return web.Response(status=204)
            return web.Response(text=body)

        application = web.Application()
        application.router.add_route("*", "/{path:.*}", answer)
        async with TestServer(application) as server:
            url = f"http://127.0.0.1:{server.port}"
            with pytest.raises(DestinationError) as raised:
                await module.async_test_influxdb(known(session, url, version), {})
        assert raised.value.code in {"NOT_EXPECTED_SERVER", "ROWS_MISSING"}

    @pytest.mark.parametrize("version", [1, 2, 3])
    async def test_an_answer_without_end(
        self, session, version: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(answers, "MOST_OF_AN_ANSWER", 100_000)
        sent = 0

        async def answer(request: web.Request) -> web.StreamResponse:
            nonlocal sent
            response = web.StreamResponse()
            await response.prepare(request)
            with suppress(ConnectionError):
                while True:
                    await response.write(b"x" * 10_000)
                    sent += 10_000
            return response

        application = web.Application()
        application.router.add_route("*", "/{path:.*}", answer)
        async with TestServer(application) as server:
            url = f"http://127.0.0.1:{server.port}"
            error = await self.mistake(known(session, url, version))
        assert error.code == "NOT_EXPECTED_SERVER"
        assert sent < 50_000_000


async def test_two_points_of_one_name_but_for_a_sign_are_two(session, influxd) -> None:
    server = influxd()
    other = PointName(pdl="Mon_PDL_1", slug="mon_pdl_1_2", name="Barn")
    destination = destination_at(session, server)
    await push(destination, [day(1, 1.0)])
    await push(destination, [day(1, 2.0, point=other)])
    assert list((await points(server, **OURS)).values()) == [1000]
    assert list((await points(server, **{**OURS, "pdl": "Mon_PDL_1"})).values()) == [2000]


@pytest.mark.parametrize(
    ("name", "most"), [("HTTP_MAX_ROW_LIMIT", 100), ("HTTP_MAX_BODY_SIZE", 2000)]
)
async def test_a_server_that_takes_or_shows_little_at_a_time_gets_everything(
    session, influxd, name: str, most: int
) -> None:
    server = influxd(settings={name: str(most)})
    values = half_hours(500)
    assert set(await push(destination_at(session, server), values)) == {Outcome.STORED}
    assert set(await push(destination_at(session, server), values)) == {Outcome.ALREADY_THERE}


async def test_a_year_is_built_and_compared_beside_the_event_loop(session, influxd) -> None:
    destination, year = destination_at(session, influxd()), half_hours(17_520)
    assert set(await push(destination, year)) == {Outcome.STORED}
    gc.collect()
    async with loop_lag() as lag:
        outcomes = await push(destination, year)
    assert set(outcomes) == {Outcome.ALREADY_THERE}
    assert lag.held < 0.02


async def test_series_side_by_side_arrive_each_as_it_is(session, influxd) -> None:
    server = influxd()
    destination = destination_at(session, server)
    places = [replace(POINT, pdl=f"point-{number}") for number in range(8)]
    given = [
        [replace(one, point=point) for one in days(30, seed=number)]
        for number, point in enumerate(places)
    ]
    for outcomes in await asyncio.gather(*(push(destination, some) for some in given)):
        assert set(outcomes) == {Outcome.STORED}
    for point, some in zip(places, given, strict=True):
        assert await points(server, pdl=point.pdl, type="daily") == expected(some)

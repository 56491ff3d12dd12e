"""Tempo colours from each source, and from the chain with each source cut off in turn."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.sources import web
from custom_components.med_exporter.sources.tempo import (
    CouleurTempo,
    GatewayTempo,
    RteTempo,
    ServicesRteTempo,
    TempoChain,
    TempoSource,
)
from custom_components.med_exporter.sources.tempo_calendar import TempoColour
from custom_components.med_exporter.sources.web import SourceError

from ..grid_server import FAILURES, TEMPO_SERVICES, Failure, GridServer, Service

if TYPE_CHECKING:
    from collections.abc import Callable

BLUE, WHITE, RED = TempoColour
DAY = date(2026, 1, 15)
NEXT = date(2026, 1, 16)
NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
NAMES = ["RTE", "services-rte.com", "api-couleur-tempo.fr", "MyElectricalData"]


@pytest.fixture
def sources(session, server: GridServer, account) -> list[TempoSource]:
    """In the chain's order."""
    return [
        RteTempo(account),
        ServicesRteTempo(session, server.address),
        CouleurTempo(session, server.address),
        GatewayTempo(session, server.address),
    ]


@pytest.fixture(params=range(4), ids=TEMPO_SERVICES)
def each(request, sources) -> tuple[TempoSource, Service]:
    """One source after the other, and the service behind it."""
    return sources[request.param], TEMPO_SERVICES[request.param]


async def read_all(source: TempoSource, start: date, end: date) -> dict[date, TempoColour]:
    colours: dict[date, TempoColour] = {}
    for first, last in source.requests(start, end):
        colours |= await source.read(first, last)
    return colours


async def test_each_source_reads_the_documented_answer(each, server: GridServer) -> None:
    source, _ = each
    server.colours = {DAY: "BLUE", NEXT: "RED", date(2026, 1, 14): "WHITE"}
    colours = await read_all(source, date(2026, 1, 14), NEXT)
    assert colours == {date(2026, 1, 14): WHITE, DAY: BLUE, NEXT: RED}


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(2026, 3, 28), date(2026, 3, 30)),
        (date(2025, 10, 25), date(2025, 10, 27)),
        (date(2025, 8, 30), date(2025, 9, 2)),
        (date(2024, 2, 28), date(2024, 3, 1)),
    ],
    ids=["23 hours", "25 hours", "change of season", "29 February"],
)
async def test_each_source_keeps_days_apart(each, server: GridServer, start, end) -> None:
    source, _ = each
    for offset in range((end - start).days + 1):
        server.colours[start + timedelta(days=offset)] = ["BLUE", "WHITE", "RED"][offset % 3]
    colours = await read_all(source, start, end)
    assert {day: colour.name for day, colour in colours.items()} == server.colours


async def test_each_source_reads_years_within_the_servers_limits(each, server) -> None:
    source, service = each
    start, end = date(2023, 7, 1), date(2026, 6, 30)
    server.fill(start, end, "WHITE")
    colours = await read_all(source, start, end)
    assert len([day for day in colours if start <= day <= end]) == 1096
    assert server.asked[service] == {"rte_tempo": 3, "services_rte": 4, "couleur_tempo": 12}.get(
        service, 3
    )


@pytest.mark.parametrize("odd", [None, "", "PURPLE", "UNKNOWN", 0, 7])
async def test_a_day_without_a_valid_colour_is_left_out(each, server, odd) -> None:
    source, service = each
    server.fill(date(2026, 1, 14), NEXT)
    server.odd[service, DAY] = odd
    colours = await read_all(source, date(2026, 1, 14), NEXT)
    assert colours == {date(2026, 1, 14): BLUE, NEXT: BLUE}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
async def test_each_failure_of_each_source_has_a_code(each, server, monkeypatch, failure) -> None:
    source, service = each
    if failure.silent:
        monkeypatch.setattr(web, "TIMEOUT", timedelta(seconds=0.2))
    server.fill(DAY, NEXT)
    server.fail(service, failure=failure)
    with pytest.raises(SourceError) as caught:
        await source.read(DAY, NEXT)
    expected = {
        403: "not_subscribed" if service == "rte_tempo" else "forbidden",
        429: "rate_limited",
        500: "server_error",
        509: "rate_limited",
        200: "timed_out" if failure.silent else "not_expected_server",
    }
    assert caught.value.code == expected[failure.status]


@pytest.mark.parametrize(
    "body",
    [
        '{"tempo_like_calendars": []}',
        '{"tempo_like_calendars": {"values": {}}}',
        '{"values": []}',
        '{"hydra:member": []}',
        "null",
        "[[]]",
    ],
)
async def test_another_shape_is_an_error_or_tells_nothing(each, server, body) -> None:
    source, service = each
    server.fail(service, failure=Failure(body=body))
    with suppress(SourceError):
        assert await source.read(DAY, NEXT) == {}


@pytest.mark.parametrize(
    "entry",
    ["null", "5", '"BLUE"', "{}", '{"start_date": 5, "value": "BLUE"}',
     '{"start_date": "yesterday", "value": "BLUE"}'],
)  # fmt: skip
async def test_an_entry_of_rte_that_cannot_be_read_leaves_the_others(
    sources, server, entry
) -> None:
    good = '{"start_date": "2026-01-15T00:00:00+01:00", "value": "RED"}'
    body = f'{{"tempo_like_calendars": {{"values": [{entry}, {good}]}}}}'
    server.fail("rte_tempo", failure=Failure(body=body))
    assert await sources[0].read(DAY, NEXT) == {DAY: RED}


async def test_of_two_entries_for_a_day_rtes_first_one_is_the_newest(sources, server) -> None:
    entries = ", ".join(
        f'{{"start_date": "2026-01-15T00:00:00+01:00", "value": "{name}"}}'
        for name in ("RED", "BLUE")
    )
    body = f'{{"tempo_like_calendars": {{"values": [{entries}]}}}}'
    server.fail("rte_tempo", failure=Failure(body=body))
    assert await sources[0].read(DAY, NEXT) == {DAY: RED}


async def test_only_the_page_of_rte_is_read_as_a_browser(sources, server) -> None:
    for source in sources:
        await source.read(DAY, NEXT)
    assert server.user_agents["services_rte"].startswith("Mozilla/5.0")
    for service in ("rte_tempo", "couleur_tempo", "gateway_tempo"):
        assert not server.user_agents[service].startswith("Mozilla")


# The chain


@pytest.fixture
def chain(sources) -> TempoChain:
    return TempoChain(sources)


def asked(server: GridServer) -> list[Service]:
    return [service for service in TEMPO_SERVICES if server.asked[service]]


async def test_the_first_source_is_enough(chain, server: GridServer) -> None:
    server.fill(DAY, NEXT)
    answer = await chain.read({DAY, NEXT}, NOW)
    assert answer.colours == {DAY: BLUE, NEXT: BLUE}
    assert asked(server) == ["rte_tempo"]
    assert server.asked["rte_tempo"] == 1


@pytest.mark.parametrize("count", range(1, 4))
@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
async def test_the_next_source_is_asked_when_those_before_are_cut_off(
    chain, server, monkeypatch, count, failure
) -> None:
    if failure.silent:
        monkeypatch.setattr(web, "TIMEOUT", timedelta(seconds=0.2))
    server.fill(DAY, NEXT, "WHITE")
    server.fail(*TEMPO_SERVICES[:count], failure=failure)
    answer = await chain.read({DAY, NEXT}, NOW)
    assert {DAY: WHITE, NEXT: WHITE}.items() <= answer.colours.items()
    assert asked(server) == list(TEMPO_SERVICES[: count + 1])
    failed = [name for name, pace in chain.paces.items() if pace.error is not None]
    assert failed == NAMES[:count]


@pytest.mark.parametrize(
    "dead",
    [set(names) for size in range(5) for names in combinations(TEMPO_SERVICES, size)],
    ids=lambda dead: "+".join(sorted(dead)) or "none",
)
async def test_any_source_that_lives_is_found(chain, server: GridServer, dead) -> None:
    server.fill(DAY, DAY, "RED")
    server.fail(*dead, failure=Failure(status=500))
    answer = await chain.read({DAY}, NOW)
    assert answer.colours.get(DAY) == (None if len(dead) == 4 else RED)
    assert bool(answer.denied) is False


@pytest.mark.parametrize("odd", [None, "PURPLE", 9])
@pytest.mark.parametrize("service", TEMPO_SERVICES[:3])
async def test_a_day_that_one_source_lacks_is_asked_of_the_next(
    chain, server, service, odd
) -> None:
    server.fill(date(2026, 1, 10), NEXT)
    before = TEMPO_SERVICES[: TEMPO_SERVICES.index(service)]
    server.fail(*before, failure=Failure(status=500))
    server.odd[service, DAY] = odd
    answer = await chain.read({date(2026, 1, 10), DAY, NEXT}, NOW)
    assert answer.colours[DAY] is BLUE
    following = TEMPO_SERVICES[TEMPO_SERVICES.index(service) + 1]
    assert asked(server)[-1] == following
    # Only the missing day is asked for.
    query = next(query for name, query in server.queries if name == following)
    assert "2026-01-10" not in query


async def test_a_day_that_nobody_knows_is_denied_not_raised(chain, server: GridServer) -> None:
    server.fill(DAY, DAY)
    answer = await chain.read({DAY, NEXT}, NOW)
    assert NEXT not in answer.colours
    assert answer.denied == {NEXT}
    assert asked(server) == list(TEMPO_SERVICES)


async def test_everything_dead_is_an_empty_answer(chain, server: GridServer) -> None:
    server.fail("token", *TEMPO_SERVICES, failure=Failure(status=500))
    answer = await chain.read({DAY}, NOW)
    assert (answer.colours, answer.denied) == ({}, set())


async def test_days_far_apart_are_asked_for_separately(chain, server: GridServer) -> None:
    server.fill(date(2020, 1, 1), NEXT)
    await chain.read({date(2020, 1, 1), date(2020, 1, 3), DAY}, NOW)
    assert server.asked["rte_tempo"] == 2


async def test_what_a_source_told_before_it_failed_is_kept(session, server: GridServer) -> None:
    source = CouleurTempo(session, server.address)
    server.fill(date(2025, 9, 1), NEXT)
    read: Callable = source.read

    async def fail_later(start: date, end: date) -> dict[date, TempoColour]:
        if start > date(2025, 9, 1):
            server.fail("couleur_tempo", failure=Failure(status=500))
        return await read(start, end)

    source.read = fail_later  # type: ignore[method-assign]
    days = {date(2025, 9, 1) + timedelta(days=offset) for offset in range(120)}
    answer = await TempoChain([source]).read(days, NOW)
    assert len(answer.colours) == 92


# Politeness


async def test_a_source_that_failed_is_left_alone_longer_each_time(chain, server) -> None:
    server.fail(*TEMPO_SERVICES, failure=Failure(status=500))
    now, asked_at = NOW, []
    while now < NOW + timedelta(hours=6):
        before = server.asked["rte_tempo"]
        await chain.read({DAY}, now)
        if server.asked["rte_tempo"] > before:
            asked_at.append((now - NOW) // timedelta(minutes=1))
        now += timedelta(minutes=1)
    assert asked_at == [0, 5, 15, 35, 75, 135, 195, 255, 315]


@pytest.mark.parametrize("header", ["5400", "Thu, 15 Jan 2026 13:30:00 GMT"])
async def test_retry_after_is_honoured(chain, server, freezer, header) -> None:
    freezer.move_to(NOW)
    server.fail("rte_tempo", failure=Failure(status=429, headers={"Retry-After": header}))
    await chain.read({DAY}, NOW)
    server.failures.clear()
    await chain.read({DAY}, NOW + timedelta(minutes=89))
    assert server.asked["rte_tempo"] == 1
    await chain.read({DAY}, NOW + timedelta(minutes=90))
    assert server.asked["rte_tempo"] == 2


async def test_an_unsubscribed_api_is_not_asked_every_few_minutes(chain, server) -> None:
    server.fill(DAY, DAY)
    server.fail("rte_tempo", failure=Failure(status=403))
    for minutes in range(0, 359, 10):
        await chain.read({DAY}, NOW + timedelta(minutes=minutes))
    assert server.asked["rte_tempo"] == 1

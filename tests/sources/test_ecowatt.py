"""EcoWatt's signals from RTE and from a gateway."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from custom_components.med_exporter.sources import web
from custom_components.med_exporter.sources.ecowatt import (
    EcoWattChain,
    EcoWattDay,
    GatewayEcoWatt,
    RteEcoWatt,
)
from custom_components.med_exporter.sources.web import SourceError

from ..grid_server import FAILURES, Failure, GridServer, gateway_signal, rte_signal

TODAY = date(2026, 1, 15)
NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
DAYS = [TODAY + timedelta(days=offset) for offset in range(4)]
HOURS = (0,) * 6 + (1,) * 18


@pytest.fixture
def rte(account) -> RteEcoWatt:
    return RteEcoWatt(account)


@pytest.fixture
def gateway(session, server: GridServer) -> GatewayEcoWatt:
    return GatewayEcoWatt(session, server.address)


@pytest.fixture
def chain(rte, gateway) -> EcoWattChain:
    return EcoWattChain([rte, gateway])


async def test_rtes_documented_answer(rte, server: GridServer) -> None:
    server.signals = [rte_signal(day, level) for day, level in zip(DAYS, (1, 2, 3, 1), strict=True)]
    signals = await rte.read(TODAY)
    assert [signals[day].level for day in DAYS] == [1, 2, 3, 1]
    assert signals[TODAY] == EcoWattDay(date=TODAY, level=1, message="Pas d'alerte.", hours=HOURS)
    assert signals[TODAY].hourly_values[6] == {"pas": 6, "hvalue": 1}
    assert len(signals[TODAY].hourly_values) == 24


async def test_a_day_may_come_without_a_time(rte, server: GridServer) -> None:
    server.signals = [rte_signal(TODAY) | {"jour": "2026-01-15"}]
    assert TODAY in await rte.read(TODAY)


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25), date(2026, 7, 14)])
async def test_days_of_23_and_25_hours_keep_their_date(rte, server, day) -> None:
    server.signals = [rte_signal(day)]
    assert list(await rte.read(day)) == [day]


@pytest.mark.parametrize("level", [0, 4, -1, None, "1", True, 1.5])
async def test_a_level_that_is_none_is_not_known(rte, server: GridServer, level) -> None:
    server.signals = [rte_signal(TODAY, level)]
    signals = await rte.read(TODAY)
    assert signals[TODAY].level is None
    assert signals[TODAY].hours == HOURS


async def test_an_hour_may_be_zero_or_missing(rte, server: GridServer) -> None:
    values = [{"pas": 0, "hvalue": 0}, {"pas": 1, "hvalue": 3}, {"pas": 2, "hvalue": 9},
              {"pas": 24, "hvalue": 1}, {"hvalue": 1}, None]  # fmt: skip
    server.signals = [rte_signal(TODAY) | {"values": values}]
    assert (await rte.read(TODAY))[TODAY].hours == (0, 3, *(None,) * 22)


@pytest.mark.parametrize("values", [None, {}, "none", []])
async def test_a_day_without_hours_still_has_its_level(rte, server: GridServer, values) -> None:
    server.signals = [rte_signal(TODAY, 2) | {"values": values, "message": ""}]
    signal = (await rte.read(TODAY))[TODAY]
    assert (signal.level, signal.message, signal.hours) == (2, None, (None,) * 24)


@pytest.mark.parametrize("entry", [None, 5, {}, {"jour": "soon", "dvalue": 1}])
async def test_a_day_that_cannot_be_read_leaves_the_others(rte, server: GridServer, entry) -> None:
    server.signals = [entry, rte_signal(TODAY)]
    assert list(await rte.read(TODAY)) == [TODAY]


async def test_the_gateways_answer_filed_a_day_early(gateway, server: GridServer) -> None:
    server.gateway_signals = {
        (day - timedelta(days=1)).isoformat(): gateway_signal(day, level)
        for day, level in zip(DAYS, (1, 2, 3, 1), strict=True)
    }
    signals = await gateway.read(TODAY)
    assert [signals[day].level for day in DAYS] == [1, 2, 3, 1]
    assert signals[TODAY].hours == HOURS


async def test_a_gateway_that_files_days_rightly(gateway, server: GridServer) -> None:
    server.gateway_signals = {day.isoformat(): gateway_signal(day) for day in DAYS}
    signals = await gateway.read(TODAY)
    assert list(signals) == DAYS
    assert all(signal.date == day for day, signal in signals.items())


async def test_a_gateways_day_without_hours_is_filed_like_the_others(gateway, server) -> None:
    server.gateway_signals = {
        "2026-01-14": gateway_signal(TODAY),
        "2026-01-15": {"value": 3, "message": "tendu", "detail": None},
    }
    signals = await gateway.read(TODAY)
    assert signals[date(2026, 1, 16)].level == 3


async def test_a_gateway_without_any_hours_tells_nothing_certain(gateway, server) -> None:
    server.gateway_signals = {"2026-01-15": {"value": 3, "message": "tendu"}}
    assert await gateway.read(TODAY) == {}


async def test_a_day_survives_the_disk(rte, server: GridServer) -> None:
    server.signals = [rte_signal(TODAY, 2)]
    signal = (await rte.read(TODAY))[TODAY]
    assert EcoWattDay.from_stored(signal.to_stored()) == signal


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
async def test_the_gateway_is_asked_when_rte_fails(chain, server, monkeypatch, failure) -> None:
    if failure.silent:
        monkeypatch.setattr(web, "TIMEOUT", timedelta(seconds=0.2))
    server.signals = [rte_signal(TODAY, 1)]
    server.gateway_signals = {"2026-01-14": gateway_signal(TODAY, 3)}
    server.fail("rte_ecowatt", failure=failure)
    signals = await chain.read(NOW)
    assert signals is not None
    assert signals[TODAY].level == 3
    assert chain.paces["RTE"].error is not None


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
async def test_both_dead_is_no_answer_and_no_exception(chain, server, monkeypatch, failure) -> None:
    if failure.silent:
        monkeypatch.setattr(web, "TIMEOUT", timedelta(seconds=0.2))
    server.gateway_signals = {"2026-01-14": gateway_signal(TODAY, 3)}
    server.fail("rte_ecowatt", "gateway_ecowatt", failure=failure)
    assert await chain.read(NOW) is None
    assert all(pace.error is not None for pace in chain.paces.values())


async def test_the_gateway_is_asked_when_rte_does_not_know_today(chain, server) -> None:
    server.signals = [rte_signal(TODAY, 0), rte_signal(DAYS[1], 2)]
    server.gateway_signals = {"2026-01-14": gateway_signal(TODAY, 3)}
    signals = await chain.read(NOW)
    assert signals is not None
    assert signals[TODAY].level == 3


async def test_the_gateway_is_left_alone_while_rte_answers(chain, server: GridServer) -> None:
    server.signals = [rte_signal(TODAY)]
    for minutes in range(60):
        await chain.read(NOW + timedelta(minutes=minutes))
    assert server.asked["rte_ecowatt"] == 4
    assert server.asked["gateway_ecowatt"] == 0


async def test_rte_is_asked_once_in_15_minutes_whatever_it_answers(chain, server) -> None:
    server.fail("rte_ecowatt", failure=Failure(status=500))
    for minutes in range(60):
        await chain.read(NOW + timedelta(minutes=minutes))
    # At 0, 15, 30 and, as the pauses grow, 50 minutes.
    assert server.asked["rte_ecowatt"] == 4


async def test_retry_after_is_honoured(chain, server: GridServer) -> None:
    server.fail("rte_ecowatt", failure=Failure(status=429, headers={"Retry-After": "3000"}))
    await chain.read(NOW)
    server.failures.clear()
    await chain.read(NOW + timedelta(minutes=49))
    assert server.asked["rte_ecowatt"] == 1
    await chain.read(NOW + timedelta(minutes=50))
    assert server.asked["rte_ecowatt"] == 2


@pytest.mark.parametrize("body", ["[]", '{"2026-01-15": 5}', '{"detail": "too many"}'])
async def test_another_shape_from_the_gateway_is_an_error(gateway, server, body) -> None:
    server.fail("gateway_ecowatt", failure=Failure(body=body))
    with pytest.raises(SourceError, match="not_expected_server"):
        await gateway.read(TODAY)

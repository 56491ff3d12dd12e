"""Whatever a server of the grid or the open-data portal says: values, or one named error.

The answers have the form that is expected, and in it what no server should say.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from custom_components.med_exporter.engine.outside import LONGEST
from custom_components.med_exporter.grid.data import GridData
from custom_components.med_exporter.sources.ecowatt import GatewayEcoWatt, RteEcoWatt
from custom_components.med_exporter.sources.official_tariffs import read_official_table
from custom_components.med_exporter.sources.tempo import (
    CouleurTempo,
    GatewayTempo,
    RteTempo,
    ServicesRteTempo,
)
from custom_components.med_exporter.sources.tempo_forecast import OpenDpeForecast
from custom_components.med_exporter.sources.web import SourceError

from ..grid_server import Failure, GridServer, Service
from ..hostile_front import never_held
from ..official_portal import running_portal

if TYPE_CHECKING:
    from collections.abc import Callable

TODAY = date(2026, 1, 15)
NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
STRANGE: list[Any] = [
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "9999-12-31", "0001-01-01",
    "2026-01-15T00:00:00+23:59:59", "2026-02-30", "2026-W03-4", "", "\0", "x" * 200_000,
    "2026-01-15\r\nX: y", None, True, [], {}, -1, 0, 10**30, 1.5, 1e308, [[]] * 500,
]  # fmt: skip

# How each says a day and what holds on it.
DAYS: dict[Service, Callable[[list[tuple[Any, Any]]], Any]] = {
    "rte_tempo": lambda days: {
        "tempo_like_calendars": {
            "values": [{"start_date": day, "value": value} for day, value in days]
        }
    },
    "services_rte": lambda days: {"values": {str(day): value for day, value in days}},
    "couleur_tempo": lambda days: [{"dateJour": day, "codeJour": value} for day, value in days],
    "gateway_tempo": lambda days: {str(day): value for day, value in days},
    "forecast": lambda days: [
        {"date": day, "couleur": value, "probability": value} for day, value in days
    ],
    "rte_ecowatt": lambda days: {
        "signals": [
            {
                "jour": day,
                "dvalue": value,
                "message": value,
                "values": [{"pas": value, "hvalue": value}, value],
            }
            for day, value in days
        ]
    },
    "gateway_ecowatt": lambda days: {
        str(day): {"value": value, "message": value, "detail": {str(day): value, str(value): 1}}
        for day, value in days
    },
}


@pytest.fixture(params=DAYS)
def service(request) -> Service:
    return request.param


@pytest.fixture
def read(service, session, account, server: GridServer):
    """Return what reads from the service, once."""
    address = server.address
    return {
        "rte_tempo": partial(RteTempo(account).read, TODAY, TODAY),
        "services_rte": partial(ServicesRteTempo(session, address).read, TODAY, TODAY),
        "couleur_tempo": partial(CouleurTempo(session, address).read, TODAY, TODAY),
        "gateway_tempo": partial(GatewayTempo(session, address).read, TODAY, TODAY),
        "forecast": OpenDpeForecast(session, address).read,
        "rte_ecowatt": partial(RteEcoWatt(account).read, TODAY),
        "gateway_ecowatt": partial(GatewayEcoWatt(session, address).read, TODAY),
    }[service]


def say(server: GridServer, service: Service, days: list[tuple[Any, Any]]) -> None:
    server.fail(service, failure=Failure(body=json.dumps(DAYS[service](days))))


async def named(call) -> Any:
    """Return what is read, None where it is refused by name."""
    try:
        return await call()
    except SourceError:
        return None


@pytest.mark.parametrize("odd", STRANGE, ids=lambda odd: repr(odd)[:30])
async def test_one_strange_value_is_none_or_refused(server, service, read, odd):
    for day, value in ((odd, "BLUE"), ("2026-01-15", odd), (odd, odd), (odd, 1)):
        say(server, service, [(day, value)])
        await named(read)


async def test_a_strange_day_takes_no_other_along(server, service, read):
    value = {"couleur_tempo": 1, "rte_ecowatt": 1, "gateway_ecowatt": 1}.get(service, "BLUE")
    good = "2026-01-15T00:00:00" if service == "gateway_ecowatt" else "2026-01-15"
    say(server, service, [(good, value), ("0001-01-01T00:00:00+14:00", value)])
    if service == "gateway_ecowatt":
        assert await named(read) is None or TODAY in await read()
    else:
        assert TODAY in await read()


async def test_as_many_as_fit_hold_nobody_up(server, service, read):
    first = datetime(1000, 1, 1, tzinfo=UTC)
    days = [((first + timedelta(days=n)).date().isoformat(), 1) for n in range(40_000)]
    if service in {"rte_ecowatt", "gateway_ecowatt"}:
        days = days[:15_000]
    say(server, service, days)
    async with never_held():
        await named(read)


async def test_what_is_said_of_a_day_is_a_line(server, account):
    message = "a\0b\n" + "x" * 100_000
    signal = {"jour": "2026-01-15", "dvalue": 1, "message": message, "values": []}
    server.fail("rte_ecowatt", failure=Failure(body=json.dumps({"signals": [signal]})))
    said = (await RteEcoWatt(account).read(TODAY))[TODAY].message
    assert said.startswith("a b x")
    assert len(said) == LONGEST


async def test_days_that_nobody_can_tell_of_are_not_kept(server, account, session):
    days = [((TODAY + timedelta(days=n)).isoformat(), 1) for n in range(-400, 4_000)]
    say(server, "rte_ecowatt", days)
    say(server, "forecast", [(day, "bleu") for day, _ in days])
    data = GridData()
    data.add_signals(await RteEcoWatt(account).read(TODAY), NOW)
    data.add_forecast(await OpenDpeForecast(session, server.address).read(), NOW)
    kept = data.to_stored()["signals"]
    assert len([one for one in kept if one["date"] >= TODAY.isoformat()]) == 32
    assert len(data.forecast(NOW)) == 31


@pytest.mark.parametrize("token", ["a\r\nX-Other: b", "", "é", "x" * 20_000, None, 5, ["a"]])
async def test_a_token_that_is_none(server, account, token):
    server.fail("token", failure=Failure(body=json.dumps({"access_token": token})))
    with pytest.raises(SourceError, match="not_expected_server"):
        await account.token()


@pytest.mark.parametrize(
    "text", ["x" * 200_000, "a\0b;c", '"' * 99_999, ";" * 500_000, "\r" * 500_000], ids=len
)
async def test_a_table_that_is_none(session, text):
    head = "DATE_DEBUT;DATE_FIN;P_SOUSCRITE;PART_FIXE_TTC;PART_VARIABLE_TTC\n"
    async with running_portal() as portal:
        for said in (text, head + text, head + f"2026-01-01;;6;{text};0,2"):
            portal.files = dict.fromkeys(portal.files, said)
            async with never_held():
                await refused(read_official_table(session, "base", portal.address))


async def refused(call) -> None:
    with pytest.raises(SourceError, match="not_expected_server"):
        await call

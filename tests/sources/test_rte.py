"""An account at RTE: one token for all, and refusals told apart."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.med_exporter.sources.rte import RteClient, RteCredentials
from custom_components.med_exporter.sources.web import SourceError

from ..grid_server import CLIENT_ID, CLIENT_SECRET, HTML, WRONG_JSON, Failure, GridServer

PATH = "/open_api/ecowatt/v5/signals"


def same(answer: object) -> object:
    return answer


async def code_of(call) -> str:
    with pytest.raises(SourceError) as caught:
        await call
    return caught.value.code


async def test_one_token_serves_many_calls(account: RteClient, server: GridServer) -> None:
    await asyncio.gather(*(account.get(PATH, same) for _ in range(5)))
    assert server.asked["token"] == 1
    assert server.asked["rte_ecowatt"] == 5


async def test_a_token_is_renewed_shortly_before_it_expires(account, server, freezer) -> None:
    freezer.move_to(datetime(2026, 1, 15, 12, 0, tzinfo=UTC))
    await account.get(PATH, same)
    freezer.tick(timedelta(minutes=117))
    await account.get(PATH, same)
    assert server.asked["token"] == 1
    freezer.tick(timedelta(minutes=2))
    await account.get(PATH, same)
    assert server.asked["token"] == 2


async def test_a_refused_token_is_renewed_once(account: RteClient, server: GridServer) -> None:
    await account.get(PATH, same)
    server.tokens.clear()
    assert await account.get(PATH, same) == {"signals": []}
    assert server.asked["token"] == 2


async def test_a_new_token_that_is_refused_too_is_not_the_accounts_fault(account, server) -> None:
    server.fail("rte_ecowatt", failure=Failure(status=401))
    assert await code_of(account.get(PATH, same)) == "unauthorized"
    assert (server.asked["token"], server.asked["rte_ecowatt"]) == (2, 2)


@pytest.mark.parametrize("status", [400, 401])
async def test_wrong_credentials_have_a_code_of_their_own(account, server, status) -> None:
    server.fail("token", failure=Failure(status=status))
    assert await code_of(account.get(PATH, same)) == "invalid_auth"
    assert server.asked["rte_ecowatt"] == 0


@pytest.mark.parametrize("secret", ["wrong", "", "é€"])
async def test_a_wrong_secret_is_refused_by_the_server(session, server, secret) -> None:
    credentials = RteCredentials(client_id=CLIENT_ID, client_secret=secret)
    client = RteClient(session, credentials, server.address)
    assert await code_of(client.token()) == "invalid_auth"


async def test_an_id_with_a_colon_is_refused_like_any_wrong_one(session, server) -> None:
    credentials = RteCredentials(client_id="a:b", client_secret=CLIENT_SECRET)
    assert await code_of(RteClient(session, credentials, server.address).token()) == "invalid_auth"


async def test_an_api_without_subscription_has_a_code_of_its_own(account, server) -> None:
    server.fail("rte_ecowatt", failure=Failure(status=403))
    assert await code_of(account.get(PATH, same)) == "not_subscribed"


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (Failure(status=429), "rate_limited"),
        (Failure(status=500), "server_error"),
        (Failure(status=509), "rate_limited"),
        (HTML, "not_expected_server"),
        (WRONG_JSON, "not_expected_server"),
        (Failure(body="[]"), "not_expected_server"),
        (Failure(body='{"access_token": 5}'), "not_expected_server"),
    ],
)
async def test_a_token_server_out_of_order(account, server, failure, code) -> None:
    server.fail("token", failure=failure)
    assert await code_of(account.token()) == code


@pytest.mark.parametrize("expires_in", [None, "soon", -1, True, 10**12])
async def test_a_lifetime_that_says_nothing_is_survived(account, server, expires_in) -> None:
    server.expires_in = expires_in
    await account.get(PATH, same)
    await account.get(PATH, same)
    assert server.asked["token"] == 1


def test_the_secret_is_in_no_representation() -> None:
    assert CLIENT_SECRET not in repr(
        RteCredentials(client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
    )

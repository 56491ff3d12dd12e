"""A session, and a server that speaks for RTE and the public Tempo servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession, TCPConnector, ThreadedResolver

from custom_components.med_exporter.sources.rte import RteClient, RteCredentials

from ..grid_server import CLIENT_ID, CLIENT_SECRET, GridServer, running_grid_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    connector = TCPConnector(resolver=ThreadedResolver())
    async with ClientSession(connector=connector) as session:
        yield session


@pytest.fixture
async def server() -> AsyncIterator[GridServer]:
    async with running_grid_server() as server:
        yield server


@pytest.fixture
def account(session: ClientSession, server: GridServer) -> RteClient:
    credentials = RteCredentials(client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
    return RteClient(session, credentials, server.address)

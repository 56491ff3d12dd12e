"""The recorder's database on PostgreSQL and on MariaDB: import both fixtures to run tests there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.servers import KINDS, new_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="module", params=KINDS)
def server(request: pytest.FixtureRequest, database_server: Callable[[str], str]) -> str:
    """The URL of a database server of the tests' own."""
    return database_server(request.param)


@pytest.fixture
def recorder_db_url(server: str) -> Iterator[str]:
    """A new database for each test."""
    with new_database(server) as url:
        yield url

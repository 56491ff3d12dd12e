"""The ledger does on PostgreSQL and on MariaDB what it does on SQLite."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from homeassistant.helpers.recorder import get_instance
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from ..servers import mariadb, postgresql
from .conftest import DAY, plug
from .test_ledger import (  # noqa: F401 (run again here)
    TestBooking,
    TestRetention,
    TestSetUp,
    TestStatistics,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Books

_numbers = itertools.count()


@pytest.fixture(scope="module", params=[postgresql, mariadb], ids=["postgresql", "mariadb"])
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database server of the tests' own."""
    with request.param() as url:
        yield url


@pytest.fixture
def recorder_db_url(server: str) -> Iterator[str]:
    """A new database for each test."""
    name = f"recorder_{next(_numbers)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name}"))
    engine.dispose()


async def test_these_are_the_servers(books: Books, server: str) -> None:
    await books.read(plug(), 5.0, DAY)
    assert get_instance(books.hass).dialect_name == make_url(server).get_backend_name()
    assert len(await books.rows()) == 1

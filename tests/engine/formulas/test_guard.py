"""Behind the check of formulas stands SQLite itself: what no formula needs is not allowed."""

from __future__ import annotations

import sqlite3
import time

import pytest

from custom_components.med_exporter.engine.errors import ErrorCode, ExportError
from custom_components.med_exporter.engine.formulas import guard


@pytest.fixture
def connection():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("CREATE TABLE result (timestamp, power_w)")
    connection.execute("CREATE TABLE secret (word)")
    connection.executemany("INSERT INTO result VALUES (?, 1)", ((n,) for n in range(2000)))
    yield connection
    connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT word FROM secret",
        "SELECT (SELECT COUNT(*) FROM secret)",
        "SELECT sql FROM sqlite_master",
        "INSERT INTO result VALUES (1, 2)",
        "UPDATE result SET power_w = 0",
        "DELETE FROM result",
        "DROP TABLE result",
        "CREATE TABLE other (x)",
        "CREATE TEMP TABLE other (x)",
        "ATTACH ':memory:' AS other",
        "PRAGMA user_version",
        "SELECT * FROM pragma_database_list",
        "VACUUM INTO '/tmp/never'",
        "SELECT randomblob(9)",
        "SELECT zeroblob(9)",
        "SELECT printf('%d', 1)",
        "SELECT load_extension('x')",
        "SELECT upper('x')",
        "SELECT 'a' LIKE 'b'",
        "SELECT 'a' GLOB 'b'",
        "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n FROM r",
    ],
)
def test_a_statement_that_no_formula_makes_is_denied(connection, statement):
    with guard(connection, ("result",)), pytest.raises(sqlite3.DatabaseError):
        connection.execute(statement)


def test_what_runs_away_is_stopped(connection):
    before = time.monotonic()
    with pytest.raises(ExportError) as caught, guard(connection, ("result",), 0.2):
        connection.execute("SELECT SUM(a.power_w) FROM result a, result b, result c").fetchall()
    assert caught.value.code is ErrorCode.FORMULA_TOO_EXPENSIVE
    assert time.monotonic() - before < 10


def test_behind_it_the_connection_is_as_before(connection):
    with guard(connection, ("result",)):
        assert connection.execute("SELECT COUNT(*) FROM result").fetchone() == (2000,)
    connection.execute("INSERT INTO secret VALUES (upper('x'))")
    assert connection.execute("SELECT word FROM secret").fetchone() == ("X",)


def test_another_failure_keeps_its_name(connection):
    with pytest.raises(sqlite3.OperationalError), guard(connection, ("result",)):
        connection.execute("SELECT nothing FROM result")

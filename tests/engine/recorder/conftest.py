"""How a database means to find what is asked of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, event, text

from custom_components.med_exporter.engine.database.connections import read_only
from custom_components.med_exporter.engine.recorder.states import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable

    from custom_components.med_exporter.engine.database.connections import Connect

_EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN", "mysql": "EXPLAIN"}
# SQLite's own is as of a recorder that has never been analysed.
_ANALYZE = {"postgresql": "ANALYZE", "mysql": "ANALYZE TABLE states"}


_MANY = """
    INSERT INTO states (metadata_id, last_updated_ts, state)
    WITH RECURSIVE moments (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM moments WHERE n < 999)
    SELECT metadata_id, n * 100 + metadata_id % 100, '1'
    FROM moments CROSS JOIN states_meta ORDER BY n
"""


@pytest.fixture
def many_states(database):
    """Fill the states of 40 entities between 0 and 100,000 s, and return the recorder's ids."""
    names = [f"sensor.{number}" for number in range(40)]
    for name in names:
        database.add(name, [])
    with database.engine.begin() as connection:
        connection.execute(text(_MANY))
    return list(Recorder(database.connect).metadata_ids(names).values())


@pytest.fixture
def plans_of(database):
    """Return the plans for what some work asks, by a connection as exports have, of the states."""

    def plans(work: Callable[[Connect], object], tables: str = "states") -> list[str]:
        kind = database.engine.dialect.name
        with database.engine.begin() as connection:
            if kind in _ANALYZE:
                connection.exec_driver_sql(_ANALYZE[kind])
        asked = []

        def remember(connection, cursor, statement, parameters, context, many):
            if re.search(rf"FROM ({tables})\b", statement):
                asked.append((statement, parameters))

        with read_only(database.url) as connect:
            event.listen(Engine, "before_cursor_execute", remember)
            work(connect)
            event.remove(Engine, "before_cursor_execute", remember)
            with connect() as connection:
                return [
                    " ".join(map(str, connection.exec_driver_sql(f"{_EXPLAIN[kind]} {query}", by)))
                    for query, by in asked
                ]

    return plans

"""Measure files from a recorder's database on a server: `scripts/bench --databases [READINGS]`.

The same states are in SQLite, PostgreSQL and MariaDB, the servers asked over TCP. Each file is made
three times in turn, and its ratio is that of the medians of seconds by the clock: what a server
does is part of it. The table replaces its section of `docs/performance.md`.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from contextlib import ExitStack, closing
from io import StringIO
from itertools import batched
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import create_engine, make_url

from tests.measured_page import EXPORTS
from tests.servers import KINDS, new_database, running_servers

from .bench import build, job_of, measure
from .recorder_database import RecorderDatabase

if TYPE_CHECKING:
    from .bench import Measured

ROUNDS = 3
PLUGS = 10
GOAL: Final = 3
_FILES: Final = (("csv", "raw"), ("csv", "hourly"))
_AT_ONCE: Final = 5000
_COLUMNS: Final = {
    "states_meta": ("metadata_id", "entity_id"),
    "states": ("metadata_id", "last_updated_ts", "state"),
}


def copy(source: str, target: str) -> None:
    """Copy the states of a SQLite database to one on a server."""
    RecorderDatabase(target).close()
    here, there = create_engine(source), create_engine(target)
    with here.connect() as connection, closing(there.raw_connection()) as written:
        cursor = written.cursor()
        for table, names in _COLUMNS.items():
            columns = ", ".join(names)
            rows = connection.exec_driver_sql(f"SELECT {columns} FROM {table}")
            for some in batched(rows, _AT_ONCE, strict=False):
                if there.dialect.name == "postgresql":
                    lines = "".join("\t".join(map(str, row)) + "\n" for row in some)
                    cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", StringIO(lines))
                else:
                    plain = list(map(tuple, some))
                    marks = ", ".join(["%s"] * len(names))
                    cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", plain)
        written.commit()
    with there.connect() as connection:
        word = "ANALYZE" if there.dialect.name == "postgresql" else "ANALYZE TABLE"
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(f"{word} states")
    here.dispose()
    there.dispose()


def main() -> None:
    """Measure, and write the section."""
    readings = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    took: dict[tuple[str, str], list[Measured]] = {}
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        url, devices, end = build(folder, readings, PLUGS)
        servers = stack.enter_context(running_servers())
        urls = {"sqlite": url}
        for kind in KINDS:
            urls[kind] = stack.enter_context(new_database(servers(kind)))
            copy(url, urls[kind])
        for _ in range(ROUNDS):
            for file_format, aggregation in _FILES:
                for kind, one in urls.items():
                    made = measure(one, job_of(devices, end, folder, file_format, aggregation))
                    assert "result" in made.answer, made.answer
                    took.setdefault((aggregation, kind), []).append(made)
    rows = []
    for (aggregation, kind), some in took.items():
        seconds = statistics.median(one.seconds for one in some)
        beside = statistics.median(one.seconds for one in took[aggregation, "sqlite"])
        rows.append((
            f"csv {aggregation}", _name(kind, urls[kind]), f"{seconds:.1f}",
            f"{statistics.median(one.processor for one in some):.1f}",
            f"{max(one.memory for one in some):.0f}",
            f"{seconds / beside:.2f}", "" if kind == "sqlite" else GOAL,
        ))  # fmt: skip
    EXPORTS.write_section(
        "Databases on a server",
        (
            f"Written by `scripts/bench --databases`: {readings:,} rows of {PLUGS} plugs, from the",
            "same states in SQLite, and in servers that are asked over TCP. The processor and the",
            "memory are the engine's; the ratio is that of the seconds. MariaDB is read by",
            "mysqlclient (`mysqldb`), as in Home Assistant's own images, where it is installed:",
            "PyMySQL is slower.",
        ),
        [
            ("file", "database", "seconds", "processor, s", "MB", "beside SQLite", "goal, at most"),
            *rows,
        ],
    )


def _name(kind: str, url: str) -> str:
    """Return the kind of a database, and by what a server is read."""
    return kind if kind == "sqlite" else f"{kind}, {make_url(url).get_driver_name()}"


if __name__ == "__main__":
    main()

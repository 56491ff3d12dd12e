"""InfluxDB for tests: a real one of version 1, and one of versions 2 and 3 from their documents.

The latter keeps points in SQLite, whose SQL answers what version 3 is asked, and reads the part
of Flux with which one asks for a series.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import sqlite3
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from homeassistant.data_entry_flow import FlowResultType

from tests.metering_points import answer, start_flow
from tests.real_home.ports import free_port
from tests.servers import program

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping
    from pathlib import Path

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

_SECONDS_TO_START = 60


@dataclass
class Influxd:
    """A real server of version 1, with a database `med`; with a login only if told so."""

    folder: Path
    login: bool = False
    username: str = "med"
    password: str = "s3cret:é 'x'"
    settings: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Influxd:
        """Start it, and wait until it answers."""
        folder = self.folder / f"influxd-{self.port}"
        folder.mkdir(exist_ok=True)
        configuration = folder / "influxdb.conf"
        if not configuration.exists():
            configuration.write_text(
                f'reporting-disabled = true\nbind-address = "127.0.0.1:{free_port()}"\n'
                f'[meta]\ndir = "{folder}/meta"\n'
                f'[data]\ndir = "{folder}/data"\nwal-dir = "{folder}/wal"\n'
                f'[http]\nbind-address = "127.0.0.1:{self.port}"\nlog-enabled = false\n'
                f"auth-enabled = {str(self.login).lower()}\n"
                "[monitor]\nstore-enabled = false\n"
            )
        self._process = subprocess.Popen(
            [program("influxd"), "-config", str(configuration)],
            env={**os.environ, **{f"INFLUXDB_{name}": to for name, to in self.settings.items()}},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + _SECONDS_TO_START
        while True:
            with suppress(OSError):
                urllib.request.urlopen(f"{self.url}/ping", timeout=5).close()
                break
            assert self._process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return self

    def set_up(self) -> Influxd:
        """Make its database, and its user where it has one."""
        if self.login:
            secret = self.password.replace("'", "\\'")
            self.ask(f"CREATE USER {self.username} WITH PASSWORD '{secret}' WITH ALL PRIVILEGES")
        self.ask("CREATE DATABASE med")
        return self

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def ask(self, question: str) -> list[dict[str, Any]]:
        """Ask its own query interface, and return the series of its answer."""
        query = {"db": "med", "epoch": "s"}
        if self.login:
            query |= {"u": self.username, "p": self.password}
        answer = urllib.request.urlopen(
            urllib.request.Request(
                f"{self.url}/query?{urllib.parse.urlencode(query)}",
                data=urllib.parse.urlencode({"q": question}).encode(),
            ),
            timeout=20,
        )
        [result] = json.loads(answer.read())["results"]
        assert "error" not in result, result
        return result.get("series", [])

    def write(self, line: str) -> None:
        """Write a line as another program."""
        urllib.request.urlopen(f"{self.url}/write?db=med", data=line.encode(), timeout=20).close()

    def points(self, measurement: str, field: str, **tags: str) -> dict[int, float]:
        """Return the values by second of the one series that has these tags and no others."""
        for series in self.ask(f'SELECT "{field}" FROM "{measurement}" GROUP BY *'):
            if {name: text for name, text in series.get("tags", {}).items() if text} == tags:
                return dict(series["values"])
        return {}

    def series(self) -> set[tuple[str, ...]]:
        """Return the names of everything that it holds."""
        return {tuple(row) for found in self.ask("SHOW SERIES") for row in found["values"]}


@pytest.fixture
def influxd(tmp_path: Path) -> Iterator[Callable[..., Influxd]]:
    """Start servers, and end them after the test."""
    servers: list[Influxd] = []

    def start(**options: Any) -> Influxd:
        servers.append(Influxd(tmp_path, **options))
        return servers[-1].start().set_up()

    yield start
    for server in servers:
        server.kill()


_PART = re.compile(r"((?:[^\\, ]|\\.)*)([, ]?)", re.DOTALL)
_FLUX = re.compile(
    r'from\(bucket: (?P<bucket>".*?(?<!\\)")\)'
    r" \|> range\(start: (?P<start>\d+), stop: (?P<stop>\d+)\)"
    r" \|> filter\(fn: \(r\) => (?P<conditions>.*?)\)(?P<last> \|> last\(\))?\Z",
    re.DOTALL,
)
_CONDITION = re.compile(r'r\[("(?:[^"\\]|\\.)*")\] == ("(?:[^"\\]|\\.)*")(?: and |\Z)', re.DOTALL)
_EQUALS = re.compile(r'"?(\w+)"?="([^"]*)"')


@dataclass
class PaperInflux:
    """A server of versions 2 and 3: what it takes, and with which words it refuses.

    Attributes:
        rights: which of `read` and `write` each token has.
        retention: for how many seconds it keeps points; 0 for ever.
        speaks_up: whether it says that points are too old, as version 2 does.
        requests: the paths that were asked for.

    """

    rights: dict[str, set[str]] = field(default_factory=lambda: {"t0ken": {"read", "write"}})
    organisation: str = "home"
    bucket: str = "med"
    retention: int = 0
    speaks_up: bool = True
    requests: list[str] = field(default_factory=list)
    url: str = ""
    _tables: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Keep points in memory."""
        self._sql = sqlite3.connect(":memory:")
        # What stands in double quotes is a column, or an error.
        self._sql.setconfig(sqlite3.SQLITE_DBCONFIG_DQS_DML, False)
        self._sql.create_function("to_timestamp", 1, lambda second: second)
        self._sql.row_factory = sqlite3.Row

    def empty(self) -> None:
        """Forget everything."""
        for table in self._tables:
            self._sql.execute(f'DELETE FROM "{table}"')

    def points(self, measurement: str, field: str, **tags: str) -> dict[int, float]:
        """Return the values by second of the one series that has these tags and no others."""
        return {
            row["time"]: row[field]
            for row in self._rows(measurement)
            if _tags(dict(row)) == tags and row[field] is not None
        }

    def _rows(self, measurement: str) -> list[sqlite3.Row]:
        if measurement not in self._tables:
            return []
        return self._sql.execute(f'SELECT * FROM "{measurement}"').fetchall()

    def _refused(self, request: web.Request, right: str) -> web.Response | None:
        self.requests.append(request.path)
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme not in {"Token", "Bearer"} or token not in self.rights:
            return _error(401, "unauthorized", "unauthorized access")
        organisation = request.query.get("org")
        if organisation and organisation != self.organisation:
            return _error(404, "not found", f'organization name "{organisation}" not found')
        if right not in self.rights[token]:
            return _error(403, "forbidden", f"insufficient permissions for {right}")
        return None

    async def write(self, request: web.Request) -> web.Response:
        """Take line protocol."""
        if (refused := self._refused(request, "write")) is not None:
            return refused
        bucket = request.query.get("bucket", "")
        if bucket != self.bucket:
            return _error(404, "not found", f'bucket "{bucket}" not found')
        assert request.query["precision"] == "s"
        oldest = time.time() - self.retention if self.retention else 0
        dropped = 0
        for line in (await _unpacked(request)).decode().splitlines():
            measurement, tags, fields, second = parsed_line(line)
            if second < oldest:
                dropped += 1
                continue
            self._store(measurement, {**tags, **fields}, second)
        if dropped and self.speaks_up:
            return _error(
                422,
                "unprocessable entity",
                "failure writing points to database: partial write: "
                f"dropped {dropped} points outside retention policy of duration",
            )
        return web.Response(status=HTTPStatus.NO_CONTENT)

    def _store(self, measurement: str, columns: dict[str, Any], second: int) -> None:
        if measurement not in self._tables:
            self._sql.execute(f'CREATE TABLE "{measurement}" (time INTEGER, key TEXT UNIQUE)')
            self._tables[measurement] = set()
        for name in columns.keys() - self._tables[measurement]:
            self._sql.execute(f'ALTER TABLE "{measurement}" ADD COLUMN "{name}"')
            self._tables[measurement].add(name)
        key = json.dumps([second, sorted(_tags(columns).items())])
        values = {**columns, "time": second, "key": key}
        names = ",".join(f'"{name}"' for name in values)
        gaps = ",".join("?" * len(values))
        updates = ",".join(f'"{name}"=excluded."{name}"' for name in columns)
        self._sql.execute(
            f'INSERT INTO "{measurement}" ({names}) VALUES ({gaps})'
            f" ON CONFLICT (key) DO UPDATE SET {updates}",
            list(values.values()),
        )

    async def buckets(self, request: web.Request) -> web.Response:
        """Tell of the bucket."""
        if (refused := self._refused(request, "read")) is not None:
            return refused
        rules = [{"type": "expire", "everySeconds": self.retention}] if self.retention else []
        found = [{"name": self.bucket, "retentionRules": rules}]
        return web.json_response({"buckets": found if request.query["name"] == self.bucket else []})

    async def query(self, request: web.Request) -> web.Response:
        """Answer Flux with annotated tables, one for each series."""
        if (refused := self._refused(request, "read")) is not None:
            return refused
        asked = _FLUX.match((await request.read()).decode())
        if asked is None:
            return _error(400, "invalid", "error in query specification")
        bucket = _flux_text(asked["bucket"])
        if bucket != self.bucket:
            reason = f'failed to initialize execute state: could not find bucket "{bucket}"'
            return _error(404, "not found", reason)
        wanted = {
            _flux_text(name): _flux_text(text)
            for name, text in _CONDITION.findall(asked["conditions"])
        }
        measurement, column = wanted.pop("_measurement"), wanted.pop("_field")
        tables: dict[str, list[list[str]]] = {}
        for row in self._rows(measurement):
            tags = _tags(dict(row))
            is_asked = int(asked["start"]) <= row["time"] < int(asked["stop"])
            if is_asked and row[column] is not None and tags.items() >= wanted.items():
                moment = f"{datetime.fromtimestamp(row['time'], UTC):%Y-%m-%dT%H:%M:%SZ}"
                known = ["", "_result", "0", moment, str(row[column]), column, measurement]
                header = ["", "result", "table", "_time", "_value", "_field", "_measurement"]
                table = tables.setdefault(json.dumps(tags), [[*header, *tags]])
                table.append([*known, *tags.values()])
        text = io.StringIO()
        for header, *rows in tables.values():
            shown = sorted(rows, key=itemgetter(3))[-1:] if asked["last"] else rows
            csv.writer(text).writerows([header, *shown, []])
        return web.Response(text=text.getvalue(), content_type="text/csv")

    async def delete(self, request: web.Request) -> web.Response:
        """Delete the points of version 2 that a predicate names."""
        if (refused := self._refused(request, "write")) is not None:
            return refused
        wanted = dict(_EQUALS.findall((await request.json())["predicate"]))
        measurement = wanted.pop("_measurement")
        for row in self._rows(measurement):
            if _tags(dict(row)).items() >= wanted.items():
                self._sql.execute(f'DELETE FROM "{measurement}" WHERE key = ?', [row["key"]])
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def sql(self, request: web.Request) -> web.Response:
        """Answer SQL."""
        if (refused := self._refused(request, "read")) is not None:
            return refused
        body = await request.json()
        if body["db"] != self.bucket:
            return web.json_response({"error": f"database not found: {body['db']}"}, status=404)
        try:
            rows = self._sql.execute(body["q"]).fetchall()
        except sqlite3.OperationalError as err:
            missing = str(err).partition("no such ")[2]
            if missing.startswith("table"):
                words = f"table 'public.iox.{missing.partition(': ')[2]}' not found"
            else:
                words = f"Schema error: No field named {missing.partition(': ')[2]}."
            reason = f"query error: error while planning query: {words}"
            return web.json_response({"error": reason}, status=400)
        oldest = time.time() - self.retention if self.retention else 0
        return web.json_response(
            [
                {
                    **{name: row[name] for name in row.keys() if name != "key"},  # noqa: SIM118
                    "time": f"{datetime.fromtimestamp(row['time'], UTC):%Y-%m-%dT%H:%M:%S}",
                }
                for row in rows
                if row["time"] >= oldest
            ]
        )


async def _unpacked(request: web.Request) -> bytes:
    body = await request.read()
    return gzip.decompress(body) if request.headers.get("Content-Encoding") == "gzip" else body


def _tags(columns: dict[str, Any]) -> dict[str, str]:
    return {name: text for name, text in columns.items() if isinstance(text, str) and name != "key"}


def parsed_line(line: str) -> tuple[str, dict[str, str], dict[str, float], int]:
    """Read a line: measurement, tags, fields, second."""
    parts, end = [], 0
    while True:
        match = _PART.match(line, end)
        assert match is not None
        parts.append(re.sub(r"\\([, ])", r"\1", match[1]))
        end = match.end()
        if match[2] != ",":
            break
    tags = {}
    for part in parts[1:]:
        name, text = re.split(r"(?<!\\)=", part, maxsplit=1)
        tags[name.replace("\\=", "=")] = text.replace("\\=", "=")
    fields, second = line[end:].rsplit(" ", 1)
    values = dict(one.split("=") for one in fields.split(","))
    return parts[0], tags, {name: float(value) for name, value in values.items()}, int(second)


def _flux_text(literal: str) -> str:
    """Read a text of Flux, in which `${` begins an expression."""
    text = literal[1:-1]
    assert not re.search(r"(?<!\\)(\\\\)*\$\{", text), text
    return re.sub(r"\\(.)", r"\1", text)


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"code": code, "message": message}, status=status)


@asynccontextmanager
async def running_influx(**options: Any) -> AsyncIterator[PaperInflux]:
    """Run a server of versions 2 and 3 while the context lasts."""
    paper = PaperInflux(**options)
    application = web.Application(handler_args={"auto_decompress": False})
    application.router.add_post("/api/v2/write", paper.write)
    application.router.add_get("/api/v2/buckets", paper.buckets)
    application.router.add_post("/api/v2/query", paper.query)
    application.router.add_post("/api/v3/query_sql", paper.sql)
    application.router.add_post("/api/v2/delete", paper.delete)
    async with TestServer(application) as server:
        paper.url = f"http://127.0.0.1:{server.port}"
        yield paper


def influxdb_input(url: str, version: int = 1, **changes: Any) -> dict[str, Any]:
    """Return what a user fills in; a change to None leaves the field out."""
    places = {
        1: {"database": "med"},
        2: {"bucket": "med", "organisation": "home", "token": "t0ken"},
        3: {"database": "med", "token": "t0ken"},
    }
    values = {
        "url": url,
        "version": str(version),
        **places[version],
        "verify_ssl": True,
        "interval": "60",
        "data": ["consumption_daily", "consumption_monthly", "production_daily", "tempo"],
        **changes,
    }
    return {key: value for key, value in values.items() if value is not None}


async def add_influxdb(
    hass: HomeAssistant, url: str, version: int = 1, **changes: Any
) -> ConfigEntry:
    """Set up a destination."""
    flow = await start_flow(hass, "influxdb")
    result = await answer(hass, flow, influxdb_input(url, version, **changes))
    assert result["type"] is FlowResultType.CREATE_ENTRY, result.get("errors")
    await hass.async_block_till_done()
    return result["result"]

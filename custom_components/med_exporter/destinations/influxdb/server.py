"""An InfluxDB server of any version: how one writes to it, asks it, and what it refuses."""

from __future__ import annotations

import csv
import gzip
import json
import re
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from ..base import DestinationError
from ..redaction import without_secrets
from ..web import TIMEOUT, host_of, request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import ClientResponse, ClientSession

    from .lines import Series

_WRITE_SECONDS: Final = 60
_MOST_OF_A_REASON: Final = 200
# More than any answer to what is asked here: a batch of points, or a list of policies.
_LONGEST_ANSWER: Final = 4 * 1024 * 1024
_DURATION: Final = re.compile(r"(?P<number>\d+)(?P<unit>[smhdw])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
# What else is there answers so to a question that only InfluxDB understands.
_NOT_ASKABLE: Final = frozenset(
    {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}
)


class NotAskableError(Exception):
    """The server takes points, but cannot be asked for them; VictoriaMetrics is such a one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InfluxDb:
    """A server as one talks to it; every method raises DestinationError.

    Attributes:
        session: for requests.
        url: its address, without a path of the API.
        version: 1, 2 or 3.
        database: what holds the points: a database of versions 1 and 3, a bucket of version 2.
        organisation: of version 2.
        username: of version 1, None where it asks for no login.
        password: of the user.
        token: of versions 2 and 3.
        is_known: as in `web.named_errors`.

    """

    session: ClientSession
    url: str
    version: int
    database: str
    organisation: str = ""
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    is_known: bool = True

    @property
    def host(self) -> str:
        """Return the host and port, as error texts name the server."""
        return host_of(self.url)

    async def write(self, lines: bytes, *, seconds: float = _WRITE_SECONDS) -> None:
        """Send lines with times in seconds; all of them are there when this returns.

        Raises DestinationError `POINTS_DROPPED` where the server keeps nothing as old as some of
        them; the others are there then.
        """
        if self.version == 1:
            path, query = "/write", {"db": self.database, "precision": "s"}
        else:
            path = "/api/v2/write"
            query = {"bucket": self.database, "org": self.organisation, "precision": "s"}
        async with request(
            self.session,
            "POST",
            f"{self.url}{path}",
            seconds=seconds,
            is_known=self.is_known,
            params=query,
            data=gzip.compress(lines, compresslevel=1),
            headers={**self._login, "Content-Encoding": "gzip", "Content-Type": "text/plain"},
        ) as response:
            if response.status not in {HTTPStatus.NO_CONTENT, HTTPStatus.OK}:
                raise self._error(response, await _text(response), path)
            if await response.content.read(1):
                # A website's page for every address, and not the server's empty answer.
                raise DestinationError("not_expected_server", field="url", host=self.host)

    async def read(self, series: Series, start: int, end: int) -> dict[int, float]:
        """Return the values of a series by second, from `start` to `end`, both included.

        Raises NotAskableError where the server is one that cannot be asked.
        """
        if self.version == 2:
            return await self._read_flux(series, start, end)
        # Both languages quote names and texts alike, but for the time.
        conditions = "".join(
            f" AND {_quoted(name)} = {_text_literal(text)}" for name, text in series.tags.items()
        )
        table, column = _quoted(series.measurement), _quoted(series.field)
        if self.version == 1:
            times = f"time >= {start}s AND time <= {end}s"
            asked = f"SELECT {column} FROM {table} WHERE {times}{conditions}"  # noqa: S608 (quoted)
            answer = await self._query_v1(asked)
            rows = [row for one in answer for row in one.get("values") or ()]
            return {int(row[0]): float(row[1]) for row in rows if row[1] is not None}
        times = f"time >= to_timestamp({start}) AND time <= to_timestamp({end})"
        asked = f"SELECT time, {column} FROM {table} WHERE {times}{conditions}"  # noqa: S608 (quoted)
        body = {"db": self.database, "q": asked, "format": "json"}
        text = await self._ask("POST", "/api/v3/query_sql", json=body)
        found = _parsed(text, self.host)
        if not isinstance(found, list):
            raise DestinationError("not_expected_server", field="url", host=self.host)
        return {
            _second(row["time"]): float(row[series.field])
            for row in found
            if row.get(series.field) is not None
        }

    async def retention(self) -> timedelta | None:
        """Return how far back the server keeps points; None for ever, or where it is not told."""
        try:
            if self.version == 1:
                for one in await self._query_v1(
                    f"SHOW RETENTION POLICIES ON {_quoted(self.database)}"
                ):
                    for row in one.get("values") or ():
                        policy = dict(zip(one["columns"], row, strict=True))
                        if policy.get("default"):
                            return _duration(str(policy.get("duration", "")))
                return None
            if self.version == 2:
                query = {"name": self.database, "org": self.organisation}
                text = await self._ask("GET", "/api/v2/buckets", params=query)
                buckets = _parsed(text, self.host).get("buckets") or [{}]
                seconds = [
                    rule.get("everySeconds", 0) for rule in buckets[0].get("retentionRules") or ()
                ]
                return timedelta(seconds=min(seconds)) if seconds and min(seconds) else None
        except NotAskableError:
            return None
        return None

    async def _read_flux(self, series: Series, start: int, end: int) -> dict[int, float]:
        conditions = "".join(
            f" and r[{json.dumps(name)}] == {json.dumps(text, ensure_ascii=False)}"
            for name, text in {"_measurement": series.measurement, **series.tags}.items()
        )
        asked = (
            f"from(bucket: {json.dumps(self.database)})"
            f" |> range(start: {start}, stop: {end + 1})"
            f" |> filter(fn: (r) => r._field == {json.dumps(series.field)}{conditions})"
            ' |> keep(columns: ["_time", "_value"])'
        )
        text = await self._ask(
            "POST",
            "/api/v2/query",
            params={"org": self.organisation},
            data=asked.encode(),
            headers={"Content-Type": "application/vnd.flux", "Accept": "application/csv"},
        )
        found: dict[int, float] = {}
        header: list[str] = []
        for row in csv.reader(text.splitlines()):
            if "_time" in row:
                header = row
            elif header and len(row) == len(header):
                values = dict(zip(header, row, strict=True))
                found[_second(values["_time"])] = float(values["_value"])
        return found

    async def _query_v1(self, asked: str) -> list[dict[str, Any]]:
        """Return the series of an answer of version 1."""
        query = {"db": self.database, "epoch": "s", "q": asked}
        answer = _parsed(await self._ask("POST", "/query", params=query), self.host)
        results = answer.get("results") if isinstance(answer, dict) else None
        if not isinstance(results, list):
            raise DestinationError("not_expected_server", field="url", host=self.host)
        for result in results:
            if "error" in result:
                raise self._refusal(HTTPStatus.BAD_REQUEST, str(result["error"]), "/query")
        return [series for result in results for series in result.get("series") or ()]

    async def _ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        **rest: Any,  # noqa: ANN401 (aiohttp's own)
    ) -> str:
        async with request(
            self.session,
            method,
            f"{self.url}{path}",
            seconds=TIMEOUT * 2,
            is_known=self.is_known,
            headers={**self._login, **(headers or {})},
            **rest,
        ) as response:
            text = await _text(response)
            if response.status in _NOT_ASKABLE and "not found" not in text.replace("404", ""):
                raise NotAskableError
            if response.status != HTTPStatus.OK:
                raise self._error(response, text, path)
            return text

    @property
    def _login(self) -> dict[str, str]:
        if self.version != 1:
            return {"Authorization": f"Token {self.token}"}
        if self.username is None:
            return {}
        login = f"{self.username}:{self.password or ''}".encode()
        return {"Authorization": f"Basic {b64encode(login).decode()}"}

    def _error(self, response: ClientResponse, text: str, path: str) -> DestinationError:
        reason = text
        try:
            told = json.loads(text)
            if isinstance(told, dict):
                reason = str(told.get("error") or told.get("message") or text)
        except ValueError:
            pass
        return self._refusal(response.status, reason, path)

    def _refusal(self, status: int, reason: str, path: str) -> DestinationError:
        """Name what the server refuses, by its status and its words."""
        words = reason.casefold()
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            return self._refused_login()
        if "retention policy" in words and "beyond" in words:
            return DestinationError("points_dropped", host=self.host)
        if "not found" in words and (missing := self._missing(words)) is not None:
            return missing
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return DestinationError("server_error", field="url", host=self.host, status=status)
        if status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
            return DestinationError(
                "wrong_path", variant="influxdb", field="url", host=self.host, path=path
            )
        said = " ".join(without_secrets(reason, self.password, self.token).split())
        return DestinationError(
            "bad_request",
            field="url",
            host=self.host,
            status=status,
            reason=said[:_MOST_OF_A_REASON],
        )

    def _refused_login(self) -> DestinationError:
        if self.version != 1:
            return DestinationError(
                "unauthorized", variant="influxdb", field="token", host=self.host
            )
        if self.username is None:
            return DestinationError(
                "unauthorized", variant="login", field="username", host=self.host
            )
        return DestinationError("wrong_credentials", field="password", host=self.host)

    def _missing(self, words: str) -> DestinationError | None:
        """Return which of the places where points go is not there, None for something else."""
        if "organization" in words:
            place, name = "organisation", self.organisation
        elif "bucket" in words or "database" in words:
            place, name = ("bucket" if self.version == 2 else "database"), self.database
        else:
            return None
        return DestinationError(f"unknown_{place}", field=place, host=self.host, name=name)


async def _text(response: ClientResponse) -> str:
    """Return an answer's text, of which no more than its beginning is taken."""
    body = await response.content.read(_LONGEST_ANSWER)
    while len(body) < _LONGEST_ANSWER and (more := await response.content.read(_LONGEST_ANSWER)):
        body += more
    return body.decode(errors="replace")


def _parsed(text: str, host: str) -> Any:  # noqa: ANN401 (JSON)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as err:
        raise DestinationError("not_expected_server", field="url", host=host) from err


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _text_literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _second(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _duration(text: str) -> timedelta | None:
    """Read a duration such as `168h0m0s`; None for 0, which is for ever."""
    seconds = sum(int(part["number"]) * _SECONDS[part["unit"]] for part in _DURATION.finditer(text))
    return timedelta(seconds=seconds) if seconds else None

"""An InfluxDB server of any version: how one writes to it, asks it, and what it refuses."""

from __future__ import annotations

from dataclasses import field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from ...engine.lazy_dataclass import dataclass
from ...web.answers import beginning_of, in_turn, parsed, taken_apart, text_of, understood
from ..base import DestinationError
from ..databases.server import DatabaseServer, reason_of
from ..redaction import without_secrets
from ..web import request
from . import questions

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from .lines import Series

_WRITE_SECONDS: Final = 60
_READ_SECONDS: Final = 30
# A second and a number, as version 1 answers with below the tags of all.
_PAIR_BYTES: Final = 48
# What stands around the tags of a point in the longest of the other answers.
_POINT_BYTES: Final = 400
# How servers that take line protocol, but are not InfluxDB, answer its questions.
_NOT_OFFERED: Final = frozenset({HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})
_NOT_OFFERED_WORDS: Final = ("unsupported path", "missing route")


class NotAskableError(Exception):
    """The server takes points, but cannot be asked for them; VictoriaMetrics is such a one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InfluxDb(DatabaseServer):
    """A server as one talks to it; every method raises DestinationError.

    Attributes:
        version: 1, 2 or 3.
        database: what holds the points: a database of versions 1 and 3, a bucket of version 2.
        organisation: of version 2.
        token: of versions 2 and 3, None where version 3 asks for none.

    """

    version: int
    database: str
    organisation: str = ""
    token: str | None = field(default=None, repr=False)

    @property
    def tells_retention(self) -> bool:
        """Return whether `retention` knows it, and `write` says what is too old."""
        return self.version != 3

    def size_of(self, series: Series) -> int:
        """Return of how many bytes a point of a series is at most in an answer."""
        return _PAIR_BYTES if self.version == 1 else _POINT_BYTES + len(series.line(0, 0))

    async def write(self, lines: bytes, *, seconds: float = _WRITE_SECONDS) -> bool:
        """Send lines with times in seconds; what the server keeps is on its disk afterwards.

        `seconds` is how long it may take over them. Returns False where the server says that it
        keeps nothing as old as some of them; it has taken the others.
        """
        if self.version == 1:
            path, query = "/write", {"db": self.database, "precision": "s"}
        else:
            path = "/api/v2/write"
            query = {"bucket": self.database, "org": self.organisation, "precision": "s"}
        headers = {**self._login("Token"), "Content-Type": "text/plain; charset=utf-8"}
        refusal = await self.send(
            f"{self.url}{path}",
            lines,
            seconds=seconds,
            headers=headers,
            is_repeatable=True,
            query=query,
        )
        if refusal is None:
            return True
        reason = await _reason(refusal[1])
        if _is_too_old(reason):
            return False
        raise self._refusal(refusal[0], reason, path)

    async def read(
        self, series: Series, start: int, end: int, *, size: int = 0
    ) -> dict[int, float]:
        """Return the values of a series by second, from `start` to `end`, both included.

        `size` is of how many bytes the answer may be.
        Raises NotAskableError where the server is one that cannot be asked.
        """
        found = await self._read(series, start, end, size)
        if any(not start <= stamp <= end for stamp in found):
            raise self.not_expected()
        return found

    async def _read(self, series: Series, start: int, end: int, size: int) -> dict[int, float]:
        if self.version == 1:
            question = questions.influxql(series, start, end)
            is_cut, found = await self._influxql(
                question,
                lambda answer: (
                    questions.influxql_is_cut(answer),
                    questions.influxql_values(answer, series),
                ),
                size=size,
            )
            # Servers may be told to show only so much at a time, and say so of more than 10,000
            # points that they show all; what is cut off is the end.
            if is_cut and start < end and end not in (found or ()):
                middle = (start + end) // 2
                before = await self._read(series, start, middle, size)
                return before | await self._read(series, middle + 1, end, size)
            if found is None:
                raise NotAskableError
            return found
        if self.version == 2:
            text = await self._flux(questions.flux(self.database, series, start, end), size)
            with understood(self.not_expected):
                return await in_turn(lambda: questions.flux_values(text, series))
        question = questions.sql(series, start, end)
        body = {"db": self.database, "q": question, "format": "json"}
        text = await self._ask("/api/v3/query_sql", size=size, absent=_is_not_there_yet, json=body)
        return await self._taken_apart(questions.sql_values, text, series)

    async def delete(self, series: Series) -> bool:
        """Delete the series that has these tags and no others.

        Returns False where the server has no way to: version 3 deletes nothing, version 2 what has
        further tags too. Raises NotAskableError as `read`.
        """
        if self.version == 3:
            return False
        if self.version == 1:
            question = questions.influxql_tag_keys(series.measurement)
            keys = await self._influxql(question, questions.influxql_keys)
            await self._influxql(questions.influxql_drop(series, keys), _nothing)
            return True
        text = await self._flux(questions.flux_last(self.database, series))
        with understood(self.not_expected):
            there = await in_turn(lambda: questions.flux_tags(text))
        if there and all(tags == series.tags for tags in there):
            await self._ask(
                "/api/v2/delete",
                params={"org": self.organisation, "bucket": self.database},
                json=questions.deletion(series),
            )
            return True
        return series.tags not in there

    async def retention(self) -> timedelta | None:
        """Return how far back the server keeps points; None for ever, or where it is not told."""
        try:
            if self.version == 1:
                question = questions.influxql_policies(self.database)
                return await self._influxql(question, questions.influxql_retention)
            if self.version == 2:
                query = {"name": self.database, "org": self.organisation}
                text = await self._ask("/api/v2/buckets", method="GET", params=query)
                return await self._taken_apart(questions.bucket_retention, text, self.database)
        except NotAskableError:
            pass
        return None

    async def _influxql[T](self, question: str, reader: Callable[[Any], T], *, size: int = 0) -> T:
        """Return what a function makes of an answer of version 1, which is parsed once."""
        query = {"db": self.database, "epoch": "s"}
        text = await self._ask("/query", size=size, params=query, data={"q": question})

        def told(answer: object) -> T:
            if (error := questions.influxql_error(answer)) is not None:
                raise self._refusal(HTTPStatus.BAD_REQUEST, error, "/query")
            return reader(answer)

        return await self._taken_apart(told, text)

    async def _flux(self, question: str, size: int = 0) -> str:
        return await self._ask(
            "/api/v2/query",
            size=size,
            params={"org": self.organisation},
            data=question.encode(),
            headers={"Content-Type": "application/vnd.flux", "Accept": "application/csv"},
            # Where nothing was found there is no table, and nothing else to know the server by.
            kind="csv",
        )

    async def _ask(
        self,
        path: str,
        *,
        method: str = "POST",
        size: int = 0,
        headers: dict[str, str] | None = None,
        kind: str = "",
        absent: Callable[[str], bool] | None = None,
        **rest: Any,  # noqa: ANN401 (aiohttp's own)
    ) -> str:
        """Return the text of an answer of some `kind`, "[]" where something is `absent`."""
        scheme = "Bearer" if self.version == 3 else "Token"
        async with request(
            self.session,
            method,
            f"{self.url}{path}",
            seconds=_READ_SECONDS,
            answer_size=size,
            is_known=self.is_known,
            is_repeatable=True,
            headers={**self._login(scheme), **(headers or {})},
            **rest,
        ) as response:
            if response.status in {HTTPStatus.OK, HTTPStatus.NO_CONTENT}:
                if kind not in response.content_type:
                    raise self.not_expected()
                return await text_of(response)
            reason = await _reason(await beginning_of(response))
        if absent is not None and absent(reason):
            return "[]"
        error = self._refusal(response.status, reason, path)
        if error.code == "WRONG_PATH":
            raise NotAskableError
        raise error

    def _login(self, scheme: str) -> dict[str, str]:
        if self.token is not None:
            return {"Authorization": f"{scheme} {self.token}"}
        return self.login

    async def _taken_apart[T](self, reader: Callable[..., T], text: str, *rest: object) -> T:
        """Return what a function makes of JSON; it may say that this is none to its question."""
        with understood(self.not_expected):
            return await taken_apart(text, lambda answer: reader(answer, *rest))

    def _refusal(self, status: int, reason: str, path: str) -> DestinationError:
        """Name what is refused, by whoever answers."""
        return self.stranger(status, reason) or self._of_the_server(status, reason, path)

    def _of_the_server(self, status: int, reason: str, path: str) -> DestinationError:
        """Name what the server refuses, by its status and its words."""
        words = reason.casefold()
        said = reason_of(status, without_secrets(reason, self.password, self.token))
        if status == HTTPStatus.UNAUTHORIZED:
            return self._refused_login()
        if status == HTTPStatus.FORBIDDEN:
            return DestinationError(
                "unauthorized",
                variant="influxdb_rights",
                field="username" if self.version == 1 else "token",
                host=self.host,
                name=self.database,
                reason=said,
            )
        if ("not found" in words or "could not find" in words) and (
            unknown := self._unknown(words)
        ) is not None:
            return unknown
        is_missing = status == HTTPStatus.NOT_FOUND or status in _NOT_OFFERED
        if is_missing or any(word in words for word in _NOT_OFFERED_WORDS):
            return DestinationError(
                "wrong_path", variant="influxdb", field="url", host=self.host, path=path
            )
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return DestinationError("server_error", field="url", host=self.host, status=status)
        return DestinationError(
            "bad_request",
            variant="influxdb",
            field="url",
            host=self.host,
            status=status,
            reason=said,
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

    def _unknown(self, words: str) -> DestinationError | None:
        """Name a place where points go that is not there, by the field in which it stands."""
        if "organization" in words:
            place, name = "organisation", self.organisation
        elif "bucket" in words or "database" in words:
            place, name = ("bucket" if self.version == 2 else "database"), self.database
        else:
            return None
        return DestinationError(f"unknown_{place}", field=place, host=self.host, name=name)


def _nothing(_: object) -> None:
    """Make nothing of an answer that refuses nothing."""


async def _reason(text: str) -> str:
    """Return what a refusal says."""
    try:
        told = await parsed(text)
    except ValueError:
        return text
    reason = (told.get("error") or told.get("message")) if isinstance(told, dict) else None
    return str(reason or text)


def _is_too_old(reason: str) -> bool:
    words = reason.casefold()
    return "retention policy" in words and ("beyond" in words or "outside" in words)


def _is_not_there_yet(reason: str) -> bool:
    """Return whether version 3 says that no point was ever written with this table or tag."""
    words = reason.casefold()
    return ("table" in words and "not found" in words) or "no field named" in words

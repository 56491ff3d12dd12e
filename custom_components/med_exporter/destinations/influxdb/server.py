"""An InfluxDB server of any version: how one writes to it, asks it, and what it refuses."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from ...engine.lazy_dataclass import dataclass
from ...web.answers import beginning_of, in_turn, taken_apart, text_of, understood
from ..base import DestinationError
from ..web import request
from . import questions, refusals
from .place import InfluxPlace

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


class NotAskableError(Exception):
    """The server takes points, but cannot be asked for them; VictoriaMetrics is such a one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InfluxDb(InfluxPlace):
    """A server as one talks to it; every method raises DestinationError."""

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
        reason = await refusals.reason_in(refusal[1])
        if refusals.is_too_old(reason):
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
        text = await self._ask(
            "/api/v3/query_sql", size=size, absent=refusals.is_not_there_yet, json=body
        )
        return await self._taken_apart(questions.sql_values, text, series)

    async def totals(self, series: Series, start: int, end: int) -> tuple[int, float] | None:
        """Return how many points a series has between two seconds, both included, and their sum.

        None where it is not to be asked that: it is of another version than 1, or like one.
        """
        if self.version != 1:
            return None
        question = questions.influxql_totals(series, start, end)
        try:
            return await self._influxql(
                question, lambda answer: questions.influxql_total(answer, series)
            )
        except DestinationError as err:
            if err.code != "BAD_REQUEST":
                raise
            return None

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
            reason = await refusals.reason_in(await beginning_of(response))
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
        return self.stranger(status, reason) or refusals.named(self, status, reason, path)


def _nothing(_: object) -> None:
    """Make nothing of an answer that refuses nothing."""

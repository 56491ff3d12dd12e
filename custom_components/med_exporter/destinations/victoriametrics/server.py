"""A VictoriaMetrics server: its address, its requests, and a name for what it refuses."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

from ...web.answers import beginning_of, lines_of, parsed, taken_apart, text_of, understood
from ..base import DestinationError
from ..databases.server import DatabaseServer, reason_of
from ..redaction import without_secrets
from ..web import OWN_CONNECTION, TIMEOUT, request
from .address import reading_url
from .flags import Flags, flags_in
from .rows import NAME, halves_of, selector_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping, Sequence

    from aiohttp import ClientResponse

# The server itself lets a request wait for up to a minute. A sample whose request was given up too
# early might be stored after all, when it has been sent again.
_IMPORT_SECONDS: Final = 90
_EXPORT_SECONDS: Final = 60
# Keeps a line of an answer far below what aiohttp takes as one.
_SAMPLES_PER_LINE: Final = 1000
_EVERYTHING: Final = f'{{{NAME}!=""}}'
# Bytes of a question that whoever stands before the server takes in an address.
_MOST_OF_A_QUESTION: Final = 2000

# Whoever refuses these takes the question in a body, perhaps.
_NOT_IN_AN_ADDRESS: Final = frozenset(
    {
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.URI_TOO_LONG,
        HTTPStatus.NOT_IMPLEMENTED,
    }
)

# What a server or a proxy remembers is no answer: samples may have come, or gone, since.
_NOT_REMEMBERED: Final = {"Cache-Control": "no-cache, no-store"}
_COUNT: Final = "count_over_time"
_SUM: Final = "sum_over_time"
_WHOLE_AND_ANEW: Final = {"nocache": "1", "deny_partial_response": "1"}


class VictoriaMetrics(DatabaseServer):
    """A server as one talks to it; every method raises DestinationError.

    The codes are those of `web.request`, and `WRONG_CREDENTIALS`, `WRONG_PATH`, `BAD_REQUEST`,
    `SERVER_ERROR`.
    """

    __slots__ = ()

    @property
    def is_cluster(self) -> bool:
        """Return whether writing and reading have addresses of their own."""
        return reading_url(self.url) != self.url

    async def write(self, lines: bytes, *, seconds: float = _IMPORT_SECONDS) -> None:
        """Send lines to `/api/v1/import`; bad ones are skipped by the server without a word."""
        url = f"{self.url}/api/v1/import"
        # What is lost on a connection that the server had left cannot be sent again: the server
        # would store it twice. And of what comes in a body over a connection that is used again,
        # vmauth passes on no more than the beginning every now and then, and ends it as if it were
        # whole.
        headers = {**self.login, **OWN_CONNECTION, "Content-Type": "application/json"}
        refusal = await self.send(url, lines, seconds=seconds, headers=headers, is_repeatable=False)
        if refusal is not None:
            raise self._error(*refusal, url)

    async def read(
        self,
        labels: Mapping[str, str] | None,
        start: int,
        end: int,
        *,
        seconds: float = _EXPORT_SECONDS,
        size: int = 0,
    ) -> AsyncIterator[Mapping[str, Any]]:
        """Yield the lines of `/api/v1/export` between two milliseconds, both included.

        `size` is of how many bytes they may be.
        They are those of all series that have some labels, and perhaps others; None for any.
        """
        url = f"{reading_url(self.url)}/api/v1/export"
        asked = {
            "match[]": _EVERYTHING if labels is None else selector_of(labels),
            "start": f"{start / 1000:.3f}",
            "end": f"{end / 1000:.3f}",
            "max_rows_per_line": str(_SAMPLES_PER_LINE),
        }
        async with self._asked(url, asked.items(), seconds=seconds, size=size) as response:
            if response.status != HTTPStatus.OK:
                raise self._error(response.status, await beginning_of(response), url)
            async for line in lines_of(response):
                with understood(self.not_expected):
                    series = _series(await parsed(line), labels or {}, start, end)
                yield series

    async def totals(
        self, labels: Mapping[str, str], start: int, end: int
    ) -> tuple[int, float] | None:
        """Return how many samples it has between two milliseconds, both included, and their sum.

        They are those of all series that have some labels, and perhaps others. None where it is
        not to be asked that.
        """
        window = f"{selector_of(labels)}[{end - start + 1}ms]"
        both = f'aggr_over_time(("{_COUNT}", "{_SUM}"), {window})'
        asked = {"query": f"sum({both}) by (rollup)", "time": f"{end / 1000:.3f}"}
        url = f"{reading_url(self.url)}/api/v1/query"
        async with self._asked(url, [*asked.items(), *_WHOLE_AND_ANEW.items()]) as response:
            if response.status != HTTPStatus.OK:
                return None
            text = await text_of(response)
        with understood(self.not_expected):
            return await taken_apart(text, _totals_of)

    async def series(self, wanted: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
        """Return the labels of each series that has those of one of these, and perhaps others."""
        url = f"{reading_url(self.url)}/api/v1/series"
        # Nought stands for five minutes ago.
        asked = [*(("match[]", selector_of(one)) for one in wanted), ("start", "1")]
        async with self._asked(url, asked) as response:
            if response.status != HTTPStatus.OK:
                raise self._error(response.status, await beginning_of(response), url)
            text = await text_of(response)
        with understood(self.not_expected):
            return await taken_apart(text, _labels_of)

    async def delete(self, series: Sequence[Mapping[str, str]]) -> None:
        """Delete what has the labels of one of these, and perhaps others; an empty one is none."""
        url = f"{reading_url(self.url)}/api/v1/admin/tsdb/delete_series"
        if self.is_cluster:
            prefix, _, account = reading_url(self.url).rpartition("/select/")
            url = f"{prefix}/delete/{account}/api/v1/admin/tsdb/delete_series"
        async with request(
            self.session,
            "POST",
            url,
            seconds=_EXPORT_SECONDS,
            is_known=self.is_known,
            headers={**self.login, **OWN_CONNECTION},
            data=[("match[]", selector_of(one)) for one in series],
        ) as response:
            if response.status not in {HTTPStatus.NO_CONTENT, HTTPStatus.OK}:
                raise self._error(response.status, await beginning_of(response), url)

    @asynccontextmanager
    async def _asked(
        self,
        url: str,
        asked: Collection[tuple[str, str]],
        *,
        seconds: float = _EXPORT_SECONDS,
        size: int = 0,
    ) -> AsyncIterator[ClientResponse]:
        """Give the answer to what changes nothing, while the context lasts; arguments as `read`.

        It is asked in the address, over a connection that serves again; what is too long for one,
        or not taken there, in a body.
        """
        ask = partial(
            request,
            self.session,
            url=url,
            seconds=seconds,
            answer_size=size,
            is_known=self.is_known,
            is_repeatable=True,
        )
        headers = {**self.login, **_NOT_REMEMBERED}
        if len(urlencode(list(asked))) <= _MOST_OF_A_QUESTION:
            async with ask("GET", headers=headers, params=list(asked)) as response:
                if response.status not in _NOT_IN_AN_ADDRESS:
                    yield response
                    return
        async with ask("POST", headers={**headers, **OWN_CONNECTION}, data=list(asked)) as response:
            yield response

    async def flush(self) -> bool:
        """Make what was written readable at once; return False where that is not offered."""
        if self.is_cluster:
            return False
        url = f"{self.url}/internal/force_flush"
        async with self._asked(url, (), seconds=TIMEOUT) as response:
            return response.status == HTTPStatus.OK

    async def flags(self) -> Flags:
        """Return what the server tells about its settings: nothing through most proxies."""
        if self.is_cluster:
            return Flags()
        async with self._asked(f"{self.url}/flags", (), seconds=TIMEOUT) as response:
            if response.status != HTTPStatus.OK:
                return Flags()
            text = await text_of(response)
        return flags_in(text)

    def halves_of_line(self, line: bytes) -> tuple[bytes, bytes] | None:
        """Return two lines of half as many samples each."""
        return halves_of(line)

    def _without_login(self, text: str) -> str:
        """Take out the login, which vmauth repeats in its answers."""
        headers = (header.removeprefix("Basic ") for header in self.login.values())
        return without_secrets(text, self.password, *headers)

    def _error(self, status: int, text: str, url: str) -> DestinationError:
        """Name what an answer refuses; a missing path is a bad request to this server."""
        if (error := self.stranger(status, text)) is not None:
            return error
        path = urlsplit(url).path
        is_refused = status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
        # Older versions of vmauth call a wrong password a bad request.
        if is_refused or "cannot find the provided auth token" in text:
            if self.username is None:
                return DestinationError(
                    "unauthorized", variant="login", field="username", host=self.host
                )
            return DestinationError("wrong_credentials", field="password", host=self.host)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return DestinationError("server_error", field="url", host=self.host, status=status)
        is_missing = status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}
        if is_missing or "unsupported path" in text or "missing route" in text:
            return DestinationError("wrong_path", field="url", host=self.host, path=path)
        # The address and the path come first in the server's answers.
        reason = text.rpartition("requestURI: ")[2].partition("; ")[2] or text
        return DestinationError(
            "bad_request",
            field="url",
            host=self.host,
            status=status,
            reason=reason_of(status, self._without_login(reason)),
        )


def _series(line: Any, labels: Mapping[str, str], start: int, end: int) -> Mapping[str, Any]:  # noqa: ANN401 (JSON)
    """Return a line of an export; raises an error of `answers.understood` where it is none.

    A line of a series that nobody has asked for is none, nor is one of another time.
    """
    metric, values, stamps = line["metric"], line["values"], line["timestamps"]
    is_asked_for = all(metric.get(name, "") == text for name, text in labels.items())
    if (
        not is_asked_for
        or not all(isinstance(text, str) for text in metric.values())
        or len(values) != len(stamps)
        or len(stamps) > _SAMPLES_PER_LINE
        or not set(map(type, stamps)) <= {int}
        or not start <= min(stamps, default=start) <= max(stamps, default=start) <= end
    ):
        raise ValueError(metric)
    return line  # type: ignore[no-any-return]


def _totals_of(answer: Any) -> tuple[int, float]:  # noqa: ANN401 (JSON)
    """Return a number of samples and their sum, as `_series`; nothing is told of no samples."""
    found = {one["metric"]["rollup"]: float(one["value"][1]) for one in answer["data"]["result"]}
    return (int(found[_COUNT]), found[_SUM]) if found else (0, 0.0)


def _labels_of(answer: Any) -> list[dict[str, str]]:  # noqa: ANN401 (JSON)
    """Return the labels of series, as `_series`."""
    found: list[dict[str, str]] = answer["data"]
    if not all(isinstance(text, str) for one in found for text in (one[NAME], *one.values())):
        raise ValueError(found)
    return found

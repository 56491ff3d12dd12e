"""Questions to Jeedom's JSON-RPC interface, and what its answers mean."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from ...web.answers import in_turn, parsed, text_of
from ..base import DestinationError
from ..redaction import without_secrets
from ..web import TIMEOUT, host_of, request
from .address import PATH, base_url

if TYPE_CHECKING:
    from aiohttp import ClientSession

_API_DISABLED: Final = 1
_WRONG_KEY: Final = 2
_RESTRICTED_KEY: Final = 500
# Empty lists and maps, null and false all arrive as this word.
_EMPTY: Final = "ok"
_LONGEST_REASON: Final = 200
# What is saved without an id is made, and would be made twice.
_MAKES: Final = frozenset({"eqLogic::save", "cmd::save"})
_SAID_OF_ITSELF: Final = ("id", "logicalId", "name", "datetime")


class JeedomRpc:
    """A Jeedom, asked with an API key: Jeedom's own, or that of the plugin.

    It is tried as Jeedom's own first: Jeedom takes that one for any plugin's too, and then tells
    the plugin's settings in the place of its own; and whoever asks as a plugin whose key nobody
    has seen yet makes Jeedom create one.
    """

    def __init__(self, session: ClientSession, url: str, api_key: str, plugin: str) -> None:
        self._session = session
        self._url = f"{base_url(url)}{PATH}"
        self._api_key = api_key
        self._plugin = plugin
        self._is_core_key: bool | None = None
        self._numbers = itertools.count(1)

    @property
    def host(self) -> str:
        """Return host and port, for messages to people."""
        return host_of(self._url)

    async def ping(self) -> None:
        """Make sure that a Jeedom answers, whoever asks. Raises DestinationError."""
        if await self._ask("ping", {}, TIMEOUT) != "pong":
            raise self._no_jeedom()

    async def call(
        self, method: str, *, seconds: float = TIMEOUT, size: int = 0, **params: object
    ) -> Any:  # noqa: ANN401 (JSON)
        """Return the result of a method as Jeedom gives it, of so many bytes.

        Raises:
            DestinationError: as `web.request`; `API_DISABLED`, `WRONG_API_KEY` or
                `OTHER_PLUGINS_KEY` where the key is at fault; `JEEDOM_ERROR` with Jeedom's own
                words otherwise.

        """
        if self._is_core_key is not None:
            return await self._ask(
                method, self._login(core=self._is_core_key) | params, seconds, size
            )
        try:
            result = await self._ask(method, self._login(core=True) | params, seconds, size)
        except DestinationError as as_core:
            if as_core.code not in {"API_DISABLED", "WRONG_API_KEY"}:
                raise
            try:
                result = await self._ask(method, self._login(core=False) | params, seconds, size)
            except DestinationError as as_plugin:
                if (as_core.code, as_plugin.code) == ("WRONG_API_KEY", "API_DISABLED"):
                    # Jeedom refuses every key alike while the plugin's interface is disabled.
                    raise DestinationError(
                        "api_disabled",
                        variant="or_wrong_key",
                        field="api_key",
                        host=self.host,
                        plugin=self._plugin,
                    ) from None
                raise
            self._is_core_key = False
        else:
            self._is_core_key = True
        return result

    async def time_zone(self) -> str | None:
        """Return the name of Jeedom's time zone, None where a plugin's key is not told it.

        Raises DestinationError as `call`.
        """
        name = await self.call("config::byKey", key="timezone")
        return name if self._is_core_key and isinstance(name, str) and name != _EMPTY else None

    async def moment(self) -> datetime | None:
        """Return what time Jeedom has (UTC), None where it does not tell.

        Raises DestinationError as `call`, but not where Jeedom answers with an error.
        """
        try:
            seconds = await self.call("datetime")
            return datetime.fromtimestamp(float(seconds), UTC)
        except (TypeError, ValueError, OverflowError, OSError):
            return None
        except DestinationError as err:
            if err.code not in {"JEEDOM_ERROR", "OTHER_PLUGINS_KEY"}:
                raise
            return None

    async def check_right(self, method: str, **params: Any) -> None:  # noqa: ANN401 (JSON)
        """Make sure that the key may use a method, by asking it for something impossible.

        Raises DestinationError as `call`, but not where Jeedom answers with an error of its own.
        """
        try:
            await self.call(method, **params)
        except DestinationError as err:
            if err.code != "JEEDOM_ERROR":
                raise

    async def rows(
        self, method: str, *, seconds: float = TIMEOUT, size: int = 0, **params: object
    ) -> list[dict[str, Any]]:
        """Return a result that is a list of objects; errors as in `call`.

        Each has a text, a number or nothing where it says what it is.
        """
        result = await self.call(method, seconds=seconds, size=size, **params)
        if not result or result == _EMPTY:
            return []
        values = list(result.values()) if isinstance(result, dict) else result
        if not isinstance(values, list) or not await in_turn(lambda: all(map(_is_row, values))):
            raise self._no_jeedom()
        return values

    def _login(self, *, core: bool) -> dict[str, object]:
        login: dict[str, object] = {"apikey": self._api_key}
        return login if core else {**login, "plugin": self._plugin}

    async def _ask(
        self,
        method: str,
        params: dict[str, object],
        seconds: float,
        size: int = 0,
    ) -> Any:  # noqa: ANN401
        number = next(self._numbers)
        question = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        try:
            async with request(
                self._session,
                "POST",
                self._url,
                seconds=seconds,
                answer_size=size,
                is_known=method != "ping",
                is_repeatable=method not in _MAKES or "id" in params,
                data=json.dumps(question, allow_nan=False).encode(),
                headers={"Content-Type": "application/json"},
            ) as response:
                status, body = response.status, await text_of(response)
        except DestinationError as err:
            if err.key != "destination_not_expected_server":
                raise
            raise self._no_jeedom() from err
        if status >= 500:
            raise DestinationError(
                "server_error", variant="jeedom", field="url", host=self.host, status=status
            )
        if status >= 400:
            # A Jeedom says in its answers what it refuses: this is somebody before it.
            raise self._no_jeedom()
        try:
            answer = await parsed(body)
        except ValueError as err:
            raise self._no_jeedom() from err
        if not isinstance(answer, dict) or not answer.keys() & {"result", "error"}:
            raise self._no_jeedom()
        # A question that was not understood has no number.
        if str(answer.get("id")) not in {str(number), "None"}:
            # The answer to another one, or to somebody else's.
            raise self._no_jeedom()
        if answer.get("error"):
            raise self._refusal(answer["error"])
        if answer.get("id") is None:
            raise self._no_jeedom()
        return answer.get("result")

    def _refusal(self, error: object) -> DestinationError:
        code, reason = None, error
        if isinstance(error, dict):
            code, reason = error.get("code"), error.get("message")
        for number, name in (
            (_API_DISABLED, "api_disabled"),
            (_WRONG_KEY, "wrong_api_key"),
            (_RESTRICTED_KEY, "other_plugins_key"),
        ):
            if str(code) == str(number):
                return DestinationError(name, field="api_key", host=self.host, plugin=self._plugin)
        if not str(reason or "").strip():
            reason = json.dumps(error) if code is None else f"code {code}"
        # Some of Jeedom's texts repeat the key.
        words = " ".join(without_secrets(str(reason), self._api_key).split())[:_LONGEST_REASON]
        return DestinationError("jeedom_error", host=self.host, reason=words)

    def _no_jeedom(self) -> DestinationError:
        return DestinationError(
            "not_expected_server", variant="jeedom", field="url", host=self.host
        )


def _is_row(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(value.get(key), str | int | float | None) for key in _SAID_OF_ITSELF
    )

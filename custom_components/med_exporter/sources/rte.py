"""RTE's data platform: the account, its token, and what an API's refusal means."""

from __future__ import annotations

import asyncio
import re
from base64 import b64encode
from dataclasses import field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from homeassistant.util import dt as dt_util

from ..engine.lazy_dataclass import dataclass
from .web import SourceError, request_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiohttp import ClientSession

RTE_ADDRESS: Final = "https://digital.iservices.rte-france.com"

_TOKEN_PATH: Final = "/token/oauth/"  # noqa: S105
# A token about to expire might do so on its way.
_TOKEN_MARGIN: Final = timedelta(minutes=2)
_DEFAULT_LIFETIME: Final = 7200.0
_LONGEST_TOKEN: Final = 8_192
# What RFC 6750 lets one be made of.
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class RteCredentials:
    """What an application of RTE's data platform logs in with."""

    client_id: str
    client_secret: str = field(repr=False)


class RteClient:
    """An account at RTE. One token serves all APIs until shortly before it expires."""

    def __init__(
        self, session: ClientSession, credentials: RteCredentials, address: str = RTE_ADDRESS
    ) -> None:
        self._session = session
        self._address = address.rstrip("/")
        pair = f"{credentials.client_id}:{credentials.client_secret}"
        self._login = f"Basic {b64encode(pair.encode()).decode()}"
        self._token: str | None = None
        self._expires_at: datetime | None = None
        self._renewing = asyncio.Lock()

    async def get[T](
        self, path: str, reader: Callable[[object], T], params: Mapping[str, str] | None = None
    ) -> T:
        """Return what a function reads in an API's answer, as `request_json` has it.

        `path` is one such as `/open_api/ecowatt/v5/signals`.

        Raises SourceError: `invalid_auth` for wrong credentials, `not_subscribed` where the
        application has not subscribed to this API, and the others.
        """
        token = await self.token()
        try:
            return await self._ask(path, reader, params, token)
        except SourceError as err:
            if err.code != "unauthorized":
                raise
        # Tokens may be revoked before their time; a second refusal is the server's trouble.
        return await self._ask(path, reader, params, await self.token(refused=token))

    async def token(self, *, refused: str | None = None) -> str:
        """Return a token, a new one where there is none, or it expires, or it was refused.

        Raises SourceError.
        """
        async with self._renewing:
            now = dt_util.utcnow()
            known, expires_at = self._token, self._expires_at
            if known is not None and known != refused and expires_at and now < expires_at:
                return known
            self._token = None
            token, lifetime = await self._new_token()
            self._token = token
            self._expires_at = now + max(lifetime - _TOKEN_MARGIN, timedelta(0))
            return token

    async def _new_token(self) -> tuple[str, timedelta]:
        try:
            return await request_json(
                self._session,
                self._address + _TOKEN_PATH,
                _token,
                method="POST",
                headers={"Authorization": self._login},
            )
        except SourceError as err:
            if err.status in {400, 401}:
                raise SourceError("invalid_auth", status=err.status) from err
            raise

    async def _ask[T](
        self,
        path: str,
        reader: Callable[[object], T],
        params: Mapping[str, str] | None,
        token: str,
    ) -> T:
        try:
            return await request_json(
                self._session,
                self._address + path,
                reader,
                params=params,
                headers={"Authorization": f"Bearer {token}"},
            )
        except SourceError as err:
            if err.code == "forbidden":
                raise SourceError("not_subscribed", status=err.status) from err
            raise


def _token(answer: object) -> tuple[str, timedelta]:
    """Return a token that can stand in a header, and how long it lasts."""
    if not isinstance(answer, dict):
        raise SourceError("not_expected_server")
    token = answer.get("access_token")
    if not isinstance(token, str) or len(token) > _LONGEST_TOKEN or not _TOKEN.fullmatch(token):
        raise SourceError("not_expected_server")
    return token, _lifetime(answer.get("expires_in"))


def _lifetime(seconds: object) -> timedelta:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or seconds <= 0:
        seconds = _DEFAULT_LIFETIME
    return timedelta(seconds=min(seconds, 86400))

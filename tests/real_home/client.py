"""Speaks to a Home Assistant as any program would: over HTTP and its websocket, with a token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import aiohttp

if TYPE_CHECKING:
    from types import TracebackType

_TIMEOUT = aiohttp.ClientTimeout(total=90)


class RequestError(Exception):
    """Home Assistant refused a request; `status` and `answer` say how."""

    def __init__(self, request: str, status: int, answer: Any) -> None:
        super().__init__(f"{request} was answered with {status}: {answer}")
        self.status = status
        self.answer = answer


class FlowError(Exception):
    """A flow did not take what it was given; `result` is its last answer."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__(
            f"the flow stopped at {result.get('step_id')!r} ({result['type']}):"
            f" {result.get('errors') or result.get('reason')}"
            f" {result.get('description_placeholders') or ''}"
        )
        self.result = result


class HomeClient:
    """A user's session with the Home Assistant at `url`. Use it as an async context manager.

    Methods raise RequestError, and aiohttp's ClientError where nobody answers.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url
        self.token = token
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._session is not None
        await self._session.close()
        self._session = None

    async def get(self, path: str, **params: str) -> Any:
        """Return the JSON at a path such as `/api/config`."""
        return await self.request("GET", path, params=params)

    async def post(self, path: str, body: Any = None) -> Any:
        """Post JSON and return the JSON that comes back."""
        return await self.request("POST", path, json={} if body is None else body)

    async def delete(self, path: str) -> Any:
        """Delete what is at a path."""
        return await self.request("DELETE", path)

    async def request(self, method: str, path: str, **options: Any) -> Any:
        """Send a request; return JSON parsed, anything else as bytes."""
        async with self._open.request(
            method, self.url + path, headers=self._headers, **options
        ) as response:
            body = await response.read()
            is_json = response.content_type == "application/json"
            answer = await response.json() if is_json and body else body
            if response.status >= 400:
                raise RequestError(f"{method} {path}", response.status, answer)
            return answer

    async def onboard(self, name: str, username: str, password: str, language: str) -> None:
        """Make the first account, an administrator, and log in with a token that lasts."""
        client_id = f"{self.url}/"
        made = await self.post(
            "/api/onboarding/users",
            {
                "client_id": client_id,
                "name": name,
                "username": username,
                "password": password,
                "language": language,
            },
        )
        login = await self.request(
            "POST",
            "/auth/token",
            data={
                "grant_type": "authorization_code",
                "code": made["auth_code"],
                "client_id": client_id,
            },
        )
        self.token = login["access_token"]
        self.token = await self.command(
            "auth/long_lived_access_token", client_name=name, lifespan=30
        )

    async def command(self, kind: str, **fields: Any) -> Any:
        """Send one websocket command and return its result. Raises RequestError."""
        async with self._open.ws_connect(f"{self.url}/api/websocket", max_msg_size=0) as socket:
            await socket.receive_json()
            await socket.send_json({"type": "auth", "access_token": self.token})
            if (answer := await socket.receive_json())["type"] != "auth_ok":
                raise RequestError(kind, 401, answer)
            await socket.send_json({"id": 1, "type": kind, **fields})
            answer = await socket.receive_json()
            if not answer["success"]:
                raise RequestError(kind, 400, answer["error"])
            return answer["result"]

    async def states(self) -> dict[str, dict[str, Any]]:
        """Return the state of each entity by its id."""
        return {state["entity_id"]: state for state in await self.get("/api/states")}

    async def entity_ids(self, domain: str = "med_exporter") -> dict[str, str]:
        """Return the entity id by unique id of what an integration has registered."""
        registered = await self.command("config/entity_registry/list")
        entries = await self.command(
            "config/entity_registry/get_entries",
            entity_ids=[entity["entity_id"] for entity in registered],
        )
        return {
            entity["unique_id"]: entity["entity_id"]
            for entity in entries.values()
            if entity and entity["platform"] == domain
        }

    async def call_action(self, action: str, data: dict[str, Any] | None = None) -> Any:
        """Call an action such as `med_exporter.run_push` and return its response."""
        domain, _, service = action.partition(".")
        answer = await self.post(f"/api/services/{domain}/{service}?return_response", data)
        return answer["service_response"]

    async def flow(self, handler: str, *answers: dict[str, Any]) -> dict[str, Any]:
        """Go through a config flow, one answer per step, and return the entry it made.

        Raises FlowError when a step shows an error or the flow does not end with an entry.
        """
        return await self._run_flow(
            "/api/config/config_entries/flow", {"handler": handler}, answers
        )

    async def reconfigure(self, handler: str, entry_id: str, *answers: dict[str, Any]) -> None:
        """Go through the flow that changes an entry. Raises FlowError as `flow` does."""
        start = {"handler": handler, "entry_id": entry_id}
        await self._run_flow("/api/config/config_entries/flow", start, answers)

    async def options_flow(self, entry_id: str, *answers: dict[str, Any]) -> dict[str, Any]:
        """Go through the options flow of an entry. Raises FlowError as `flow` does."""
        start = {"handler": entry_id}
        return await self._run_flow("/api/config/config_entries/options/flow", start, answers)

    async def _run_flow(
        self, path: str, start: dict[str, Any], answers: tuple[dict[str, Any], ...]
    ) -> dict[str, Any]:
        result = await self.post(path, start)
        for answer in answers:
            if result["type"] not in ("form", "menu"):
                raise FlowError(result)
            result = await self.post(f"{path}/{result['flow_id']}", answer)
            if result.get("errors"):
                raise FlowError(result)
        is_changed = result.get("reason") == "reconfigure_successful"
        if result["type"] != "create_entry" and not is_changed:
            raise FlowError(result)
        finished: dict[str, Any] = result["result"] if result.get("result") else result
        return finished

    @property
    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("the client is not open: use it as an async context manager")
        return self._session

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

"""An address of the HTTP API, and what answers there once somebody comes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from homeassistant.helpers.http import KEY_HASS, HomeAssistantView

from ..rights import Right

if TYPE_CHECKING:
    from aiohttp import web

    from ..later import Later
    from .base import ApiView


class Door(HomeAssistantView):
    """Who may come to an address, by which methods; its view is loaded with the first request.

    Attributes:
        right: who may come at all.
        url: the address, with its parts in braces.
        name: what routes and the published description call it.

    """

    def __init__(self, right: Right, url: str, name: str, view: Later, *methods: str) -> None:
        self.right, self.url, self.name = right, url, f"api:med_exporter:{name}"
        # A signed link needs no login; who has none is turned away by the view.
        self.requires_auth = right is not Right.LINK
        self._view = view
        self._made: ApiView | None = None
        for method in methods:
            setattr(self, method, partial(self._answer, method))

    def view(self) -> ApiView:
        """Return what answers, to whoever does not hold the event loop."""
        return self._of(self._view.get())

    async def _answer(self, method: str, request: web.Request, **parts: str) -> web.StreamResponse:
        if self._made is None:
            self._made = self._of(await self._view.async_get(request.app[KEY_HASS]))
        answer: web.StreamResponse = await getattr(self._made, method)(request, **parts)
        return answer

    def _of(self, view: type[ApiView]) -> ApiView:
        return view(self.right, self.url or "", self.name)

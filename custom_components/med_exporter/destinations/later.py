"""What a kind's record names without loading it: most homes have one or two kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from homeassistant.helpers.importlib import async_import_module

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from homeassistant.core import HomeAssistant


def later(package: str | None, module: str, name: str) -> Callable[..., Coroutine[Any, Any, Any]]:
    """Return a coroutine function of a module of a package, which is loaded by its first call.

    Its first argument is Home Assistant, which loads modules outside the event loop.
    """

    async def call(hass: HomeAssistant, *arguments: object) -> Any:  # noqa: ANN401
        loaded = await async_import_module(hass, f"{package}.{module}")
        return await getattr(loaded, name)(hass, *arguments)

    return call

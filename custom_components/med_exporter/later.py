"""What is loaded with the first who asks for it, outside the event loop.

Doors name so what answers behind them, and records what only some homes have.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from homeassistant.helpers.importlib import async_import_module

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from homeassistant.core import HomeAssistant


class Later:
    """One name in a module of a package.

    Attributes:
        module: the module's whole name.
        name: what it is called there.

    """

    def __init__(self, package: str | None, module: str, name: str) -> None:
        self.module = f"{package}.{module}"
        self.name = name

    async def async_get(self, hass: HomeAssistant) -> Any:  # noqa: ANN401
        """Return it; raises what its module raises when it is loaded."""
        return getattr(await async_import_module(hass, self.module), self.name)

    def get(self) -> Any:  # noqa: ANN401
        """Return it to whoever does not hold the event loop."""
        return getattr(import_module(self.module), self.name)


def later(package: str | None, module: str, name: str) -> Callable[..., Coroutine[Any, Any, Any]]:
    """Return a coroutine function of a module; its first argument is Home Assistant."""
    found = Later(package, module, name)

    async def call(hass: HomeAssistant, *arguments: object, **named: object) -> Any:  # noqa: ANN401
        return await (await found.async_get(hass))(hass, *arguments, **named)

    return call


def later_with(beside: Later, wanted: Later) -> Callable[..., Coroutine[Any, Any, Any]]:
    """Return a coroutine function as `later` does, with something else loaded by then."""

    async def call(hass: HomeAssistant, *arguments: object) -> Any:  # noqa: ANN401
        await beside.async_get(hass)
        return await (await wanted.async_get(hass))(hass, *arguments)

    return call


def later_in_thread(package: str | None, module: str, name: str) -> Callable[..., Any]:
    """Return a function of a module, for whoever does not hold the event loop."""
    found = Later(package, module, name)

    def call(*arguments: object, **named: object) -> Any:  # noqa: ANN401
        return found.get()(*arguments, **named)

    return call

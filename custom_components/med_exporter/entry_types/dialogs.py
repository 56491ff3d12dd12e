"""The dialogs of each kind: loaded when the first is opened, which few starts see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from homeassistant.helpers.importlib import async_import_module

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from homeassistant.config_entries import ConfigFlow, OptionsFlow

    from ..entries.kind import Step

_FLOWS: Final = f"{__package__.rpartition('.')[0]}.flows"


def dialogs[Flow: (ConfigFlow, OptionsFlow)](
    module: str, name: str, *arguments: object
) -> Callable[[Flow], Awaitable[Mapping[str, Step]]]:
    """Return what makes the steps of a class in a module of `flows/`, for one flow.

    Args:
        module: the module's name.
        name: the class's.
        arguments: what it is made with besides the flow.

    """

    async def steps(flow: Flow) -> Mapping[str, Step]:
        loaded = await async_import_module(flow.hass, f"{_FLOWS}.{module}")
        made: dict[str, Step] = getattr(loaded, name)(flow, *arguments).steps()
        return made

    return steps

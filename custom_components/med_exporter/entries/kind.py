"""What the house asks about a kind of config entry: one record says it all."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from ..engine.lazy_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from homeassistant.config_entries import ConfigEntry, ConfigFlow, ConfigFlowResult, OptionsFlow
    from homeassistant.const import Platform
    from homeassistant.core import HomeAssistant
    from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

    type AddEntities = Callable[
        [HomeAssistant, ConfigEntry[Any], AddConfigEntryEntitiesCallback], None
    ]
    type Step = Callable[[Any], Awaitable[ConfigFlowResult]]


async def _nothing(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Remove nothing: the entry keeps nothing on disk."""


async def _no_steps(flow: ConfigFlow) -> dict[str, Step]:
    return {}


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryKind:
    """A kind of config entry.

    One whose entries have a `pdl` is a kind of metering point: their `plugs` describe what counts
    energy, by an id that the ledger and the devices know it by, and the `runtime_data` is a
    `MeteringPoint` or stands in for one.

    Attributes:
        type: its name, `entry.data["type"]`.
        async_setup: makes the `runtime_data` of an entry.
        async_remove: removes what an entry kept, once it is removed.
        entities: what adds the entities of an entry, by platform.
        steps: the steps of its config flow by their ids, for one flow: `{type}` begins,
            `{type}_reconfigure` changes and `{type}_reauth` repairs an entry. What they need is
            loaded by then.
        found_by: ids of further steps that begin a flow: what Home Assistant calls its discoveries.
        is_offered: whether a user may choose it from the menu.
        options: the steps of its options flow, likewise, where it has one: `init` begins.
        secrets: the fields of its forms whose values are shown to nobody.

    """

    type: str
    async_setup: Callable[[HomeAssistant, ConfigEntry[Any]], Awaitable[Any]]
    async_remove: Callable[[HomeAssistant, ConfigEntry[Any]], Awaitable[None]] = _nothing
    entities: Mapping[Platform, AddEntities] = field(default_factory=dict)
    steps: Callable[[ConfigFlow], Awaitable[Mapping[str, Step]]] = _no_steps
    found_by: tuple[str, ...] = ()
    is_offered: bool = True
    options: Callable[[OptionsFlow], Awaitable[Mapping[str, Step]]] | None = None
    secrets: frozenset[str] = frozenset()

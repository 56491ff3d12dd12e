"""Find the destination that a caller names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_ID, CONF_TYPE

from ..errors import InvalidRequest
from ..object_reader import shown
from .entry import destination_entries

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

    from .runtime import DestinationEntry, DestinationRuntime


class DestinationNotFoundError(InvalidRequest):
    """No destination that is set up and loaded goes by this name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "DESTINATION_NOT_FOUND", "destination_not_found", field="destination", name=name
        )


class AmbiguousDestinationError(InvalidRequest):
    """Several destinations go by this name; the message lists their ids."""

    def __init__(self, name: str, ids: list[str]) -> None:
        super().__init__(
            "AMBIGUOUS_DESTINATION",
            "ambiguous_destination",
            field="destination",
            name=name,
            ids=", ".join(ids),
        )


class DestinationNotLoadedError(InvalidRequest):
    """The destination is there, but disabled, or could not be set up."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "DESTINATION_NOT_LOADED", "destination_not_loaded", field="destination", name=name
        )


def select_entry(hass: HomeAssistant, name: str) -> DestinationEntry:
    """Return the config entry of the destination with this id, config entry id, type or name.

    Raises DestinationNotFoundError and AmbiguousDestinationError.
    """
    known = destination_entries(hass)
    for found in (
        [one for one in known if name in (one.data[CONF_ID], one.entry_id)],
        [one for one in known if one.data[CONF_TYPE] == name],
        [one for one in known if one.title.casefold() == name.strip().casefold()],
    ):
        if len(found) > 1:
            raise AmbiguousDestinationError(shown(name), [one.data[CONF_ID] for one in found])
        if found:
            return found[0]
    raise DestinationNotFoundError(shown(name))


def select_destination(hass: HomeAssistant, name: str) -> DestinationRuntime:
    """Return a loaded destination by what `select_entry` knows it by.

    Raises DestinationNotFoundError, AmbiguousDestinationError and DestinationNotLoadedError.
    """
    entry = select_entry(hass, name)
    if entry.state is not ConfigEntryState.LOADED:
        raise DestinationNotLoadedError(shown(name))
    return entry.runtime_data

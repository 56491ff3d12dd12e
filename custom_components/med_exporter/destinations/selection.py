"""Find the destination that a caller names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import InvalidRequest
from ..exports.object_reader import shown
from .runtime import destinations

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

    from .runtime import DestinationRuntime


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


def select_destination(hass: HomeAssistant, name: str) -> DestinationRuntime:
    """Return the destination with this id, config entry id, type or name.

    Raises DestinationNotFoundError and AmbiguousDestinationError.
    """
    known = destinations(hass)
    for found in (
        [one for one in known if name in (one.id, one.entry.entry_id)],
        [one for one in known if one.type == name],
        [one for one in known if one.name.casefold() == name.strip().casefold()],
    ):
        if len(found) > 1:
            raise AmbiguousDestinationError(shown(name), [one.id for one in found])
        if found:
            return found[0]
    raise DestinationNotFoundError(shown(name))

"""The kinds of config entries, in the order in which the user is offered them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from homeassistant.const import CONF_TYPE

from ..const import EntryType
from ..destinations.registry import DESTINATIONS
from .destination import of_destination
from .email import EMAIL
from .grid import GRID
from .installation import INSTALLATION
from .kasa import KASA
from .meters import METERS

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry

    from ..entries.kind import EntryKind

# A new kind of metering point is one line here; a destination has its own list.
ENTRY_KINDS: Final[dict[str, EntryKind]] = {
    kind.type: kind
    for kind in (
        KASA,
        METERS,
        GRID,
        EMAIL,
        INSTALLATION,
    )
}


def entry_kinds() -> dict[str, EntryKind]:
    """Return all kinds by their types, destinations among them."""
    known = {**ENTRY_KINDS, **{name: of_destination(kind) for name, kind in DESTINATIONS.items()}}
    # Accounts for mail come last, as the menu always had them.
    return dict(sorted(known.items(), key=lambda item: item[0] == EntryType.EMAIL))


def kind_of(entry: ConfigEntry) -> EntryKind | None:
    """Return the kind of an entry; None for a discovered plug that the user ignores."""
    name = entry.data.get(CONF_TYPE, "")
    if (destination := DESTINATIONS.get(name)) is not None:
        return of_destination(destination)
    return ENTRY_KINDS.get(name)


def known_kind_of(entry: ConfigEntry) -> EntryKind:
    """Return the kind of an entry that is set up."""
    kind = kind_of(entry)
    assert kind is not None
    return kind

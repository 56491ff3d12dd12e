"""What the entities of a device are to its readings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..recorder.state_values import Quantity, on_off
from .fields import ENTITY_FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..job import FormerEntities, JobDevice
    from ..recorder.state_values import Parser

    type Slot = tuple[int, int, Parser]
    """Of an entity: the recorder's id, its place among `ENTITY_FIELDS`, what reads its states."""

ENERGY = ENTITY_FIELDS.index("energy_total_kwh")
"""The place of the counter."""


def slots_of(device: JobDevice | FormerEntities, metadata: Mapping[str, int]) -> list[Slot]:
    """Return the slots of a device's entities, by their recorder's ids."""
    return [
        (metadata[device.entities[name]], slot, parser_of(name))
        for slot, name in enumerate(ENTITY_FIELDS)
        if device.entities.get(name) in metadata
    ]


def counter_of(slots: Sequence[Slot]) -> tuple[int, Parser] | None:
    """Return the recorder's id of a device's counter, and what reads its states; None without."""
    return next(((number, parse) for number, slot, parse in slots if slot == ENERGY), None)


def parser_of(name: str) -> Parser:
    """Return what reads the states of a field, one of `ENTITY_FIELDS`."""
    return on_off if name == "is_on" else Quantity(name)

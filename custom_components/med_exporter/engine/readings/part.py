"""A part of the readings of plugs, as one process lets another make it (`ahead.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..lazy_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from .reading import Reading

    type PlugState = tuple[Any, ...]
    """All that the next readings of a plug depend on; plain values, equal where it is the same."""

    type Frame = tuple[float, list[PlugState], list[list[Reading]]]
    """Up to when (UTC seconds) all is taken, and of each plug what it is like then, and its
    readings since the frame before."""

    type Second = Callable[[Part], Generator[Frame]]
    """Lets a second process make the frames of a part. They end early where it fails, or where to
    wait for them would take longer than to make them. Once they are closed it makes no more."""


@dataclass(frozen=True, slots=True)
class PartOfPlug:
    """A plug in a part of a pass.

    Attributes:
        entities: the recorder's id of each, and its place among `ENTITY_FIELDS`.
        start: UTC seconds from which on its states are read.
        plug_id: by which the ledger knows it, None when it does not.

    """

    entities: tuple[tuple[int, int], ...]
    start: float
    plug_id: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """The later part of a pass.

    Attributes:
        plugs: whose readings are made.
        start: of the whole, in UTC seconds; what lies before `begin` the first process makes.
        begin: UTC seconds, included.
        end: UTC seconds, not included.

    """

    plugs: tuple[PartOfPlug, ...]
    start: float
    begin: float
    end: float

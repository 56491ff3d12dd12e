"""What the weighing of a reading comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy_dataclass import dataclass

if TYPE_CHECKING:
    from datetime import datetime

    from .reading import Refusal


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a reading has proved.

    Attributes:
        energy: all that has been counted, in mWh; it never falls.
        growth: what this reading has added to it.
        since: from when on the growth was used; None for the first reading.
        is_told: whether the energy is now known up to this reading, or up to the one that it
            confirms. What it still lacks comes with a later one.
        day: the plug's own counter of its running day in mWh, None where it is not believed.
        month: likewise.
        refused: what was not believed, and never will be.

    """

    energy: int
    growth: int = 0
    since: datetime | None = None
    is_told: bool = False
    day: int | None = None
    month: int | None = None
    refused: tuple[Refusal, ...] = ()

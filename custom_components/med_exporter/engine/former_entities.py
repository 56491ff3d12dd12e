"""What showed the readings of a device before."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  # the codec reads annotations
from dataclasses import field

from .lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerEntities:
    """What showed the readings of a device before others took its place.

    Attributes:
        until: UTC seconds, not included.
        entities: as those of a `JobDevice`.
        hours: as those of a `JobDevice`.

    """

    until: float
    entities: Mapping[str, str]
    hours: Mapping[str, str] = field(default_factory=dict)

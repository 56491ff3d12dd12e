"""What is believed of the counters of one reading."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from ..lazy_dataclass import dataclass

if TYPE_CHECKING:
    from .move import Doubt, Move
    from .reading import Reason


@dataclass(kw_only=True, slots=True)
class Verdict:
    """What is believed of a reading: `good` are the moves of the counters that are.

    `jumped` are those that a second reading has confirmed, `left` those of them that had leapt or
    fallen, `fresh` what can have passed at most, in mWh, since those that have moved were doubted,
    `grown` those that have counted much at once, `returned` those that are again where they had
    been, `over` those whose period is a new one by the plug's own clock, `anew` all of these;
    `ahead` are those that say more than is confirmed; `taken_back` are doubts that turned out
    false, `untrue` what is good but has counted nothing, by reason; `is_told` says whether the
    energy is known up to this reading.
    """

    good: dict[str, Move] = field(default_factory=dict)
    jumped: set[str] = field(default_factory=set)
    fresh: dict[str, int] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)
    grown: set[str] = field(default_factory=set)
    returned: set[str] = field(default_factory=set)
    over: set[str] = field(default_factory=set)
    anew: set[str] = field(default_factory=set)
    ahead: dict[str, Move] = field(default_factory=dict)
    taken_back: list[tuple[str, Doubt]] = field(default_factory=list)
    untrue: dict[str, Reason] = field(default_factory=dict)
    is_told: bool = False

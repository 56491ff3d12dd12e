"""What a coordinator polls, and how it stands."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from ..engine.lazy_dataclass import dataclass

if TYPE_CHECKING:
    from ..sources.kasa import KasaHost
    from ..sources.plug import PlugSample
    from .counter import EnergyCounter


@dataclass(kw_only=True, slots=True)
class PlugState:
    """A plug as it stands: the latest reading, None while it does not answer, and its counter.

    `ticks` is when it was read last, by a clock that only goes on; `logged` are the refusals that
    the log has told already, by counter and reason. After a time in which nobody read it, a counter
    `is_known` once it is believed what was used meanwhile.
    """

    sample: PlugSample | None = None
    counter: EnergyCounter
    ticks: float | None = None
    logged: set[tuple[str, str]] = field(default_factory=set)
    is_known: bool = False

    def passed(self, ticks: float) -> float | None:
        """Return the seconds since it was read before, None before its first reading."""
        return None if self.ticks is None else max(0.0, ticks - self.ticks)


class PolledHost:
    """A host under the coordinator's care."""

    def __init__(self, mac: str, link: KasaHost, plug_ids: list[str]) -> None:
        self.mac = mac
        self.link = link
        self.plug_ids = plug_ids
        self.answering = True
        self.refuses_login = False
        self.busy = False
        self.due_at = 0.0
        self.searched_at = float("-inf")
        self.asked = 0
        self.answered = 0

"""Plugs of 1 kW, and what is done to each: readings that are not so, silence, restarts."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tests.plug_emulator import EmulatedPlug
from tests.plug_emulator.smart import EmulatedSmartPlug

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .house import House, Plug

    type Work = Callable[[], Awaitable[object] | None]
    type Total = float | Callable[[float], float]

PARIS = ZoneInfo("Europe/Paris")
SINCE = datetime(2026, 11, 1, tzinfo=PARIS)
_EMETER = {("emeter", name) for name in ("get_realtime", "get_daystat", "get_monthstat")}
_TOTAL = 500_010
# By a rounding, by more, and to and fro.
_STEPS_BACK = (
    (_TOTAL, _TOTAL - 1),
    (_TOTAL, _TOTAL - 10),
    (_TOTAL, _TOTAL - 1, _TOTAL, _TOTAL - 1, _TOTAL),
)


def _truly(wh: float) -> float:
    return wh


_FALSE_TOTALS: dict[str, tuple[Total, ...]] = {
    "a total of zero, once": (0.0, _truly),
    "a total of zero, four times": (0.0, 0.0, 0.0, 0.0, _truly),
    "a spike of 900 MWh, once": (9e8, _truly),
    "three spikes, each another": (9e8, 3e9, 7.5e8, _truly),
    "a spike of 3 kWh, more than a socket passes": (lambda wh: wh + 3000, _truly),
}


@dataclass
class Case:
    """A plug, what is done to it, and how that ends. Its place is its metering point's name."""

    what: str
    plug: Plug
    press: Work
    ease: Work


def cases_for(here: House) -> list[Case]:
    """Return what can be done to the plugs of a house, each to one of its own."""
    made = _Cases(here)
    for steps in _STEPS_BACK:
        told = ", ".join(f"{one / 1000:.3f}" for one in steps)
        plug = made.add_totals(f"total {told}", *steps)
        plug.set_load(0)
        _misread(plug, _TOTAL)
    for what, totals in _FALSE_TOTALS.items():
        made.add_totals(what, *totals)
    made.add_refusal("energy queries fail while it answers", *_EMETER)
    made.add_refusal("the total's query alone fails", ("emeter", "get_realtime"))
    for times in (1, 2, 3):
        made.add_restarts(times)
    made.add_removal()
    plug = made.older("silent")
    made.add("says nothing, then all at once", plug, plug.silence, plug.heal)
    plug = made.older()
    made.add("each answer is three seconds late", plug, lambda: plug.slow(3), plug.heal)
    made.add_limit()
    made.add_newer()
    return made.cases


class _Cases:
    def __init__(self, here: House) -> None:
        self.cases: list[Case] = []
        self._here = here

    def older(self, name: str = "") -> EmulatedPlug:
        number = len(self.cases)
        return EmulatedPlug(
            mac=f"50:C7:BF:00:0A:{number:02X}", alias=name or f"Plug {number}", load=1000.0,
            clock=self._here.clock, timezone=PARIS, installed_at=SINCE,
        )  # fmt: skip

    def add(self, what: str, plug: Plug, press: Work, ease: Work = lambda: None) -> None:
        self.cases.append(Case(what, plug, press, ease))

    def add_totals(self, what: str, *totals: Total) -> EmulatedPlug:
        plug = self.older()
        self.add(what, plug, lambda: _misread(plug, *totals))
        return plug

    def add_refusal(self, what: str, *commands: tuple[str, str]) -> None:
        plug = self.older()
        self.add(what, plug, lambda: plug.refused.update(commands), plug.refused.clear)

    def add_restarts(self, times: int) -> None:
        plug = self.older()

        def reboot() -> None:
            for _ in range(times):
                plug.reboot()

        self.add(f"restarts between two polls: {times}", plug, reboot)

    def add_removal(self) -> None:
        plug, pdl = self.older(), f"p{len(self.cases)}"

        async def swap() -> None:
            await self._here.remove(pdl)
            await asyncio.sleep(5)
            await self._here.add(pdl, plug)

        self.add("removed and added again", plug, swap)

    def add_limit(self) -> None:
        plug = self.older()

        def wrap() -> None:
            top = plug.outlet.total_wh + 4
            plug.outlet.misreads = lambda wh: wh % top

        self.add("the total begins again at its limit", plug, wrap)

    def add_newer(self) -> None:
        plug = EmulatedSmartPlug(
            host="127.0.81.1", mac="5C:62:8B:81:00:01", alias="Newer", load=1000.0,
            clock=self._here.clock, timezone=PARIS, installed_at=SINCE,
        )  # fmt: skip
        queries = {"get_energy_usage", "get_emeter_data"}
        self.add("a newer plug whose energy queries fail", plug,
                 lambda: plug.refused.update(queries), plug.refused.clear)  # fmt: skip


def _misread(plug: EmulatedPlug, *totals: Total) -> None:
    """Show these totals in turn, in Wh or made of the true one; the last one from then on."""
    left = list(totals)

    def shown(wh: float) -> float:
        total = left.pop(0) if len(left) > 1 else left[0]
        return total(wh) if callable(total) else total

    plug.outlet.misreads = shown

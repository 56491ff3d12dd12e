"""What newer plugs of odd firmwares tell of their past: never more than the truth is counted."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.plug_emulator.smart import EmulatedSmartPlug, EnergyHistory

from .histories import add_firmwares, until_booked
from .house import house, plug_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.plug_emulator.clock import Clock
    from tests.plug_emulator.outlet import Outlet

    from .house import House
    from .table import Table

    type Told = dict[str, Any]
    type Change = Callable[[Told, int], Told | None]

PARIS = ZoneInfo("Europe/Paris")
_HOURS, _DAYS, _MONTHS = 60, 1440, 43200


@dataclass(kw_only=True)
class _Odd(EnergyHistory):
    """Answers something else than it would: what is changed, of which intervals."""

    change: Change
    of: tuple[int, ...] = (_HOURS, _DAYS, _MONTHS)
    asked: int = 0

    def answer(self, outlet: Outlet, clock: Clock, params: Told) -> Told | None:
        """Return the answer, changed; what changes it is told how often it was asked."""
        told = super().answer(outlet, clock, params)
        if told is None or params["interval"] not in self.of:
            return told
        self.asked += 1
        return self.change(told, self.asked)


def _data(change: Callable[[list[Any]], Any]) -> Change:
    return lambda told, _: {**told, "data": change(told["data"])}


def _moved(key: str, seconds: int) -> Change:
    return lambda told, _: {**told, key: told[key] + seconds}


def _spiked(place: int, wh: int) -> Change:
    return _data(lambda data: [wh if at == place and one else one for at, one in enumerate(data)])


@dataclass(kw_only=True)
class _HoursAlone(EnergyHistory):
    """Answers with hours whatever it was asked for."""

    def answer(self, outlet: Outlet, clock: Clock, params: Told) -> Told | None:
        """Return hours, and say nothing of their length."""
        told = super().answer(outlet, clock, {**params, "interval": _HOURS})
        assert told is not None
        del told["interval"]
        return told


# Whether all of its past is known, to the rounding of a day.
FIRMWARES: dict[str, tuple[EnergyHistory, bool]] = {
    "hours in another unit": (_Odd(change=_data(lambda d: [1000 * x for x in d]), of=(60,)), True),
    "hours a tenth": (_Odd(change=_data(lambda d: [x / 10 for x in d]), of=(60,)), True),
    "hours begin an hour late": (_Odd(change=_moved("start_timestamp", 3600), of=(60,)), True),
    "hours begin two hours early": (_Odd(change=_moved("start_timestamp", -7200), of=(60,)), True),
    "one bucket more than asked": (_Odd(change=_data(lambda d: [*d, 55])), True),
    "its data is a text": (_Odd(change=lambda t, _: {**t, "data": "987654321" * 9}), False),
    "its data has names": (
        _Odd(change=_data(lambda d: {str(at): one for at, one in enumerate(d)})), False),
    "an hour of 60 kWh, no days": (
        _Odd(change=_spiked(40, 60_000), of=(60,), intervals=(60,)), False),
    "a day of 500 kWh, no months": (
        _Odd(change=_spiked(30, 500_000), of=(1440,), intervals=(1440,)), False),
    "days and hours of 500 kWh": (_Odd(change=_spiked(30, 500_000), of=(60, 1440)), False),
    "a month of 9 MWh alone": (
        _Odd(change=_data(lambda d: [9_000_000 * bool(x) for x in d]), intervals=(43200,)), False),
    "hours whatever is asked": (_HoursAlone(), False),
    "answers nothing, as if it were all": (
        _Odd(change=_data(lambda d: [0] * len(d))), False),
    "refuses hours from the third question on": (
        _Odd(change=lambda told, asked: told if asked < 3 else None, of=(60,)), True),
    # The first day's energy has the month alone, and may lie before it.
    "refuses days alone": (EnergyHistory(intervals=(60, 43200)), False),
}  # fmt: skip


async def press_firmwares(table: Table, folder: Path) -> None:
    """Add a plug of each firmware, and compare each day of its past with the truth."""
    now = datetime(2026, 11, 20, 12, 40, tzinfo=PARIS)
    installed_at = datetime(2026, 10, 15, tzinfo=PARIS)
    async with house(folder, now) as here, AsyncExitStack() as stack:
        histories = {what: history for what, (history, _) in FIRMWARES.items()}
        plugs = await add_firmwares(here, stack, histories, installed_at, letter="f", net=88)
        first, last = installed_at.date(), (now - timedelta(days=1)).date()
        known = [plug for plug in plugs.values() if FIRMWARES[plug.alias][1]]
        await until_booked(here, known, first, last)
        await here.push()
        for (pdl, plug), (_, is_known) in zip(plugs.items(), FIRMWARES.values(), strict=True):
            await _compare(table, here, pdl, plug, is_known=is_known)
        here.look_at_log(table, "firmwares")


async def _compare(
    table: Table, here: House, pdl: str, plug: EmulatedSmartPlug, *, is_known: bool
) -> None:
    outlet = plug.outlets[0]
    first = outlet.installed_at.astimezone(PARIS).date()
    last = here.clock().astimezone(PARIS).date() - timedelta(days=1)
    used = outlet.energy_between(*here.bounds(first, last))
    booked = here.ledger(plug, first, last)
    hours = await here.statistics(f"med_exporter:consumption_{pdl}", first, last)
    sent = [kwh for day, kwh in here.heard(pdl, "daily").items() if str(first) <= day <= str(last)]
    table.add(
        f"{plug.alias} ({len(plug.received)} questions): its past, {used:.3f} kWh",
        used if is_known else booked, ledger=booked, statistics=sum(hours.values()),
        file=await here.file_kwh(plug, first, last), mqtt=sum(sent), within=0.1,
    )  # fmt: skip
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    most = max(here.ledger(plug, day) - outlet.energy_between(*here.bounds(day)) for day in days)
    table.say(f"{plug.alias}: no day has more than was used ({most:+.3f})", True, most < 0.03)
    start, end = (int(one.timestamp()) for one in here.bounds(first, last))
    quarters = here.quarters(plug)
    worst = max(
        abs(sum(quarters.get(at + 900 * number, 0.0) for number in range(4))
            - outlet.energy_between(
                datetime.fromtimestamp(at, PARIS), datetime.fromtimestamp(at + 3600, PARIS)))
        for at in range(start, end, 3600)
        if any(at + 900 * number in quarters for number in range(4))
    ) if any(start <= at < end for at in quarters) else 0.0  # fmt: skip
    await here.file(first, last, devices=[plug_id(plug)], aggregation="hourly")
    says_so = any(one["code"] == "ESTIMATED" for one in here.last_file.get("warnings", []))
    told = "a file by the hour says that it estimates, or none is off"
    table.say(f"{plug.alias}: {told} ({worst:.3f})", True, says_so or worst < 0.0011)

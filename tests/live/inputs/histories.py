"""What newer plugs tell of their own past: hours where they have them, and else what they have."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.live.conftest import until
from tests.plug_emulator import Fridge
from tests.plug_emulator.smart import NO_HISTORY, EmulatedSmartPlug, EnergyHistory

from .house import connected, house, plug_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date
    from pathlib import Path

    from .house import House
    from .table import Table

PARIS = ZoneInfo("Europe/Paris")
_DAYS = 30
_METHOD = "get_energy_data"
# What each firmware tells, and whether its past is in the ledger without an estimate.
FIRMWARES: dict[str, tuple[EnergyHistory, str]] = {
    "tells all that is asked": (EnergyHistory(), "hours"),
    "falls short: 100 hours an answer": (EnergyHistory(most=100), "hours"),
    # The last hour of the day on which clocks go back is not told.
    "falls short: 24 hours an answer": (EnergyHistory(most=24), "hours of most days"),
    "falls short within the day: 30 hours": (EnergyHistory(most=30), "hours"),
    "an answer's end is its start": (EnergyHistory(end_is_start=True), "hours"),
    "tells days alone": (EnergyHistory(intervals=(1440,)), "days"),
    "tells days and months, no hours": (EnergyHistory(intervals=(1440, 43200)), "days"),
    "refuses": (NO_HISTORY, "nothing"),
}


async def press_histories(table: Table, folder: Path) -> None:
    """Add a plug of each firmware, and compare each hour and day of its past with the truth."""
    now = datetime(2026, 11, 20, 12, 40, tzinfo=PARIS)
    installed_at = datetime(2026, 10, 21, tzinfo=PARIS)
    async with house(folder, now) as here, AsyncExitStack() as stack:
        histories = {what: history for what, (history, _) in FIRMWARES.items()}
        plugs = await add_firmwares(here, stack, histories, installed_at, letter="h", net=84)
        first, last = installed_at.date(), (now - timedelta(days=1)).date()
        telling = [plug for plug in plugs.values() if FIRMWARES[plug.alias][1] != "nothing"]
        await until_booked(here, telling, first, last)
        await here.push()
        for (pdl, plug), (_, told) in zip(plugs.items(), FIRMWARES.values(), strict=True):
            await _compare(table, here, pdl, plug, told)
        here.look_at_log(table, "histories")


async def add_firmwares(
    here: House,
    stack: AsyncExitStack,
    histories: Mapping[str, EnergyHistory],
    installed_at: datetime,
    *,
    letter: str,
    net: int,
) -> dict[str, EmulatedSmartPlug]:
    """Add a plug of each firmware, to a metering point of its own; return them by its id."""
    plugs: dict[str, EmulatedSmartPlug] = {}
    for number, (what, history) in enumerate(histories.items(), 1):
        plug = plugs[f"{letter}{number}"] = EmulatedSmartPlug(
            host=f"127.0.{net}.{number}", mac=f"5C:62:8B:{net}:00:{number:02X}", alias=what,
            load=Fridge(), clock=here.clock, timezone=PARIS, installed_at=installed_at,
            history=history,
        )  # fmt: skip
        await stack.enter_async_context(connected(plug))
        await here.add(f"{letter}{number}", plug)
    await here.are_read([*plugs.values()])
    return plugs


async def until_booked(
    here: House, plugs: Iterable[EmulatedSmartPlug], first: date, last: date
) -> None:
    """Wait until the ledger has some of what each plug tells of its past."""

    async def is_there() -> bool:
        return all(here.ledger(plug, first, last) for plug in plugs)

    await until(is_there, 120)


async def _compare(table: Table, here: House, pdl: str, plug: EmulatedSmartPlug, told: str) -> None:
    start, end = here.bounds(
        plug.outlets[0].installed_at.astimezone(PARIS).date(),
        (here.clock().astimezone(PARIS) - timedelta(days=1)).date(),
    )
    first, last = start.date(), (end - timedelta(days=1)).date()
    outlet = plug.outlets[0]
    used = outlet.energy_between(start, end) if told != "nothing" else 0.0
    asked: list[dict[str, Any]] = [one for one in plug.received if _METHOD in str(one)]
    table.say(f"{plug.alias}: is asked for {_METHOD}", True, bool(asked))
    hours = await here.statistics(f"med_exporter:consumption_{pdl}", first, last)
    rows = await here.file(first, last, devices=[plug_id(plug)])
    await here.file(first, last, devices=[plug_id(plug)], aggregation="hourly")
    estimated = [one for one in here.last_file.get("warnings", []) if one["code"] == "ESTIMATED"]
    sent = [kwh for day, kwh in here.heard(pdl, "daily").items() if str(first) <= day <= str(last)]
    table.add(
        f"{plug.alias} ({len(asked)} questions): its past of {_DAYS} days", used,
        ledger=here.ledger(plug, first, last), statistics=sum(hours.values()),
        file=sum(row["energy_kwh"] or 0 for row in rows), mqtt=sum(sent), within=0.4,
    )  # fmt: skip
    quarters = here.quarters(plug)
    errors = [
        abs(sum(quarters.get(int(at) + 900 * n, 0.0) for n in range(4))
            - outlet.energy_between(
                datetime.fromtimestamp(at, PARIS), datetime.fromtimestamp(at + 3600, PARIS)))
        for at in range(int(start.timestamp()), int(end.timestamp()), 3600)
    ]  # fmt: skip
    if told == "hours":
        table.add(f"{plug.alias}: the worst hour is off by", 0.0, ledger=max(errors), within=0.0011)
    what = f"{plug.alias}: a file by the hour says that it estimates"
    table.say(what, told in ("days", "hours of most days"), bool(estimated))

"""What users do with entities in Home Assistant: files of what is over do not change by it."""

from __future__ import annotations

import hashlib
import json
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.live.conftest import until
from tests.plug_emulator import EmulatedPlug

from .house import connected, house, plug_id

if TYPE_CHECKING:
    from pathlib import Path

    from .house import House
    from .table import Table

PARIS = ZoneInfo("Europe/Paris")
_FORMS = {
    "raw": {"aggregation": "raw"},
    "hourly": {"aggregation": "hourly"},
    "daily": {"aggregation": "daily"},
    "costs": {"export_type": "cost_analysis", "grouping": "daily", "aggregation": None},
}
_RECORDER = {"commit_interval": 1, "purge_keep_days": 400}


async def press_settings(table: Table, folder: Path) -> None:
    """Change what a plug's entities are shown as, one after the other, and make the same files."""
    now = datetime(2026, 11, 20, 12, 40, tzinfo=PARIS)
    async with house(folder, now) as here, AsyncExitStack() as stack:
        plug = EmulatedPlug(
            mac="50:C7:BF:00:0F:01", alias="Heater", load=1000.0, clock=here.clock, timezone=PARIS,
            installed_at=now - timedelta(days=109),
        )  # fmt: skip
        await stack.enter_async_context(connected(plug))
        await here.add("u1", plug)
        await here.home.options_flow(
            here.entries["u1"],
            {"next_step_id": "contracts"},
            {"next_step_id": "add_contract"},
            {"valid_from": "2020-01-01", "kind": "flat", "standing_charge": 0},
            {"price": 0.25},
        )
        begun = here.clock()
        await here.are_read([plug], 5)
        over = here.clock() - timedelta(seconds=3)
        # What is compared is over: its quarter-hour is booked, and closed.
        await here.sleep_off(now + timedelta(minutes=40))
        await here.are_read([plug], 3)
        await here.push()
        before = await _files(here, plug, begun, over)
        for name, changes in _changes(here, plug).items():
            since = here.clock()
            for key, change in changes:
                ids = await here.home.entity_ids()
                await here.home.command(
                    "config/entity_registry/update",
                    entity_id=ids[f"{plug_id(plug)}_{key}"], **change,
                )  # fmt: skip
            # Where states stay that were left behind is looked up in the background.
            await here.are_read([plug])
            await _compare(table, here, plug, name, before, begun, over)
            await here.are_read([plug], 4)
            await _look_at_units(table, here, plug, name, since)
        for how, excluded in (await _exclusions(here, plug)).items():
            await _exclude(table, here, plug, before, begun, over, how, excluded)
        here.look_at_log(table, "settings")


def _changes(here: House, plug: EmulatedPlug) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    def unit(value: str | None) -> dict[str, Any]:
        return {"options_domain": "sensor", "options": {"unit_of_measurement": value}}

    return {
        "energy in Wh, power in kW": [
            ("energy", unit("Wh")), ("energy_today", unit("Wh")), ("power", unit("kW")),
        ],
        "energy in GJ, power in MW": [("energy", unit("GJ")), ("power", unit("MW"))],
        "units as they were": [
            ("energy", unit("kWh")), ("energy_today", unit("kWh")), ("power", unit("W")),
        ],
        "renamed": [
            ("energy", {"new_entity_id": "sensor.something_else", "name": "Something else"}),
            ("power", {"new_entity_id": "sensor.watts"}),
        ],
        "ids swapped": [
            ("energy", {"new_entity_id": "sensor.between"}),
            ("power", {"new_entity_id": "sensor.something_else"}),
            ("energy", {"new_entity_id": "sensor.watts"}),
        ],
        "ids swapped back": [
            ("energy", {"new_entity_id": "sensor.between_again"}),
            ("power", {"new_entity_id": "sensor.watts"}),
            ("energy", {"new_entity_id": "sensor.something_else"}),
        ],
        "hidden": [("energy", {"hidden_by": "user"}), ("power", {"hidden_by": "user"})],
        "power disabled": [("power", {"disabled_by": "user"})],
        "energy disabled": [("energy", {"disabled_by": "user"})],
    }  # fmt: skip


async def _files(
    here: House, plug: EmulatedPlug, begun: datetime, over: datetime
) -> dict[str, bytes]:
    found = {}
    for name, order in _FORMS.items():
        spans = {"lived": (begun, over), "days": (begun - timedelta(days=3), over)}
        for span, (start, end) in spans.items():
            if name == "costs" and span == "lived":
                continue
            stretch = {
                "start": start.isoformat(timespec="seconds"),
                "end": end.isoformat(timespec="seconds"),
            }
            if name == "costs":
                days = [one.astimezone(PARIS).date() for one in (start, end - timedelta(days=1))]
                stretch = {"start": str(days[0]), "end": str(days[1])}
            asked = {"devices": [plug_id(plug)], "date_range": stretch, **order}
            found[f"{name}, {span}"] = await here.file(over.date(), form="csv", **asked)
    return found


async def _compare(
    table: Table, here: House, plug: EmulatedPlug, what: str, before: dict[str, bytes],
    begun: datetime, over: datetime,
) -> None:  # fmt: skip
    after = await _files(here, plug, begun, over)
    for name, content in before.items():
        digests = [hashlib.sha256(one).hexdigest()[:12] for one in (content, after[name])]
        lines = content.count(b"\n")
        table.say(f"{what}: {name} ({lines} lines)", digests[0], digests[1])


async def _look_at_units(
    table: Table, here: House, plug: EmulatedPlug, what: str, since: datetime
) -> None:
    """Look whether what was recorded since is in the columns' units, or named where it is not."""
    stretch = {
        "start": since.isoformat(timespec="seconds"),
        "end": here.clock().isoformat(timespec="seconds"),
    }
    rows = await here.file(
        since.date(), date_range=stretch, devices=[plug_id(plug)], aggregation="raw"
    )
    codes = sorted({one["code"] for one in here.last_file.get("warnings", [])})
    powers = sorted({row["power_w"] for row in rows if row["power_w"] is not None})
    totals = [row["energy_total_kwh"] for row in rows if row["energy_total_kwh"] is not None]
    table.add(
        f"{what}: powers {powers} W, warnings {codes}; the last total",
        plug.total_kwh,
        file=totals[-1] if totals else (plug.total_kwh if codes else None),
        within=0.012,
    )


async def _exclusions(here: House, plug: EmulatedPlug) -> dict[str, dict[str, list[str]]]:
    """Let the plug's entities be recorded again, and return the ways to leave them all out."""
    ids = await here.home.entity_ids()
    own = [ids[f"{plug_id(plug)}_{key}"] for key in ("energy", "power", "voltage", "current")]
    for entity_id in own[:2]:
        await here.home.command(
            "config/entity_registry/update", entity_id=entity_id, disabled_by=None
        )
    return {
        "excluded by the recorder": {"entities": own},
        "excluded by globs": {"entity_globs": [f"{one[:-3]}*" for one in own]},
        "excluded by their domain": {"domains": ["sensor"]},
    }


async def _exclude(
    table: Table, here: House, plug: EmulatedPlug, before: dict[str, bytes],
    begun: datetime, over: datetime, how: str, excluded: dict[str, list[str]],
) -> None:  # fmt: skip
    """Let the recorder leave out all entities of the plug, from a restart on."""
    path = here.home.folder / "configuration.yaml"
    configuration = json.loads(path.read_text())
    configuration["recorder"] = {**_RECORDER, "exclude": excluded}
    path.write_text(json.dumps(configuration))
    await here.sleep_off(here.clock() + timedelta(hours=2))
    plug.set_load(1000.0)
    since = here.clock()
    await here.are_read([plug], 3)
    await _compare(table, here, plug, how, before, begun, over)
    plug.set_load(0)
    await here.are_read([plug], 3)
    midnight = here.clock().astimezone(PARIS).replace(hour=0, minute=0, second=0, microsecond=0)
    day = midnight.date()
    used = plug.energy_between(midnight, here.clock())

    async def is_booked() -> bool:
        return here.ledger(plug, day) > used - 0.012

    await until(is_booked, 180)
    kwh = await here.file_kwh(plug, day)
    codes = sorted({one["code"] for one in here.last_file.get("warnings", [])})
    table.add(
        f"{how}: the day, warnings {codes}",
        used, ledger=here.ledger(plug, day), file=kwh,
        entity=(await here.of_point("u1", "consumption_daily"))[0], within=0.012,
    )  # fmt: skip
    stretch = {one: at.isoformat() for one, at in (("start", since), ("end", here.clock()))}
    await here.file(day, date_range=stretch, devices=[plug_id(plug)], aggregation="raw")
    codes = sorted({one["code"] for one in here.last_file.get("warnings", [])})
    table.say(f"{how}: {codes} name what is missing", True, bool(codes))

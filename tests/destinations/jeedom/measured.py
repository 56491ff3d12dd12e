"""Energy and colours for a Jeedom, and what becomes of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.base import DestinationError, Outcome
from custom_components.med_exporter.destinations.jeedom import destination as jeedom_module
from custom_components.med_exporter.destinations.jeedom.destination import JeedomDestination
from custom_components.med_exporter.destinations.jeedom.rpc import JeedomRpc
from custom_components.med_exporter.destinations.measurements import (
    Energy,
    Grain,
    Measurement,
    PointName,
    TempoDay,
)
from tests.jeedom_server import VIRTUAL_KEY, Jeedom
from tests.measurements import pages_of

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from custom_components.med_exporter.sources.tempo_calendar import TempoColour


PARIS = ZoneInfo("Europe/Paris")
PDL = "12345678901234"
HOUSE = PointName(pdl=PDL, slug=PDL, name="House [blue] & garden")
BARN = PointName(pdl="barn-2", slug="barn_2", name="Barn")
NOW = datetime(2026, 11, 20, 13, 30, 15, tzinfo=UTC)
NAMES = {data_type: f"Name of {data_type}" for data_type in DataType}


def destination_at(
    jeedom: Jeedom,
    session: ClientSession,
    key: str = VIRTUAL_KEY,
    *,
    home: str = "home-1",
    parent: str | None = None,
) -> JeedomDestination:
    rpc = JeedomRpc(session, jeedom.url, key, "virtual")
    return JeedomDestination(rpc, "virtual", NAMES, home=home, parent=parent)


def day(
    number: int,
    kwh: float,
    data_type: DataType = DataType.CONSUMPTION_DAILY,
    point: PointName = HOUSE,
) -> Energy:
    """Return the energy of a closed day, so many days before the test's one."""
    start = datetime(2026, 11, 20, tzinfo=PARIS) - timedelta(days=number)
    end = start + timedelta(days=1)
    return Energy(
        data_type=data_type,
        point=point,
        grain=Grain.DAILY,
        start=start,
        end=end,
        closed=True,
        timestamp=end.astimezone(UTC),
        kwh=kwh,
    )


def running(kwh: float, data_type: DataType = DataType.CONSUMPTION_DAILY) -> Energy:
    """Return the energy of the running day."""
    return Energy(
        data_type=data_type,
        point=HOUSE,
        grain=Grain.DAILY,
        start=datetime(2026, 11, 20, tzinfo=PARIS),
        end=NOW.astimezone(PARIS),
        closed=False,
        timestamp=NOW,
        kwh=kwh,
    )


def half_hour(start: datetime, kwh: float) -> Energy:
    """Return the energy of a closed half-hour that starts at a UTC time."""
    end = start + timedelta(minutes=30)
    return Energy(
        data_type=DataType.CONSUMPTION_DETAILED,
        point=HOUSE,
        grain=Grain.HALF_HOURLY,
        start=start.astimezone(PARIS),
        end=end.astimezone(PARIS),
        closed=True,
        timestamp=end,
        kwh=kwh,
    )


def tempo(number: int, colour: TempoColour) -> TempoDay:
    """Return the colour of a day, so many days before the test's one; that one is current."""
    start = datetime(2026, 11, 20, tzinfo=PARIS) - timedelta(days=number)
    return TempoDay(
        data_type=DataType.TEMPO,
        point=HOUSE,
        grain=Grain.DAILY,
        start=start,
        end=start + timedelta(days=1),
        closed=number > 0,
        timestamp=NOW,
        colour=colour,
    )


async def push(
    destination: JeedomDestination,
    *measurements: Measurement,
    settled: list[tuple[Measurement, Outcome]] | None = None,
) -> list[tuple[Measurement, Outcome]]:
    """Push a series, and return what became of each value."""
    settled = [] if settled is None else settled
    await destination.async_push(
        pages_of(measurements), lambda one, outcome: settled.append((one, outcome))
    )
    return settled


async def error_of(destination: JeedomDestination, *measurements: Measurement) -> DestinationError:
    with pytest.raises(DestinationError) as caught:
        await push(destination, *measurements)
    assert VIRTUAL_KEY not in words(caught.value)
    return caught.value


def words(error: DestinationError) -> str:
    """Return what the user reads, in both languages."""
    folder = Path(jeedom_module.__file__).parents[2] / "translations"
    return "\n".join(
        json.loads((folder / f"{language}.json").read_text())["exceptions"][error.key][
            "message"
        ].format(**(error.translation_placeholders or {}))
        for language in ("en", "fr")
    )

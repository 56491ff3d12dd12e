"""Tempo and EcoWatt: a server that speaks as RTE documents it, and what the integration reads."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from tests.grid_server import (
    CLIENT_ID,
    CLIENT_SECRET,
    gateway_signal,
    rte_signal,
    running_grid_server,
)

from .household import PARIS
from .installation import DOMAIN
from .output import DemoError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator
    from datetime import date

    from tests.grid_server import GridServer
    from tests.real_home import RealHome

_SERVERS: Final = ("rte", "services_rte", "couleur_tempo", "gateway", "open_dpe")
# As the contract has it: red from November to March on workdays, white on any day but Sunday.
_RED_DAYS: Final = 22
_WHITE_DAYS: Final = 43
_KEYS: Final = (
    "tempo_color",
    "tempo_color_tomorrow",
    "ecowatt_level",
    "tempo_blue_days_left",
    "tempo_white_days_left",
    "tempo_red_days_left",
    "tempo_forecast",
)
_READ_SECONDS: Final = 30
_AHEAD: Final = timedelta(days=6)
_FRENCH: Final = {"BLUE": "bleu", "WHITE": "blanc", "RED": "rouge"}


@asynccontextmanager
async def open_grid(first_day: date) -> AsyncGenerator[GridServer]:
    """Run a server that knows all colours from the season of `first_day` until tomorrow."""
    today = datetime.now(PARIS).date()
    tomorrow = today + timedelta(days=1)
    async with running_grid_server() as server:
        for year in range(_season(first_day), _season(tomorrow) + 1):
            colours = season_colours(year)
            server.colours |= {day: colours[day] for day in colours if day <= tomorrow}
            server.forecast += [
                {"date": str(day), "couleur": _FRENCH[colours[day]], "probability": 0.8}
                for day in colours
                if tomorrow < day <= tomorrow + _AHEAD
            ]
        server.signals = [rte_signal(today), rte_signal(tomorrow, 2, "Système tendu.")]
        server.gateway_signals = {str(today): gateway_signal(today)}
        yield server


def season_colours(year: int) -> dict[date, str]:
    """Return the colour of each day of the season that begins on 1 September of a year."""
    first = datetime(year, 9, 1, tzinfo=PARIS).date()
    days = [first + timedelta(days=number) for number in range(366)]
    days = [day for day in days if _season(day) == year]
    colours = dict.fromkeys(days, "BLUE")
    cold = [day for day in days if day.month in (11, 12, 1, 2, 3) and day.weekday() < 5]
    colours |= dict.fromkeys(_spread(cold, _RED_DAYS), "RED")
    rest = [day for day in days if colours[day] == "BLUE" and day.weekday() < 6]
    return colours | dict.fromkeys(_spread(rest, _WHITE_DAYS), "WHITE")


async def add_grid(home: RealHome, server: GridServer) -> str:
    """Add Tempo and EcoWatt, with an account at this server; return the entry's id.

    Raises FlowError.
    """
    entry = await home.flow(
        DOMAIN,
        {"next_step_id": "grid"},
        {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "addresses": dict.fromkeys(_SERVERS, server.address),
        },
    )
    return str(entry["entry_id"])


async def read_grid(home: RealHome, entry_id: str) -> dict[str, str]:
    """Return the state of each sensor of the grid by its key, once today's colour is known.

    Raises DemoError where it is not in time.
    """
    registered = await home.entity_ids(DOMAIN)
    ids = {key: registered[f"{entry_id}_{key}"] for key in _KEYS}
    for _ in range(_READ_SECONDS * 5):
        states = await home.states()
        found = {key: str(states[ids[key]]["state"]) for key in _KEYS}
        if found["tempo_color"] not in ("unknown", "unavailable"):
            return found
        await asyncio.sleep(0.2)
    raise DemoError(f"the colour of today is not known: {found}")


def mistakes_in(states: dict[str, str], server: GridServer) -> list[str]:
    """Return which sensors say something else than the server did."""
    today = datetime.now(PARIS).date()
    tomorrow = today + timedelta(days=1)
    expected = {
        "tempo_color": {server.colours[today].lower()},
        # RTE announces it in the morning.
        "tempo_color_tomorrow": {server.colours[tomorrow].lower(), "unknown"},
        "ecowatt_level": {"1"},
    }
    return [
        f"{key} is {states[key]}, not {' or '.join(sorted(wanted))}"
        for key, wanted in expected.items()
        if states[key] not in wanted
    ]


def _season(day: date) -> int:
    return day.year if day.month >= 9 else day.year - 1


def _spread(days: list[date], count: int) -> Iterator[date]:
    """Choose days at even distances."""
    return (days[(2 * number + 1) * len(days) // (2 * count)] for number in range(count))

"""What the tests of the grid's runtime share."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import TYPE_CHECKING

from custom_components.med_exporter.grid.coordinator import GridCoordinator
from custom_components.med_exporter.sources.tempo_calendar import PARIS, TempoColour
from tests.grid_server import TEMPO_SERVICES, GridServer

if TYPE_CHECKING:
    import pytest

BLUE, WHITE, RED = TempoColour
TODAY = date(2026, 1, 15)
MORNING = datetime(2026, 1, 15, 8, 0, tzinfo=PARIS)
NAMES = ("rte", "services_rte", "couleur_tempo", "gateway", "open_dpe")

type Life = Callable[..., Awaitable[GridCoordinator]]


def paris(*when: int) -> datetime:
    return datetime(*when, tzinfo=PARIS)


def warnings(caplog: pytest.LogCaptureFixture, words: str) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING and words in record.getMessage()
    ]


def tempo_requests(server: GridServer) -> int:
    return sum(server.asked[service] for service in TEMPO_SERVICES)


async def follow(coordinator: GridCoordinator, freezer, until: datetime) -> list[datetime]:
    """Let time pass, waking when the coordinator wants to; return when it did."""
    wakes = []
    while coordinator.next_at is not None and coordinator.next_at <= until:
        freezer.move_to(coordinator.next_at)
        wakes.append(coordinator.next_at)
        await coordinator.async_refresh()
    freezer.move_to(until)
    return wakes

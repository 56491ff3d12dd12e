"""While a long past is read, a notification says how far it has come, and goes when it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from homeassistant.components import persistent_notification
from homeassistant.components.persistent_notification import UpdateType
from homeassistant.core import callback

from custom_components.med_exporter.const import PlugRole
from custom_components.med_exporter.inventory.overview import async_overview
from custom_components.med_exporter.metering.metering_point import metering_points
from custom_components.med_exporter.meters import progress

from .test_past import BEGIN, growing

if TYPE_CHECKING:
    from .conftest import Home

MONTHS = 400 * 24


@pytest.fixture
def told(home: Home) -> list[tuple[UpdateType, str]]:
    """What notifications have come and gone."""
    found: list[tuple[UpdateType, str]] = []

    def note(update: UpdateType, notifications: dict[str, dict[str, str]]) -> None:
        # Home Assistant has some of its own.
        found.extend(
            (update, one["message"])
            for name, one in notifications.items()
            if name.startswith("med_exporter_past")
        )

    persistent_notification.async_register_callback(home.hass, note)
    found.clear()
    return found


async def add_long(home: Home):
    begin = BEGIN.replace(year=2025, month=10)
    for name in ("sensor.grid", "sensor.car"):
        await home.import_hours(name, begin, growing(1, MONTHS))
    return await home.add(
        grid=("sensor.grid", PlugRole.CONSUMPTION), car=("sensor.car", PlugRole.CONSUMPTION)
    )


async def test_it_comes_forward_and_goes(
    home: Home, told: list[tuple[UpdateType, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_TOLD_AFTER", 0)
    in_panel: list[int | None] = []

    @callback
    def look(_: UpdateType, notifications: dict[str, dict[str, str]]) -> None:
        if any(name.startswith("med_exporter_past") for name in notifications):
            in_panel.extend(point.past_percent for point in metering_points(home.hass))

    persistent_notification.async_register_callback(home.hass, look)
    entry = await add_long(home)
    await home.look(entry)
    shown = [text for update, text in told if update is not UpdateType.REMOVED]
    percents = [int(text.rsplit("%", 1)[0].rsplit(" ", 1)[-1]) for text in shown]
    assert percents == sorted(set(percents))
    assert percents[-1] == 100
    assert "House" in shown[0]
    *during, after = in_panel
    assert during
    assert set(during) <= set(percents), "the page says the same"
    assert after is None
    assert told[-1][0] is UpdateType.REMOVED
    told.clear()
    await home.look(entry, whole=True)
    assert told == [], "the sensors have their values"
    (point,) = (await async_overview(home.hass, None))["points"]
    assert point["past_percent"] is None


async def test_what_is_there_at_once_needs_no_words(
    home: Home, told: list[tuple[UpdateType, str]]
) -> None:
    await home.import_hours("sensor.grid", BEGIN, growing(1))
    await home.look(await home.add(grid=("sensor.grid", PlugRole.CONSUMPTION)))
    assert told == []

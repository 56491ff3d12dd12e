"""A metering point that goes by another id is told to each destination, and all comes again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.base import DestinationError
from custom_components.med_exporter.history.records import ExportStatus
from custom_components.med_exporter.installation.pdl_change import async_change_pdl
from tests.pushing import House, plug, since
from tests.shelf import Shelf

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry


DAILY = [DataType.CONSUMPTION_DAILY]


@pytest.fixture
def house(paper_house: House) -> House:
    return paper_house


@pytest.fixture
async def point(house: House) -> ConfigEntry:
    """A metering point with a mistyped id, and a month behind it."""
    entry = house.add_point("Typo", plug(point="typo"))
    await house.use(plug(point="typo"), since(30), since(0), 0.1)
    return entry


async def rename(house: House, entry: ConfigEntry, pdl: str) -> None:
    await async_change_pdl(house.hass, entry, pdl)
    house.hass.config_entries.async_update_entry(entry, data={**entry.data, "pdl": pdl})
    house.load_point(entry)
    await house.committed()


async def test_all_is_given_again_under_the_new_id_once_the_old_one_is_done_away_with(
    house: House, point: ConfigEntry
) -> None:
    runtime = await house.add_destination(shelf := Shelf(), data=DAILY)
    await house.push(runtime)
    days = await house.days("typo")
    assert shelf.final("Typo") == pytest.approx(days)
    shelf.clear()
    await rename(house, point, "Right")
    record = await house.push(runtime)
    assert shelf.renamed == [("Typo", "Right")]
    assert shelf.final("Right") == pytest.approx(days)
    assert (record.status, record.warnings) == (ExportStatus.COMPLETED, [])
    shelf.clear()
    await house.push(runtime)
    assert (len(shelf.renamed), shelf.closed("Right")) == (1, [])


async def test_another_spelling_of_one_slug_is_another_id_to_destinations(
    house: House, point: ConfigEntry
) -> None:
    runtime = await house.add_destination(shelf := Shelf(), data=DAILY)
    await house.push(runtime)
    await rename(house, point, "TYPO")
    await house.push(runtime)
    assert shelf.renamed == [("Typo", "TYPO")]
    assert shelf.final("TYPO") == pytest.approx(await house.days("typo"))


async def test_one_that_is_down_hears_of_all_ids_in_their_order_when_it_is_back(
    house: House, point: ConfigEntry
) -> None:
    runtime = await house.add_destination(shelf := Shelf(), data=DAILY)
    await house.push(runtime)
    shelf.clear()

    def refuse() -> None:
        raise DestinationError("refused")

    shelf.begins = refuse
    for pdl in ("Second", "Typo", "Right"):
        await rename(house, point, pdl)
        assert (await house.push(runtime)).status is ExportStatus.FAILED
    assert shelf.renamed == []
    shelf.begins = lambda: None
    await house.push(runtime)
    assert shelf.renamed == [("Typo", "Second"), ("Second", "Typo"), ("Typo", "Right")]
    assert shelf.final("Right") == pytest.approx(await house.days("right"))


async def test_what_stays_under_the_old_id_is_said_once(house: House, point: ConfigEntry) -> None:
    runtime = await house.add_destination(shelf := Shelf(), data=DAILY)
    await house.push(runtime)
    shelf.renames = False
    await rename(house, point, "Right")
    [left] = (await house.push(runtime)).warnings
    assert (left["code"], left["pdl"]) == ("LEFT_BEHIND", "Right")
    assert "Typo" in left["message"]
    assert (await house.push(runtime)).warnings == []


async def test_a_destination_that_was_given_nothing_hears_of_nothing(
    house: House, point: ConfigEntry
) -> None:
    await rename(house, point, "Right")
    runtime = await house.add_destination(shelf := Shelf(), data=DAILY)
    await house.push(runtime)
    assert shelf.renamed == []
    assert shelf.final("Right") == pytest.approx(await house.days("right"))

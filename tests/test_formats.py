"""Stored formats go forward step by step, and a newer one is neither read nor written."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.entries.versions import migrate_entry
from custom_components.med_exporter.formats import FormatTooNewError, VersionedStore
from custom_components.med_exporter.schedules.scheduler import DATA_SCHEDULES
from tests.file_exports import set_up

if TYPE_CHECKING:
    from pathlib import Path

    from homeassistant.core import HomeAssistant


@pytest.fixture
def hass(hass_with_recorder: HomeAssistant, tmp_path: Path) -> HomeAssistant:
    hass_with_recorder.config.config_dir = str(tmp_path)
    return hass_with_recorder


@pytest.fixture
def entry() -> MockConfigEntry:
    """A metering point without plugs."""
    return MockConfigEntry(
        domain=DOMAIN,
        title="Home",
        data={"type": "kasa", "pdl": "home", "name": "Home", "hosts": {}, "plugs": {}},
    )


@pytest.fixture
def storage(hass_storage: dict[str, Any]) -> Storage:
    """The files of Home Assistant's storage."""
    return Storage(hass_storage)


@dataclass
class Storage:
    """Files as some version of the integration would have left them."""

    files: dict[str, Any]

    def lay(self, name: str, version: int, data: object) -> dict[str, Any]:
        """Lay a file into the storage and return what it holds."""
        key = f"{DOMAIN}.{name}"
        content = {"version": version, "minor_version": 1, "key": key, "data": data}
        self.files[key] = content
        return deepcopy(content)

    def __getitem__(self, name: str) -> dict[str, Any]:
        return self.files[f"{DOMAIN}.{name}"]


def issues(hass: HomeAssistant) -> set[str]:
    return {issue for domain, issue in ir.async_get(hass).issues if domain == DOMAIN}


class TestStore:
    async def test_each_step_is_taken_once_and_the_result_is_kept(self, hass, storage) -> None:
        storage.lay("shelf", 1, {"taken": []})
        steps = [lambda data, n=n: {"taken": [*data["taken"], n]} for n in (1, 2)]
        assert await VersionedStore(hass, "shelf", steps).async_load() == {"taken": [1, 2]}
        stored = storage["shelf"]
        assert (stored["version"], stored["data"]) == (3, {"taken": [1, 2]})
        assert await VersionedStore(hass, "shelf", steps).async_load() == {"taken": [1, 2]}

    async def test_a_newer_one_is_told_and_left_as_it_is(self, hass, storage) -> None:
        before = storage.lay("shelf", 7, {"precious": True})
        store = VersionedStore(hass, "shelf")
        with pytest.raises(FormatTooNewError) as told:
            await store.async_load()
        await store.async_save({"precious": False})
        assert storage["shelf"] == before
        assert told.value.translation_placeholders == {
            "what": "shelf",
            "version": "7",
            "known": "1",
        }
        assert issues(hass) == {"newer_shelf"}

    async def test_one_that_nobody_has_read_is_not_written_over(self, hass, storage) -> None:
        before = storage.lay("shelf", 1, {"precious": True})
        store = VersionedStore(hass, "shelf")
        await store.async_save({"precious": False})
        assert storage["shelf"] == before
        assert await store.async_load() == {"precious": True}
        await store.async_save({"precious": False})
        assert storage["shelf"]["data"] == {"precious": False}

    async def test_after_a_newer_one_was_removed_another_may_be_kept(self, hass, storage) -> None:
        storage.lay("shelf", 7, {})
        store = VersionedStore(hass, "shelf")
        with pytest.raises(FormatTooNewError):
            await store.async_load()
        await store.async_remove()
        await store.async_keep({"new": True})
        assert storage["shelf"]["data"] == {"new": True}

    async def test_the_issue_goes_when_the_format_is_known_again(self, hass, storage) -> None:
        storage.lay("shelf", 7, {})
        with pytest.raises(FormatTooNewError):
            await VersionedStore(hass, "shelf").async_load()
        storage.lay("shelf", 1, {"known": True})
        assert await VersionedStore(hass, "shelf").async_load() == {"known": True}
        assert issues(hass) == set()


class TestWhatItConcerns:
    async def test_newer_schedules_stop_schedules_alone(self, hass, storage, tmp_path) -> None:
        before = storage.lay("schedules", 9, {"schedules": "unheard of"})
        await set_up(hass, tmp_path)
        scheduler = hass.data[DATA_SCHEDULES]
        assert scheduler.schedules() == []
        with pytest.raises(FormatTooNewError):
            await scheduler.async_create({}, user=None)
        assert storage["schedules"] == before
        assert issues(hass) == {"newer_schedules"}

    async def test_newer_counters_stop_their_metering_point_without_trying_again(
        self, hass, storage, entry, tmp_path
    ) -> None:
        before = storage.lay(f"counters.{entry.entry_id}", 9, {})
        entry.add_to_hass(hass)
        await set_up(hass, tmp_path)
        assert entry.state is ConfigEntryState.SETUP_ERROR
        assert entry.error_reason_translation_key == "format_too_new"
        assert storage[f"counters.{entry.entry_id}"] == before

    async def test_the_clock_of_newer_counters_stays_as_it_was(
        self, hass, storage, entry, tmp_path
    ) -> None:
        storage.lay(f"counters.{entry.entry_id}", 9, {})
        before = storage.lay(f"clock.{entry.entry_id}", 1, {"clock": {}, "journals": {"a": {}}})
        entry.add_to_hass(hass)
        await set_up(hass, tmp_path)
        assert entry.state is ConfigEntryState.SETUP_ERROR
        await hass.async_block_till_done()
        assert storage[f"clock.{entry.entry_id}"] == before


class TestEntries:
    def entry(self, hass: HomeAssistant, version: int) -> MockConfigEntry:
        entry = MockConfigEntry(
            domain=DOMAIN, title="Old", version=version, data={"type": "grid", "steps": []}
        )
        entry.add_to_hass(hass)
        return entry

    @pytest.mark.parametrize(("version", "taken"), [(1, [1, 2]), (2, [2]), (3, [])])
    async def test_only_the_steps_that_are_missing_are_taken(self, hass, version, taken) -> None:
        def step(number):
            def change(hass, entry):
                data = {**entry.data, "steps": [*entry.data["steps"], number]}
                hass.config_entries.async_update_entry(entry, data=data)

            return change

        entry = self.entry(hass, version)
        assert migrate_entry(hass, entry, [step(1), step(2)])
        assert (entry.version, entry.data["steps"]) == (3, taken)

    async def test_a_newer_entry_is_told_and_left_as_it_is(self, hass, storage, tmp_path) -> None:
        entry = self.entry(hass, 99)
        await async_setup_component(hass, "http", {})
        await async_setup_component(hass, DOMAIN, {})
        await hass.async_block_till_done()
        assert entry.state is ConfigEntryState.MIGRATION_ERROR
        assert entry.version == 99
        assert issues(hass) == {"newer_Old"}

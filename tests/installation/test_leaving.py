"""With its last entry this integration takes along all that it has kept."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from homeassistant.components.recorder.db_schema import StatisticsMeta
from homeassistant.components.recorder.models import StatisticMeanType
from homeassistant.components.recorder.statistics import (
    async_add_external_statistics,
    async_list_statistic_ids,
)
from homeassistant.core import Context
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.recorder import get_instance, session_scope
from sqlalchemy import inspect

from custom_components.med_exporter.audit import DATA_AUDIT, EventType
from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.exports.jobs import DATA_JOBS
from custom_components.med_exporter.installation.leaving import async_leave
from custom_components.med_exporter.schedules.scheduler import DATA_SCHEDULES
from tests.file_exports import add_user, path_of, set_up
from tests.metering_points import settle
from tests.mqtt_destinations import add_mqtt

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

STATISTIC = f"{DOMAIN}:consumption_home"
SCHEDULE = {
    "name": "Log",
    "schedule": "0 9 1 * *",
    "export_config": {"export_type": "audit_logs", "format": "csv", "date_range": "last_month"},
    "delivery": {"method": "none"},
}


async def tables(hass: HomeAssistant) -> set[str]:
    """Return the names of our tables in the recorder's database."""

    def read() -> set[str]:
        with session_scope(session=get_instance(hass).get_session(), read_only=True) as session:
            names = inspect(session.connection()).get_table_names()
        return {name for name in names if name.startswith(DOMAIN)}

    return await get_instance(hass).async_add_executor_job(read)


def files(folder: Path) -> set[str]:
    """Return what of ours lies in the folder of Home Assistant's configuration."""
    ours = [*folder.glob(f".storage/{DOMAIN}*"), *folder.glob(f"{DOMAIN}/**/*")]
    return {str(file.relative_to(folder)) for file in ours}


@pytest.fixture
async def hass(hass_with_recorder: HomeAssistant, tmp_path: Path) -> HomeAssistant:
    await set_up(hass_with_recorder, tmp_path)
    return hass_with_recorder


@pytest.fixture
async def lived_in(hass: HomeAssistant, mosquitto, tmp_path: Path) -> ConfigEntry:
    """A house with a destination, a file, a schedule, history, audit and statistics."""
    entry = await add_mqtt(hass, mosquitto().port)
    jobs = hass.data[DATA_JOBS]
    record = await jobs.async_create(
        {"export_type": "configuration", "format": "json"}, user=None, trigger="action"
    )
    await jobs.async_wait(record.id)
    await hass.data[DATA_SCHEDULES].async_create(SCHEDULE, user=None)
    metadata = {
        "source": DOMAIN,
        "statistic_id": STATISTIC,
        "name": "Home",
        "has_sum": True,
        "mean_type": StatisticMeanType.NONE,
        "unit_of_measurement": "kWh",
    }
    if hasattr(StatisticsMeta, "unit_class"):
        metadata["unit_class"] = "energy"
    hours = [{"start": datetime(2026, 1, 1, tzinfo=UTC), "state": 1.0, "sum": 1.0}]
    async_add_external_statistics(hass, metadata, hours)
    await settle(hass)
    assert await tables(hass)
    assert files(tmp_path)
    return entry


async def statistics(hass: HomeAssistant) -> list[str]:
    return [one["statistic_id"] for one in await async_list_statistic_ids(hass)]


async def test_the_last_entry_takes_all_along_but_the_statistics(
    hass: HomeAssistant, lived_in: ConfigEntry, tmp_path: Path
) -> None:
    await hass.config_entries.async_remove(lived_in.entry_id)
    await settle(hass)
    assert hass.config_entries.async_entries(DOMAIN) == []
    assert await tables(hass) == set()
    assert files(tmp_path) == set()
    assert await statistics(hass) == [STATISTIC]


async def test_who_has_left_does_not_leave_again(
    hass: HomeAssistant, lived_in: ConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    await hass.config_entries.async_remove(lived_in.entry_id)
    await async_leave(hass)
    await settle(hass)
    assert await tables(hass) == set()
    assert "could not be dropped" not in caplog.text


async def test_nothing_comes_back_by_itself(
    hass: HomeAssistant, lived_in: ConfigEntry, tmp_path: Path
) -> None:
    await hass.config_entries.async_remove(lived_in.entry_id)
    await settle(hass)
    hass.data[DATA_AUDIT].record(EventType.LOGIN_SUCCESS)
    await settle(hass)
    assert await tables(hass) == set()
    assert files(tmp_path) == set()


async def test_whoever_comes_back_begins_anew(
    hass: HomeAssistant, lived_in: ConfigEntry, mosquitto, tmp_path: Path
) -> None:
    await hass.config_entries.async_remove(lived_in.entry_id)
    await settle(hass)
    await add_mqtt(hass, mosquitto().port)
    assert hass.data[DATA_SCHEDULES].schedules() == []
    jobs = hass.data[DATA_JOBS]
    record = await jobs.async_create(
        {"export_type": "configuration", "format": "json"}, user=None, trigger="action"
    )
    done = await jobs.async_wait(record.id)
    assert path_of(done).name in {Path(name).name for name in files(tmp_path)}
    assert await jobs.async_list(user=None, limit=10, offset=0) == ([done], 1)


class TestRemoveAllData:
    async def test_it_takes_the_statistics_too(
        self, hass: HomeAssistant, lived_in: ConfigEntry, tmp_path: Path
    ) -> None:
        answer = await hass.services.async_call(
            DOMAIN, "remove_all_data", {"confirm": True}, blocking=True, return_response=True
        )
        await settle(hass)
        assert answer == {"entries": 2, "statistics": 1}
        assert hass.config_entries.async_entries(DOMAIN) == []
        assert await tables(hass) == set()
        assert files(tmp_path) == set()
        assert await statistics(hass) == []

    async def test_it_wants_to_be_confirmed(self, hass: HomeAssistant, lived_in) -> None:
        with pytest.raises(ServiceValidationError, match="confirm"):
            await hass.services.async_call(DOMAIN, "remove_all_data", {}, blocking=True)
        assert await tables(hass)

    async def test_it_is_for_administrators(self, hass: HomeAssistant, lived_in) -> None:
        user = add_user(hass)
        with pytest.raises(ServiceValidationError) as refused:
            await hass.services.async_call(
                DOMAIN,
                "remove_all_data",
                {"confirm": True},
                blocking=True,
                context=Context(user_id=user.id),
            )
        assert refused.value.translation_key == "not_allowed"
        assert await tables(hass)

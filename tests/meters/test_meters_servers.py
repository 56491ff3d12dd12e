"""Meters come into the ledger on PostgreSQL and on MariaDB as on SQLite."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from homeassistant.helpers.recorder import get_instance
from sqlalchemy.engine import make_url

from custom_components.med_exporter.const import PlugRole
from tests.metering_points import NOON
from tests.recorder_servers import recorder_db_url, server  # noqa: F401

from .conftest import assert_same
from .test_corrections import (  # noqa: F401 (run again here)
    supplier,
    test_a_correction_of_last_year_is_noticed_by_the_next_look,
    test_an_older_past_that_is_imported_later,
    test_yesterday_arrives_today_and_changes_tomorrow,
)
from .test_past import growing, test_a_second_look_changes_nothing  # noqa: F401 (run again here)

if TYPE_CHECKING:
    from .conftest import Home


async def test_a_year_hour_by_hour(home: Home, server: str) -> None:  # noqa: F811
    assert get_instance(home.hass).dialect_name == make_url(server).get_backend_name()
    start, hours = NOON - timedelta(days=365), 365 * 24
    await home.have_years("sensor.grid", start, growing(1, hours))
    entry = await home.add(grid=("sensor.grid", PlugRole.CONSUMPTION))
    await home.look(entry)
    theirs = await home.dashboard(["sensor.grid"], start, NOON)
    assert len(theirs) == hours
    assert_same(await home.ledger(home.meter("sensor.grid"), start, NOON), theirs)
    written = await home.dashboard(["med_exporter:consumption_house"], start, NOON)
    assert_same(written, theirs)

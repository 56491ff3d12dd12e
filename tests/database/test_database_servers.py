"""The same on PostgreSQL and on MariaDB."""

from __future__ import annotations

from homeassistant.components.recorder import get_instance
from sqlalchemy.engine import make_url

from tests.recorder_servers import recorder_db_url, server  # noqa: F401

from .test_each import (  # noqa: F401 (run again here)
    test_one_that_is_refused_holds_up_no_other,
)
from .test_reading import TestReading  # noqa: F401 (run again here)
from .test_schema import (  # noqa: F401 (run again here)
    test_a_newer_version_is_neither_read_nor_written_nor_stamped,
    test_an_older_version_is_brought_forward_step_by_step,
    test_it_exists_only_when_all_of_its_tables_do,
    test_tables_are_looked_up_once_for_each_database,
    test_the_recorders_own_tables_are_left_alone,
    test_the_version_is_noted_once,
    test_what_a_component_needs_is_made_with_it,
    test_what_waits_for_older_tables_keeps_its_order_and_lets_others_through,
    versions,
)
from .test_work import TestWriting  # noqa: F401 (run again here)


async def test_these_are_the_servers(hass, server):  # noqa: F811
    assert get_instance(hass).dialect_name == make_url(server).get_backend_name()

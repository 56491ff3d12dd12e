"""The ledger does on PostgreSQL and on MariaDB what it does on SQLite."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.helpers.recorder import get_instance
from sqlalchemy.engine import make_url

from tests.recorder_servers import recorder_db_url, server  # noqa: F401

from .conftest import DAY, plug
from .test_corrections import (  # noqa: F401 (run again here)
    day,
    test_corrections_that_overlap_are_taken_back_one_after_the_other,
    test_what_has_come_since_stays_when_a_correction_is_taken_back,
    test_what_is_removed_is_known_to_be_nothing_and_comes_back_as_it_was,
)
from .test_ledger import (  # noqa: F401 (run again here)
    TestBooking,
    TestRetention,
    TestSetUp,
    TestStatistics,
)
from .test_migrations import (  # noqa: F401 (run again here)
    test_a_newer_version_is_left_alone_and_said,
    test_a_stop_on_the_way_loses_nothing,
    test_counting_goes_on_where_it_was,
    test_every_half_hour_is_halved_exactly,
    version_1,
)

if TYPE_CHECKING:
    from .conftest import Books


async def test_these_are_the_servers(books: Books, server: str) -> None:  # noqa: F811
    await books.read(plug(), 5.0, DAY)
    assert get_instance(books.hass).dialect_name == make_url(server).get_backend_name()
    assert len(await books.rows()) == 1

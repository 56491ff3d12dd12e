"""Long pasts are written to PostgreSQL and to MariaDB as to SQLite."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.helpers.recorder import get_instance
from sqlalchemy.engine import make_url

from tests.recorder_servers import recorder_db_url, server  # noqa: F401

from .test_writer import (  # noqa: F401 (run again here)
    sums,
    test_a_long_past_that_changes_is_written_anew_and_told,
    test_of_a_long_past_home_assistant_is_given_what_makes_the_statistic,
)

if TYPE_CHECKING:
    from .test_writer import Sums


async def test_these_are_the_servers(sums: Sums, server: str) -> None:  # noqa: F811
    assert get_instance(sums.hass).dialect_name == make_url(server).get_backend_name()

"""The history does on PostgreSQL and on MariaDB what it does on SQLite."""

from __future__ import annotations

from tests.recorder_servers import recorder_db_url, server  # noqa: F401

from .test_history import (  # noqa: F401 (run again here)
    test_a_deleted_record_is_gone_at_once_and_for_good,
    test_a_page_over_committed_and_waiting_records,
    test_a_record_is_read_before_it_is_committed,
    test_a_text_no_database_takes_is_stored_readable,
    test_every_field_survives_a_restart,
    test_listing_filters_and_pages_newest_first,
    test_records_older_than_400_days_are_deleted,
    test_rows_survive_purge_and_repack,
    test_saving_again_replaces,
)
from .test_restart import (  # noqa: F401 (run again here)
    left_unfinished,
    test_a_run_under_way_is_interrupted_at_the_next_start,
)

"""How long servers ask to be left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.web.retry_after import retry_after

if TYPE_CHECKING:
    from freezegun.api import FrozenDateTimeFactory


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("0", timedelta(0)),
        ("900", timedelta(minutes=15)),
        (" 120 ", timedelta(minutes=2)),
        ("99999999999999999999", timedelta(days=1)),
        ("Thu, 15 Jan 2026 12:07:00 GMT", timedelta(minutes=7)),
        ("Thu, 15 Jan 2026 13:07:00 +0100", timedelta(minutes=7)),
        ("Thu, 15 Jan 2026 11:59:00 GMT", None),
        ("Thu, 15 Jan 2099 12:00:00 GMT", timedelta(days=1)),
    ],
)
def test_seconds_and_dates(
    freezer: FrozenDateTimeFactory, header: str | None, wait: timedelta | None
) -> None:
    freezer.move_to(datetime(2026, 1, 15, 12, 0, tzinfo=UTC))
    assert retry_after({} if header is None else {"Retry-After": header}) == wait


def test_a_date_is_one_of_the_servers_own_clock() -> None:
    headers = {
        "Date": "Wed, 21 Oct 2015 07:28:00 GMT",
        "Retry-After": "Wed, 21 Oct 2015 07:30:00 GMT",
    }
    assert retry_after(headers) == timedelta(minutes=2)

"""A ledger on paper: the pure booking with a dictionary for a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from custom_components.med_exporter.engine.times import day_of
from custom_components.med_exporter.ledger.booking import Account, book, book_past
from custom_components.med_exporter.ledger.spreading import add, begin_of_whole

if TYPE_CHECKING:
    from datetime import date
    from zoneinfo import ZoneInfo

    from custom_components.med_exporter.ledger.booking import Booking
    from custom_components.med_exporter.ledger.past import PlugHistory
    from custom_components.med_exporter.ledger.posting import Posting
    from custom_components.med_exporter.ledger.spreading import Quarters


class Paper:
    """Quarter-hours and the account of one plug."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.account: Account | None = None
        self.quarters: Quarters = {}
        self.filled: Quarters = {}
        self.joined: set[int] = set()
        self.posted: list[Posting] = []

    def post(self, posting: Posting) -> bool:
        """Book a posting and return whether anything changed."""
        booking = book(self.account, posting, self.zone, self.held)
        self.posted.append(posting)
        if booking is None:
            return False
        self._take(booking)
        return True

    def fill(self, history: PlugHistory) -> None:
        """Book what a plug tells of the time before."""
        assert self.account is not None
        for part in history.parts(self.zone):
            filled = [quarter for quarter, mwh in self.filled.items() if mwh]
            since = begin_of_whole(self.account.first_ts, self.joined, filled)
            self._take(book_past(self.account, part, self.zone, self.held, since))

    def _take(self, booking: Booking) -> None:
        assert all(mwh >= 0 for mwh in (*booking.measured.values(), *booking.filled.values()))
        add(self.quarters, booking.measured)
        add(self.quarters, booking.filled)
        add(self.filled, booking.filled)
        self.joined.update(booking.joined)
        self.account = booking.account

    def posted_until(self) -> float | None:
        return None if self.account is None else self.account.posted_ts

    def held(self, start: float, end: float) -> Quarters:
        return {h: mwh for h, mwh in self.quarters.items() if start <= h < end}

    def by_day(self) -> dict[date, int]:
        days: dict[date, int] = {}
        for quarter, mwh in self.quarters.items():
            day = day_of(quarter, self.zone)
            days[day] = days.get(day, 0) + mwh
        return days

"""A ledger on paper: the pure booking with a dictionary for a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from custom_components.med_exporter.ledger.half_hours import day_of
from custom_components.med_exporter.ledger.posting import Account, Posting, book
from custom_components.med_exporter.ledger.spreading import add

if TYPE_CHECKING:
    from datetime import date
    from zoneinfo import ZoneInfo

    from custom_components.med_exporter.ledger.half_hours import HalfHours


class Paper:
    """Half-hours and the account of one plug."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.account: Account | None = None
        self.half_hours: HalfHours = {}
        self.filled: HalfHours = {}
        self.posted: list[Posting] = []

    def post(self, posting: Posting) -> bool:
        """Book a posting and return whether anything changed."""
        booking = book(self.account, posting, self.zone, self.held)
        self.posted.append(posting)
        if booking is None:
            return False
        assert all(mwh >= 0 for mwh in (*booking.measured.values(), *booking.filled.values()))
        add(self.half_hours, booking.measured)
        add(self.half_hours, booking.filled)
        add(self.filled, booking.filled)
        self.account = booking.account
        return True

    def posted_until(self) -> float | None:
        return None if self.account is None else self.account.posted_ts

    def held(self, start: float, end: float) -> HalfHours:
        return {h: mwh for h, mwh in self.half_hours.items() if start <= h < end}

    def by_day(self) -> dict[date, int]:
        days: dict[date, int] = {}
        for half_hour, mwh in self.half_hours.items():
            day = day_of(half_hour, self.zone)
            days[day] = days.get(day, 0) + mwh
        return days

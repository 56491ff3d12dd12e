"""Evidence of one plug that a test tells readings to."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from custom_components.med_exporter.engine.evidence import Evidence, Outcome, Reading

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 11, 20, 12, tzinfo=PARIS)


class Watch:
    """Evidence of one plug, read every half minute unless told otherwise."""

    def __init__(self, at: datetime = NOON) -> None:
        self.evidence = Evidence()
        self.at = at
        self._is_first = True

    def read(self, total=None, day=None, month=None, after: float = 30, **more) -> Outcome:
        if self._is_first:
            self._is_first, after = False, 0
        self.at = (self.at.astimezone(ZoneInfo("UTC")) + timedelta(seconds=after)).astimezone(PARIS)
        return self.evidence.weigh(
            Reading(at=self.at, seconds=after, total=total, day=day, month=month, **more)
        )

    def dated(self, total, day, month, after: float = 30) -> Outcome:
        """Read a plug that keeps its days and months by date."""
        asked = (self.at + timedelta(seconds=0 if self._is_first else after)).date()
        return self.read(total, day, month, after, dated=asked, month_before=13.0)

    def reads(self, *totals: float | None) -> list[float]:
        return [round(self.read(total).energy / 1e6, 6) for total in totals]

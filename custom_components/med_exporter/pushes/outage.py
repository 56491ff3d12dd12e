"""How long a destination has been down: when to try again, and when to tell the user."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from homeassistant.core import callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util import dt as dt_util

from ..clocks.certain import certain_time
from ..clocks.due import async_look_again
from ..clocks.local import certain_now
from ..const import DOMAIN
from ..destinations.base import ASKED_LATER
from ..history.reasons import reason_of
from ..history.records import ExportStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from homeassistant.core import CALLBACK_TYPE, HomeAssistant

    from ..destinations.kind import DestinationKind
    from ..history.records import ExportRecord

RECORDS_NEEDED: Final = 200
"""So many of the last runs tell how long a destination has been down, and whether for a day."""

SIGNAL_OUTAGE: Final = f"{DOMAIN}_outage"
"""Sent with the id of a destination after each of its runs that tells whether it is down."""

_TOLD_AFTER: Final = timedelta(hours=24)
_FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(minutes=60)
"""Between two tries, unless the destination is pushed to less often."""


class Outage:
    """The failures of a destination since it was last reached.

    `since` is when the first of them was noticed, None while the destination can be used;
    `failed_at` when the last one was. Both are UTC. `is_restored` tells that all of them were
    before the destination was loaded.
    """

    def __init__(
        self, hass: HomeAssistant, destination_id: str, name: str, kind: DestinationKind
    ) -> None:
        self._hass = hass
        self._id = destination_id
        self._name = name
        self._kind = kind
        self._failures = 0
        self.failed_at: datetime | None = None
        self._latest: ExportRecord | None = None
        self._asked = timedelta(0)
        self._cancel: CALLBACK_TYPE | None = None
        self.since: datetime | None = None
        self.is_restored = False

    @callback
    def restore(self, records: Sequence[ExportRecord]) -> None:
        """Take up where an earlier life ended, by its last runs, newest first."""
        failures: list[ExportRecord] = []
        for record in records:
            if self._is_down(record):
                failures.append(record)
            elif record.status in {ExportStatus.COMPLETED, ExportStatus.FAILED}:
                break
        for record in reversed(failures):
            self._add(record)
        self.is_restored = bool(failures)
        self._tell()

    @callback
    def note(self, record: ExportRecord) -> None:
        """Take note of a run that has ended."""
        self.is_restored = False
        if self._is_down(record):
            self._add(record)
            self._tell()
            async_dispatcher_send(self._hass, SIGNAL_OUTAGE, self._id)
        elif record.status in {ExportStatus.COMPLETED, ExportStatus.FAILED}:
            # One that fails otherwise has answered.
            self._failures, self.since = 0, None
            self.close()
            ir.async_delete_issue(self._hass, DOMAIN, issue_id(self._id))
            async_dispatcher_send(self._hass, SIGNAL_OUTAGE, self._id)

    def retry_at(self, interval: timedelta) -> datetime | None:
        """Return when to try again: after 1, 2, 4 … minutes, at most the interval or an hour.

        Not before the destination wants to be asked again, where it has said that, within these
        bounds.

        None while the destination is not down.
        """
        if self.failed_at is None or not self._failures:
            return None
        most = max(interval, LONGEST_PAUSE)
        # Twelve doublings are longer than any interval.
        doublings: int = 2 ** min(self._failures - 1, 12)
        return self.failed_at + min(max(_FIRST_PAUSE * doublings, self._asked), most)

    @callback
    def close(self) -> None:
        """Wait for nothing any more."""
        if self._cancel is not None:
            self._cancel()
            self._cancel = None

    def _is_down(self, record: ExportRecord) -> bool:
        is_failed = record.status is ExportStatus.FAILED
        return is_failed and self._kind.is_unusable(record.error_code)

    def _add(self, record: ExportRecord) -> None:
        self._failures += 1
        self.failed_at = record.completed_at
        self._latest = record
        self._asked = _asked_pause(record)
        if self.since is None:
            self.since = record.completed_at

    @callback
    def _tell(self, _: datetime | None = None) -> None:
        """Open the issue once a day has passed, and let it show the latest error."""
        self.close()
        if self.since is None or self._latest is None:
            return
        # By a clock that was ahead then, a day would never have passed.
        self.since = certain_time(self._hass).told(self.since)
        told_at = self.since + _TOLD_AFTER
        if certain_now(self._hass) < told_at:
            self._cancel = async_look_again(self._hass, self._tell, told_at)
            return
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue_id(self._id),
            is_fixable=False,
            severity=ir.IssueSeverity.ERROR,
            translation_key="destination_down",
            translation_placeholders={
                "name": self._name,
                "since": dt_util.as_local(self.since).strftime("%Y-%m-%d %H:%M"),
                "error": reason_of(self._hass, self._latest) or "",
            },
        )


def _asked_pause(record: ExportRecord) -> timedelta:
    """Return how long the destination wants to be left alone, by what a run has noted."""
    told = [
        float(one.get("placeholders", {}).get("seconds", 0))
        for one in record.warnings
        if one.get("code") in ASKED_LATER
    ]
    return timedelta(seconds=max(told, default=0))


def issue_id(destination_id: str) -> str:
    """Return the id of the repair issue of a destination that is down."""
    return f"destination_down_{destination_id}"

"""A schedule: what is exported by itself, when, and where the file goes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIMES: Final = ("created_at", "handled_until", "under_way", "last_run_at")


@dataclass(kw_only=True, slots=True)
class Schedule:
    """One schedule.

    Attributes:
        id: public UUID.
        name: for people.
        schedule: a cron expression, in the installation's time zone.
        export_config: a request of `POST /api/exports/create`.
        delivery: where the file goes, as `delivery.async_read_delivery` returns it.
        enabled: whether it runs by itself.
        created_at: UTC.
        created_by: user id, None for an automation.
        handled_until: UTC; every time it was due until then has been taken care of.
        under_way: UTC; the due time whose run has begun and not ended, None for none.
        last_run_at: UTC; the due time of the last run, or when it was asked for.
        last_export_id: of that run.

    """

    id: str
    name: str
    schedule: str
    export_config: Mapping[str, Any]
    delivery: Mapping[str, Any]
    enabled: bool
    created_at: datetime
    handled_until: datetime
    created_by: str | None = None
    under_way: datetime | None = None
    last_run_at: datetime | None = None
    last_export_id: str | None = None

    def to_stored(self) -> dict[str, Any]:
        """Return plain JSON that `from_stored` turns back into an equal schedule."""
        values = asdict(self)
        for name in _TIMES:
            values[name] = None if values[name] is None else values[name].isoformat()
        return values

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `to_stored` gave. Raises KeyError, TypeError or ValueError for other things."""
        values = dict(stored)
        for name in _TIMES:
            if values.get(name) is not None:
                values[name] = datetime.fromisoformat(values[name])
        return cls(**values)

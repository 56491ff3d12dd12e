"""What every destination does: a connection test, and pushes that are acknowledged one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from ..const import DataType
from ..errors import MedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable
    from datetime import datetime

PRODUCTION_TYPES: Final = frozenset({DataType.PRODUCTION_DAILY})

# The destination itself cannot be used, so trying the rest of a run would only repeat the error.
_UNUSABLE: Final = frozenset(
    {
        "NAME_NOT_RESOLVED",
        "REFUSED",
        "UNREACHABLE",
        "TIMED_OUT",
        "TLS_CERTIFICATE",
        "NOT_EXPECTED_SERVER",
        "WRONG_CREDENTIALS",
        "SERVER_REFUSED",
        "CONNECTION_LOST",
        "NO_MQTT_INTEGRATION",
        "SECRET_LOST",
    }
)
WRONG_CREDENTIALS: Final = "WRONG_CREDENTIALS"


class DestinationError(MedError):
    """Why a destination cannot be used or did not take what was sent.

    `code` is one of the cases of the connection test in capitals, such as `TIMED_OUT`; the
    message is `exceptions.destination_timed_out` of the translations, a `variant` of it with the
    variant behind. `field` is the field of the destination's flow that is at fault, where one is.
    """

    def __init__(
        self,
        code: str,
        *,
        variant: str | None = None,
        field: str | None = None,
        **placeholders: object,
    ) -> None:
        key = f"destination_{code}" if variant is None else f"destination_{code}_{variant}"
        super().__init__(code.upper(), key, field=field, **placeholders)

    @property
    def is_unusable(self) -> bool:
        """Return whether everything else sent now would fail likewise."""
        return self.code in _UNUSABLE


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """The value of one period of one metering point.

    `value` in `unit`; `date` as `YYYY-MM-DD`, a month as `YYYY-MM`; `closed` once the period is
    over; `timestamp` in UTC: when the value was read, or the period's end.
    """

    data_type: DataType
    pdl: str
    value: float
    unit: str
    date: str
    closed: bool
    timestamp: datetime


class Destination(Protocol):
    """A place that measurements are pushed to."""

    async def async_start(self) -> None:
        """Start to keep a lasting connection, where the destination has one; never waits."""

    async def async_close(self) -> None:
        """Say goodbye and close every connection."""

    async def async_test(self) -> str | None:
        """Try the connection and the right to write.

        Returns None, or the translation key of a remark where the test succeeded but left
        something open. Raises DestinationError with the mistake.
        """

    async def async_push(
        self,
        measurements: AsyncIterable[Measurement],
        acknowledged: Callable[[Measurement], None],
    ) -> None:
        """Send measurements in their order.

        `acknowledged` is called for each one as soon as the destination has it for good. Raises
        DestinationError when one of them was not taken; nothing further is sent then, but what was
        under way is still waited for.
        """

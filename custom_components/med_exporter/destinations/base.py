"""What every destination does: a connection test, and pushes that are settled one by one."""

from __future__ import annotations

from dataclasses import field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

from ..const import DataType
from ..engine.lazy_dataclass import dataclass
from ..errors import MedError
from .measurements import Grain

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Collection, Mapping, Sequence

    from .measurements import Measurement, PointName

ASKED_LATER: Final = frozenset({"TOO_MANY_REQUESTS", "SERVER_BUSY"})
"""Codes of a server that wants to be asked later; the placeholder `seconds` is when, if it said."""

UNUSABLE: Final = frozenset(
    {
        "NAME_NOT_RESOLVED",
        "REFUSED",
        "UNREACHABLE",
        "TIMED_OUT",
        "TLS_CERTIFICATE",
        "NOT_EXPECTED_SERVER",
        "WRONG_PATH",
        "BAD_REQUEST",
        "WRONG_CREDENTIALS",
        "UNAUTHORIZED",
        "SERVER_REFUSED",
        "SERVER_ERROR",
        *ASKED_LATER,
        "CONNECTION_LOST",
        "QOS_NOT_SUPPORTED",
        "RETAIN_NOT_SUPPORTED",
        "SECRET_LOST",
    }
)
"""Codes of a destination that cannot be used at all: the rest of a run would meet the same.

A kind has more of its own, see `DestinationKind.is_unusable`.
"""

REFUSED_SECRETS: Final = frozenset(
    {
        "WRONG_CREDENTIALS",
        "UNAUTHORIZED",
        "SECRET_LOST",
    }
)
"""Codes after which the user is asked for the secret again."""


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
        """Return whether no destination of any kind could be used after it."""
        return self.code in UNUSABLE


PERIODS: Final[Mapping[DataType, Grain]] = {
    DataType.CONSUMPTION_DAILY: Grain.DAILY,
    DataType.CONSUMPTION_MONTHLY: Grain.MONTHLY,
    DataType.CONSUMPTION_DETAILED: Grain.HALF_HOURLY,
    DataType.PRODUCTION_DAILY: Grain.DAILY,
    DataType.TEMPO: Grain.DAILY,
}
"""How long the closed periods are of what has a history."""
RUNNING: Final = frozenset(DataType) - {DataType.CONSUMPTION_DETAILED}
"""What has a value of the period that runs."""


class Corrections(StrEnum):
    """What a closed period means to a destination when its value changes later."""

    AGAIN = "again"
    """The period is given to the destination again, alone."""
    ONWARDS = "onwards"
    """Everything from the period on is, since later values build on it (running sums)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Intake:
    """What a destination takes.

    Attributes:
        closed: for each data type whose closed periods it keeps, how long these are.
        current: the data types whose running value it shows.
        costs: whether the cost of the consumption comes with `consumption_daily`, as a series of
            its own, where a tariff exists.
        corrections: what is sent when a closed period changes.
        grid_per_point: whether Tempo and EcoWatt go out for each metering point, or once.
        patience: how long after its end a period waits for plugs that have not reported, where
            what was sent cannot be corrected.
        at_once: how many series it is given at once: most of what each takes is waiting for the
            other side, for an answer from far away or for a disk.

    """

    closed: Mapping[DataType, Grain]
    current: frozenset[DataType] = field(default_factory=frozenset)
    costs: bool = False
    corrections: Corrections = Corrections.AGAIN
    grid_per_point: bool = True
    patience: timedelta = timedelta(0)
    at_once: int = 1


class Outcome(StrEnum):
    """What became of a value that a destination was given."""

    STORED = "stored"
    """The destination has it now, and for good."""
    ALREADY_THERE = "already_there"
    """The destination had it already: nothing was sent."""
    TOO_OLD = "too_old"
    """The destination keeps nothing this old: it is skipped, counted and said."""
    NOT_CORRECTABLE = "not_correctable"
    """The destination has another value and cannot overwrite it: counted and said."""


class Settle(Protocol):
    """Is told what became of measurements, in the order in which they were given."""

    def __call__(
        self,
        measurement: Measurement,
        outcome: Outcome,
        first: Measurement | None = None,
        count: int = 1,
    ) -> None:
        """Take note of one, or of `count` in a row, from `first` to `measurement`."""


class Destination(Protocol):
    """A place that measurements are pushed to."""

    @property
    def intake(self) -> Intake:
        """Return what the destination takes."""

    async def async_start(self) -> None:
        """Start to keep a lasting connection, where the destination has one; never waits."""

    async def async_close(self) -> None:
        """Say goodbye and close every connection."""

    async def async_test(self) -> str | None:
        """Try the connection and the right to write.

        Returns None, or the translation key of a remark where the test succeeded but left
        something open. Raises DestinationError with the mistake.
        """

    async def async_reach(self) -> None:
        """Have the destination answer something cheap that it answers only those who may use it.

        Every run begins with it, also one that has nothing to send: what an earlier run has found
        is no answer. Raises DestinationError where the destination cannot be used.
        """

    async def async_missing(self, witnesses: Sequence[Measurement]) -> Collection[Measurement]:
        """Find out what the destination has lost of closed periods that it has acknowledged.

        `witnesses` are some of them, the first and the last of each series among them. Returns
        those (the same objects) that it has no value of any more, or another value where it can
        overwrite that: one restored from a backup has those before they were corrected. What
        cannot be asked, or is older than what it keeps, is not missing. Costs as little as it can:
        a question for each of their `stretches` at most. Raises DestinationError.
        """

    async def async_rename(self, before: PointName, now: PointName) -> bool:
        """Let what it was given under an id that a metering point no longer has go by the new one.

        Where that cannot be, it is taken away: all of it comes again. Returns False where it can be
        neither, so that it stays until somebody removes it by hand. Raises DestinationError.
        """

    async def async_push(
        self,
        pages: AsyncIterable[Sequence[Measurement]],
        settle: Settle,
    ) -> None:
        """Send the measurements of one series, in their order.

        A series is one data type of one metering point, its costs another: closed periods first,
        oldest first, then the current value. They come in pages, none of which is empty: to hand
        on each of a year by itself takes longer than to write it down. `settle` is called for each
        one, or for many at once, in the same order, as soon as the destination has it for good, or
        never will. Raises DestinationError when one of them was not taken; nothing further is sent
        then, but what was under way is still waited for. No more series are given at once than its
        intake says.
        """

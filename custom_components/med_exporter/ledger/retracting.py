"""Take back what was booked by a clock that was wrong, so that it can be booked again."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .quarters import account_id, take_back_quarters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Connection

    from .posting import Account, Posting
    from .series import LedgerPlug

KEPT_POSTINGS: Final = 400
"""Of each plug: a day of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Retraction:
    """What was posted of a plug from a moment on, in ticks, is to be taken back."""

    plug: LedgerPlug
    since: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """What a posting has changed.

    `before` is what was remembered of the plug, None for a new one; `added` the mWh, and how many
    of these were filled, by quarter-hour.
    """

    posting: Posting
    before: Account | None
    added: Mapping[int, tuple[int, int]]


class RecentPostings:
    """The receipts of a day, in memory, as far as they are committed. Of one thread."""

    def __init__(self) -> None:
        self._kept: dict[str, list[Receipt]] = {}
        self._staged: dict[str, list[Receipt]] = {}

    def begin(self) -> None:
        """Forget what was noted in a transaction that has failed."""
        self._staged = {}

    def commit(self) -> None:
        """Keep what was noted in a transaction."""
        self._kept |= self._staged
        self._staged = {}

    def note(self, receipt: Receipt) -> None:
        """Note what is booked."""
        receipts = self._of(receipt.posting.plug.plug_id)
        receipts.append(receipt)
        del receipts[:-KEPT_POSTINGS]

    def take(self, retraction: Retraction) -> list[Receipt]:
        """Return what is to be taken back, the earliest first, and forget it.

        What opened the plug's account stays, and whatever stands before it.
        """
        receipts = self._of(retraction.plug.plug_id)
        place = len(receipts)
        while place and _is_since(receipts[place - 1], retraction.since):
            place -= 1
        taken = receipts[place:]
        del receipts[place:]
        return taken

    def _of(self, plug_id: str) -> list[Receipt]:
        return self._staged.setdefault(plug_id, list(self._kept.get(plug_id, ())))


def _is_since(receipt: Receipt, since: float) -> bool:
    posting, before = receipt.posting, receipt.before
    return (
        posting.ticks is not None
        and posting.ticks >= since
        and before is not None
        and before.started_ts == posting.start.at.timestamp()
    )


def take_back(connection: Connection, receipts: list[Receipt]) -> int:
    """Take the energy of postings out of the quarter-hours; return the first that has changed.

    What nobody knew before is unknown again.
    """
    before = receipts[0].before
    assert before is not None
    by_plug: defaultdict[LedgerPlug, dict[int, tuple[int, int]]] = defaultdict(dict)
    for receipt in receipts:
        taken = by_plug[receipt.posting.plug]
        for quarter, (mwh, filled) in receipt.added.items():
            held = taken.get(quarter, (0, 0))
            taken[quarter] = (held[0] - mwh, held[1] - filled)
    for plug, taken in by_plug.items():
        account = account_id(connection, plug.plug_id, plug.metering_point, plug.role.value)
        take_back_quarters(connection, account, taken, before.posted_ts)
    return min(min(taken) for taken in by_plug.values())

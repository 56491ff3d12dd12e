"""Take back what was booked by a clock that was wrong, so that it can be booked again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..const import PlugRole
from ..engine import ledger as held
from ..engine.lazy_dataclass import dataclass
from ..engine.times import hour_of
from ..statistics import mark_dirty
from .accounts import read_account, restore_account
from .carrying import carried_with
from .quarters import take_back_quarters
from .receipts import take_receipts
from .series import COUNTED_ROLES, PlugSeries, PointSeries

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from .carrying import Carried
    from .series import LedgerPlug, Series


@dataclass(frozen=True, kw_only=True, slots=True)
class Retraction:
    """What was posted of a plug from a moment on, in ticks, is to be taken back."""

    plug: LedgerPlug
    since: float


def take_back(connection: Connection, retraction: Retraction) -> Carried | None:
    """Let a plug's account and quarter-hours be as before what was posted from a moment on.

    What nobody knew before is unknown again. That holds for the account too, where it was opened
    since. Returns what users have corrected of the energy, for `carry`.
    """
    plug_id = retraction.plug.plug_id
    taken = take_receipts(connection, plug_id, retraction.since)
    if not taken or read_account(connection, plug_id) is None:
        return None
    carried = carried_with(connection, plug_id, taken)
    before = taken[-1].receipt.before
    known_until = 0.0 if before is None else before.posted_ts
    accounts = {one.id: one for one in held.accounts_of(connection, plug_ids=[plug_id])}
    for added in taken:
        if (account := accounts.get(added.account_id)) is None:
            # It was moved elsewhere, with all that is in it.
            continue
        back = {quarter: (-mwh, -filled) for quarter, (mwh, filled) in added.quarters.items()}
        take_back_quarters(connection, account.id, back, known_until)
        series: list[Series] = [PlugSeries(plug_id)]
        if account.role in COUNTED_ROLES:
            series.append(PointSeries(account.metering_point, PlugRole(account.role)))
        for one in series:
            mark_dirty(connection, one.statistic_id, None, hour_of(min(back)))
    restore_account(connection, plug_id, before)
    return carried

"""What a bill compares its time with: the stretch before, and that of a year before."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from ...costs.apportioning import rounded, to_digits
from ...costs.standing_charge import standing_charge
from ...ledger.sums import known_quarters
from ...readings.fields import Kind
from ...rows.tables import Column, Table, small_table
from ...tariff.energy import CONSUMPTION
from ...times import local_time
from ...words.dates import DateWords
from ..cost_rows import energy_decimals
from ..job_sums import job_costs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...costs.terms import Terms
    from ...job import Job
    from ...recorder.states import Recorder

_DAY: Final = timedelta(days=1)
_HARDLY: Final = 0.01
"""A share without a price that no comparison suffers from."""


class Earlier:
    """Compares what the devices of a job used and cost with what they did before.

    Args:
        job: says whose, and when.
        recorder: where the ledger's tables are.
        end: UTC seconds up to which values are known.
        terms: what each metering point is priced by, by its slug.
        money: digits after the point of an amount.

    """

    def __init__(
        self, job: Job, recorder: Recorder, end: float, terms: Mapping[str, Terms], *, money: int
    ) -> None:
        self._job = job
        self._recorder = recorder
        self._end = end
        self._terms = terms
        self._zone = job.zone()
        self._dates = DateWords(job.options.locale)
        owners = (*job.devices, *job.gone)
        self._points = {one.plug_id: one.metering_point for one in owners if one.plug_id}
        self._money = money
        self._energy = energy_decimals(job)

    def table(self) -> Table:
        """Return the stretch before and that of a year before, where all of them is known."""
        reached = self._reached()
        now, now_money, unpriced = self._whole(self._job.start, reached)
        rows = []
        for start, end in self._earlier(reached):
            if not self._is_known(start, end):
                continue
            kwh, money, missing = self._whole(start, end)
            if missing - unpriced:
                # What had a contract for a part of the time cost less for that alone.
                money = None
            share = None if kwh <= 0 else round(100 * (now - kwh) / kwh)
            more = None
            if money is not None and now_money is not None:
                more = to_digits(now_money - money, self._money)
            rows.append(
                (
                    self._dates.period(local_time(start, self._zone), local_time(end, self._zone)),
                    rounded(kwh, self._energy),
                    None if money is None else to_digits(money, self._money),
                    more,
                    share,
                )
            )
        columns = [
            Column("compared_with", Kind.TEXT),
            Column("energy_kwh", Kind.NUMBER, self._energy),
            Column("total", Kind.NUMBER, self._money, self._job.currency),
            Column("more_money", Kind.NUMBER, self._money, self._job.currency),
            Column("more_energy", Kind.NUMBER, 0, "%"),
        ]
        return small_table("bill_comparison", columns, rows)

    def _reached(self) -> float:
        """Return up to when there is something to compare: as far as all metering points came."""
        if self._end >= self._job.end:
            return self._end
        known = known_quarters(self._recorder.connect, list(self._points), 0.0, 0.0)
        lasts: dict[str | None, float] = {}
        for plug_id, one in known.items():
            if one.last is not None:
                point = self._points[plug_id]
                lasts[point] = max(lasts.get(point, 0.0), one.last)
        return min([self._end, *lasts.values()])

    def _earlier(self, reached: float) -> list[tuple[float, float]]:
        """Return the stretches to compare with, each cut at the same local time as this one."""
        start, wanted = (local_time(at, self._zone) for at in (self._job.start, self._job.end))
        end = local_time(reached, self._zone)
        if any(one.time() != time() for one in (start, wanted)):
            return []
        if start.day == 1 and wanted.day == 1:
            months = (wanted.year - start.year) * 12 + wanted.month - start.month
        else:
            months = 0
        first = _moved(start.date(), -months) if months else start.date() - (wanted - start)
        found = []
        for begin in dict.fromkeys((first, _moved(start.date(), -12))):
            after = _moved(begin, months) if months else begin + (wanted.date() - start.date())
            until = datetime.combine(after, time(), self._zone)
            if end < wanted:
                passed = end.replace(tzinfo=None) - start.replace(tzinfo=None)
                cut = datetime.combine(begin, time()) + passed
                until = min(until, cut.replace(tzinfo=self._zone))
            began = datetime.combine(begin, time(), self._zone)
            if began < until:
                found.append((began.timestamp(), until.timestamp()))
        return found

    def _is_known(self, start: float, end: float) -> bool:
        """Tell whether each metering point was there from the beginning of a stretch on."""
        known = known_quarters(self._recorder.connect, list(self._points), start, end)
        firsts: dict[str | None, float] = dict.fromkeys(self._points.values(), end)
        for plug_id, one in known.items():
            if one.first is not None and one.quarters:
                point = self._points[plug_id]
                firsts[point] = min(firsts[point], one.first)
        return bool(firsts) and max(firsts.values()) <= start

    def _whole(self, start: float, end: float) -> tuple[float, float | None, set[str | None]]:
        """Return kWh and money of a stretch, None where nothing in it has a price.

        Last come the metering points of which some energy or time has none.
        """
        kwh, cost, brought = 0.0, 0.0, 0.0
        shares: dict[str | None, list[float]] = defaultdict(lambda: [0.0, 0.0])
        missing: set[str | None] = {
            slug for slug, terms in self._terms.items() if not terms.covers(start)
        }
        charge = self._standing(start, end)
        is_priced = bool(charge)
        if end <= start:
            return kwh, None, missing
        for found, _ in job_costs(self._job, self._recorder.connect, [start, end]):
            for one in found:
                is_priced |= one.cost is not None
                if one.role == CONSUMPTION:
                    kwh += one.kwh
                    cost += one.cost or 0.0
                    share = shares[self._points[one.plug_id]]
                    share[0] += one.kwh
                    share[1] += one.unpriced_kwh
                else:
                    brought += one.cost or 0.0
        # As the bill of that stretch adds up.
        cost, charge, brought = (rounded(one, self._money) for one in (cost, charge, brought))
        missing |= {
            point for point, (all_of_it, bare) in shares.items() if bare > _HARDLY * all_of_it
        }
        return kwh, cost + charge - brought if is_priced else None, missing

    def _standing(self, start: float, end: float) -> float:
        return sum(
            standing_charge(terms.tariff, start, end, terms.zone) for terms in self._terms.values()
        )


def _moved(day: date, months: int) -> date:
    """Return the same day of another month, or its last one."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first = date(year, month + 1, 1)
    following = (first + timedelta(days=31)).replace(day=1)
    return min(first + timedelta(days=day.day - 1), following - _DAY)

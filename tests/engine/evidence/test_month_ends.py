"""Months that a newer plug has ended, and tells afterwards, are counted as far as they can be."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from custom_components.med_exporter.engine.evidence import Evidence, Reading, to_kwh

from .watch import Watch

if TYPE_CHECKING:
    from collections.abc import Mapping

PARIS = ZoneInfo("Europe/Paris")
LAST = datetime(2026, 11, 25, 12, tzinfo=PARIS)
BACK = datetime(2026, 12, 3, 12, tzinfo=PARIS)
NOVEMBER, OCTOBER = date(2026, 11, 1), date(2026, 10, 1)


def counted(ended: Mapping[date, float], *, later: Mapping[date, float] | None = None) -> float:
    """Return what is counted of a plug that showed 588 kWh, and 60 after the end of the month."""
    evidence = Evidence()
    for at, seconds, month, told in (
        (LAST - timedelta(seconds=30), 0.0, 587.99, {}),
        (LAST, 30.0, 588.0, {}),
        (BACK, 8 * 86400.0, 60.0, ended),
        (BACK + timedelta(seconds=30), 30.0, 60.01, ended if later is None else later),
        (BACK + timedelta(seconds=60), 30.0, 60.02, ended if later is None else later),
    ):
        evidence.weigh(
            Reading(at=at, seconds=seconds, month=month, power=1000.0, clock=at.date(), ended=told)
        )
    return to_kwh(evidence.energy) - 588.0


@pytest.mark.parametrize(
    ("ended", "kwh"),
    [
        ({NOVEMBER: 720.0}, 132.0),
        ({NOVEMBER: 720.0, OCTOBER: 744.0, date(2026, 12, 1): 60.0}, 132.0),
        ({}, 0.0),
        # Less than it showed itself: it has forgotten some.
        ({NOVEMBER: 300.0}, 0.0),
        # No socket passes so much, in a month or in the time.
        ({NOVEMBER: 99_999.0}, 0.0),
        ({NOVEMBER: 2_000.0}, 0.0),
        ({NOVEMBER: float("nan")}, 0.0),
    ],
)
def test_a_month_that_has_ended_counts_what_it_can_have_used(
    ended: Mapping[date, float], kwh: float
) -> None:
    assert counted(ended) == pytest.approx(kwh + 60.02)


def test_what_it_told_once_stays_when_it_does_not_answer_again() -> None:
    assert counted({NOVEMBER: 720.0}, later={}) == pytest.approx(192.02)


def test_a_month_that_was_told_truly_makes_no_false_one_after_it_true() -> None:
    evidence = Evidence()
    for at, seconds, total, month in (
        (LAST - timedelta(seconds=30), 0.0, 9.99, 587.99),
        (LAST, 30.0, 10.0, 588.0),
        # It has rebooted, and says 1.1 kWh of the new month that nobody used.
        (BACK, 8 * 86400.0, 90.0, 61.1),
        (BACK + timedelta(seconds=30), 30.0, 90.01, 61.1),
        (BACK + timedelta(seconds=60), 30.0, 90.02, 61.1),
        (BACK + timedelta(seconds=90), 30.0, 90.03, 60.03),
        (BACK + timedelta(seconds=120), 30.0, 90.04, 60.04),
    ):
        evidence.weigh(
            Reading(
                at=at,
                seconds=seconds,
                total=total,
                month=month,
                power=1000.0,
                clock=at.date(),
                ended={NOVEMBER: 720.0} if at >= BACK else {},
            )
        )
    assert to_kwh(evidence.energy) - 588.0 == pytest.approx(192.04)


def test_a_month_that_was_zero_when_it_was_read_last_is_not_told_from_there() -> None:
    watch = Watch(LAST)
    for month in (587.99, 588.0, 588.01, 588.02, 0.0, 0.0, 0.0):
        watch.read(month=month, day=month - 580 if month else 0.0, clock=watch.at.date())
    before = watch.evidence.energy
    for month, after in ((60.0, 8 * 86400.0), (60.01, 30.0), (60.02, 30.0)):
        later = (watch.at + timedelta(seconds=after)).date()
        watch.read(month=month, day=month - 48, after=after, clock=later, ended={NOVEMBER: 720.0})
    assert to_kwh(watch.evidence.energy - before) == pytest.approx(720.0 - 588.02 + 60.02)


def test_a_month_that_stood_still_over_its_end_is_told_up_to_it_and_from_it() -> None:
    watch = Watch(datetime(2026, 12, 31, 23, 39, tzinfo=PARIS))
    december = {date(2026, 12, 1): 94.68}

    def read(day: float, month: float) -> None:
        after = (watch.at + timedelta(seconds=300)).date()
        ended = december if after.year == 2027 else {}
        watch.read(None, day, month, after=300, power=2300.0, clock=after, ended=ended)

    for number in range(4):
        read(54.19 + number * 0.19, 93.68 + number * 0.19)
    for _ in range(17):
        read(54.76, 94.25)
    for number in range(4):
        read(3.02 + number * 0.19, 3.02 + number * 0.19)
    assert to_kwh(watch.evidence.energy) == pytest.approx(94.68 + 3.59)


def test_what_others_proved_since_a_month_stood_is_not_counted_again_with_its_end() -> None:
    watch = Watch(datetime(2026, 3, 27, 14, tzinfo=PARIS))
    told = {"power": 2300.0, "clock": watch.at.date()}
    for _ in range(3):
        watch.read(0.0, 0.24, 12.72, **told)
    # After a restart that nobody saw the total and the day go on, the month is late.
    told["clock"] = date(2026, 3, 28)
    for place, (total, day) in enumerate([(38.2, 48.07)] * 2 + [(38.275, 48.146)] * 4):
        watch.read(total, day, 88.428, after=30 if place else 118_410, **told)
    for _ in range(2):
        watch.read(38.352, 48.223, 88.428, **told)
    for _ in range(8):
        # Nothing of this is true, and the month alone is believed.
        watch.read(0.0, 0.0, 0.0, **told)
    april = {"power": 2300.0, "clock": date(2026, 4, 1), "ended": {date(2026, 3, 1): 258.82}}
    watch.read(208.629, 0.0, 0.0, after=266_230, **april)
    watch.read(208.667, 0.038, 0.0, after=60, **april)
    assert to_kwh(watch.evidence.energy) <= 258.82 + 0.04

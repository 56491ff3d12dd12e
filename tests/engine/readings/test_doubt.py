"""A wrong clock is noticed wherever it has dated states; an outage alone is nothing to doubt."""

from __future__ import annotations

import pytest

from custom_components.med_exporter.engine.costs.plug_ledger import plug_ledger
from custom_components.med_exporter.engine.readings.doubt import is_doubtful
from custom_components.med_exporter.engine.readings.slots import slots_of
from custom_components.med_exporter.engine.recorder.states import Recorder
from custom_components.med_exporter.engine.times import HOUR, UTC_DAY

from ..conftest import FRIDGE
from ..test_leaping_clock_sums import START, Stretch, live


@pytest.fixture
def doubts(recorder):
    """Return on which of some days states are to be doubted."""

    def doubts(days):
        states = Recorder(recorder.connect)
        slots = slots_of(FRIDGE, states.metadata_ids(tuple(FRIDGE.entities.values())))
        ledger = plug_ledger(recorder.connect, FRIDGE.plug_id, costs=False)
        starts = [START + day * UTC_DAY for day in range(days)]
        spans = [(start, start + UTC_DAY) for start in starts]
        return [day for day, span in enumerate(spans) if is_doubtful(states, slots, ledger, span)]

    return doubts


@pytest.mark.parametrize("away", [3, 20, 400, 1800, 4000])
@pytest.mark.parametrize("joined", [0, 607])
def test_an_outage_is_nothing_to_doubt(recorder, doubts, joined, away):
    live(recorder, joined, [Stretch(0, 437), Stretch(None, away), Stretch(0, 3500)])
    assert not doubts(3)


@pytest.mark.parametrize("off", [2 * HOUR, 26 * HOUR, 35 * UTC_DAY])
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_clock_that_is_wrong_at_midnight_is_noticed_on_both_days(recorder, doubts, off, sign):
    live(recorder, 0, [Stretch(0, 2850), Stretch(off * sign, 60), Stretch(0, 3000)])
    assert {1, 2} <= set(doubts(4))


def test_one_that_was_ahead_before_an_outage_of_days_is_noticed_when_that_ends(recorder, doubts):
    live(
        recorder, 0,
        [Stretch(0, 600), Stretch(2 * HOUR, 60), Stretch(0, 5), Stretch(None, 4000),
         Stretch(0, 1500)],
    )  # fmt: skip
    assert {1, 2, 3} <= set(doubts(4))


def test_a_ledger_alone_is_no_witness_against_what_was_written_in_order(recorder, doubts):
    live(recorder, 0, [Stretch(0, 600), Stretch(2 * HOUR, 60), Stretch(None, 4000)])
    recorder.add(FRIDGE.entities["energy_total_kwh"], [(START + 4 * UTC_DAY, 200.0)])
    assert not doubts(4)

"""What a forecast of Tempo colours says, and what else may come from its server."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.sources import tempo_forecast
from custom_components.med_exporter.sources.tempo_calendar import TempoColour
from custom_components.med_exporter.sources.tempo_forecast import ForecastDay, OpenDpeForecast
from custom_components.med_exporter.sources.web import SourceError

from ..grid_server import FAILURES

DAY = {"date": "2026-01-16", "couleur": "rouge", "probability": 0.85}


async def read(session, server):
    return await OpenDpeForecast(session, server.address).read()


async def test_days_have_a_colour_and_how_sure_it_is(session, server):
    server.forecast = [DAY, {"date": "2026-01-17", "couleur": "BLANC", "probability": 1}]
    assert list((await read(session, server)).values()) == [
        ForecastDay(date(2026, 1, 16), TempoColour.RED, 0.85),
        ForecastDay(date(2026, 1, 17), TempoColour.WHITE, 1.0),
    ]


@pytest.mark.parametrize("odd", [None, True, "0.5", -0.1, 85, float("1e9")])
async def test_a_probability_that_is_none_is_not_known(session, server, odd):
    server.forecast = [{**DAY, "probability": odd}]
    assert (await read(session, server))[date(2026, 1, 16)].probability is None


async def test_a_day_without_a_colour_is_left_out(session, server):
    server.forecast = [DAY, {**DAY, "date": "soon"}, {**DAY, "couleur": "vert"}, 5, {}]
    assert list(await read(session, server)) == [date(2026, 1, 16)]


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
async def test_whatever_goes_wrong_has_a_name(session, server, failure, monkeypatch):
    monkeypatch.setattr(
        "custom_components.med_exporter.sources.web.TIMEOUT", timedelta(seconds=0.2)
    )
    server.forecast = [DAY]
    server.fail("forecast", failure=failure)
    with pytest.raises(SourceError):
        await read(session, server)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(sorted(DAY)) | st.text(), inner)
    ),
)


@given(json_values)
def test_no_entry_does_any_harm(entry):
    with suppress(SourceError):
        day = tempo_forecast._day(entry)
        assert day is None or ForecastDay.from_stored(day.to_stored()) == day

"""A user's template says what it says, and cannot hold up or fill the house."""

from __future__ import annotations

import asyncio
import time

import pytest
from homeassistant.helpers.template import Template

from custom_components.med_exporter.delivery import rendering
from custom_components.med_exporter.delivery.errors import DeliveryError
from custom_components.med_exporter.delivery.rendering import async_render

VALUES = {"date": "2026-01-20", "total_kwh": 2.5, "rows": 3}

COMMON = [
    "{{ (total_kwh * 2) | round(1) }} kWh on {{ date }}",
    "{{ states('sensor.power') | float(0) * 1.2 }}",
    "{{ '%.2f' | format(total_kwh) }} {{ '%05.1f' % total_kwh }} {{ '{:>8.3f}'.format(rows) }}",
    "{% for one in states.sensor | list %}{{ (loop.index | int) * 2 }}{% endfor %}",
    "{{ rows // 2 }} {{ rows % 2 == 1 }} {{ 10 ** 3 }} {{ (rows - 1) * 2 }}",
    "{% set x = now().year | int %}{{ x + 1 }}{{ 'a' ~ 'b' | indent(4) }}",
    "{{ date.split('-') | join('/') }} 100 % : 2026",
]


@pytest.mark.parametrize("text", COMMON)
async def test_what_people_write_is_rendered(hass, text):
    hass.states.async_set("sensor.power", "12.5")
    expected = Template(text, hass).async_render(VALUES, parse_result=False)
    assert await async_render(hass, text, VALUES) == expected


MULTIPLIED = (
    "{{% set n = namespace(x=9) %}}{{% for i in range(60) %}}{{% set n.x = {} %}}{{% endfor %}}"
)


@pytest.mark.parametrize(
    "text",
    [
        "{{ 'x' * 2000000000 }}",
        "{{ 2000000000 * 'x' }}",
        "{{ states|list*100000 }}",
        "{% set x = 'x' %}{{ x * 1000000000 }}",
        "{% set x = [1] %}{{ (x + x) * 1000000000 }}",
        "{{ 'x' | center(1000000000) }}",
        "{{ 'x'.ljust(1000000000) }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '%*d' % (1000000000, 1) }}",
        "{{ '%.1000000000f' | format(1) }}",
        "{{ '{:1000000000}'.format(1) }}",
        "{{ '{:{w}}'.format(1, w=1000000000) }}",
        "{% set f = '{:1000000000}' %}{{ f.format(1) }}",
        "{{ ('a' ~ 'b') % 1 }}",
        "{{ 10 ** 10 ** 10 }}",
        "{{ ((10 ** 10) ** 10) ** 10 }}",
        "{{ 'a\nb' | indent(1000000000) }}",
        "{{ lipsum(100000) }}",
        MULTIPLIED.format("(n.x | int) * (n.x | int)"),
        MULTIPLIED.format("(n.x | int) ** 9"),
        "{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' | regex_match('(a+)+$') }}",
        "{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' is match('(a+)+$') }}",
    ],
)
async def test_one_step_that_grows_without_end_is_refused_before_it_is_done(hass, text):
    with pytest.raises(DeliveryError) as error:
        await async_render(hass, text, VALUES)
    assert error.value.code == "GROWING_TEMPLATE"


LONG = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
DOUBLING = (
    "{% set n = namespace(x='xxxxxxxxxxxxxxxx') %}"
    "{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}"
)


@pytest.mark.parametrize("text", [LONG, DOUBLING])
async def test_many_steps_are_ended_and_the_house_goes_on(hass, monkeypatch, text):
    monkeypatch.setattr(rendering, "SECONDS", 0.3)
    turns = 0

    async def house():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    going_on = asyncio.ensure_future(house())
    begun = time.monotonic()
    with pytest.raises(DeliveryError) as error:
        await async_render(hass, text, VALUES)
    going_on.cancel()
    assert error.value.code == "HEAVY_TEMPLATE"
    assert turns > 10
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize("text", ["{{ date", "{{ date | nothing }}", "{% for %}", "{{ 1 / 0 }}"])
async def test_what_cannot_be_read_or_fails_is_named(hass, text):
    with pytest.raises(DeliveryError) as error:
        await async_render(hass, text, VALUES)
    assert error.value.code == "INVALID_TEMPLATE"


async def test_what_says_more_than_anyone_reads_is_refused(hass):
    with pytest.raises(DeliveryError) as error:
        await async_render(hass, "{{ range(20000) | list }}", VALUES)
    assert error.value.code == "HEAVY_TEMPLATE"

"""A user's template says what it says, and cannot hold up or fill the house."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

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
    "{{ ', '.join(['a', 'b']) }} {{ [1, 2] | join }} {{ date | replace('-', ' / ') }}",
    "{{ states.sensor | map(attribute='name') | join(', ') }}",
    "{{ [1.26] | map('round', 1) | list }}",
    "{{ as_datetime(date).strftime('%d %B %Y') }} {{ 0 | timestamp_custom('%H:%M', true) }}",
    "{{ now().replace(hour=0, minute=0).timestamp() | int }} {{ [1, 2, 3] | batch(2, 0) | list }}",
    "{{ states['sensor']['power'].state }} {{ {'a': {'b': 1}}['a']['b'] }} {{ [1] | tojson }}",
    "{% set d = {'a': 1} %}{{ d.get('a') }} {{ d.items() | list }} {{ 'A b' | slugify('-') }}",
    (
        "{% set ns = namespace(rows=[], all='') %}{% for i in range(500) %}{% set ns.rows ="
        " ns.rows + [i] %}{% set ns.all = ns.all ~ ',' ~ i %}{% endfor %}{{ ns.all }}"
    ),
    "{% set body %}{% for i in range(900) %}{{ i }} €, {% endfor %}{% endset %}{{ body }}",
    "{% macro cost(x) %}{{ '%.2f' % (x | float) }} €{% endmacro %}{{ cost(1) }}",
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
        "{{ ['x'] | map('center', 1000000000) | list }}",
        "{{ ['x'] | map('cen' ~ 'ter', 1000000000) | list }}",
        "{{ [['x']] | map('join', states | string) | list }}",
        "{{ 'x'['center'](1000000000) }}",
        "{{ 'x'['cen' ~ 'ter'](1000000000) }}",
        "{{ ('x' | attr('center'))(1000000000) }}",
        "{% set a = 'cen' ~ 'ter' %}{% set f = 'x' | attr(a) %}{{ f(1000000000) }}",
        "{% set f = 'x'.center %}{{ f(1000000000) }}",
        "{% set f = 'x'['ljust'] %}{{ f(1000000000) }}",
        "{{ 1000000000 | apply('x'.zfill) }}",
        "{% set s = 'xxxxxxxxx' %}{{ s.replace('x', s) }}",
        "{% set s = 'xxxxxxxxx' %}{{ s | replace('x', s) }}",
        "{% set s = 'xxxxxxxxx' %}{{ s.join(s) }}",
        "{% set s = 'xxxxxxxxx' %}{{ s | join(s) }}",
        "{% set s = 'xxxxxxxxx' %}{{ s.translate({120: s}) }}",
        "{% set s = 'xxxxxxxxx' %}{{ s | slugify(s) }}",
        "{{ [1] | batch(1000000000, 0) | list }}",
        "{{ [1] | batch(1000000000, fill_with=0) | list }}",
        "{{ [1] | tojson(indent=1000000000) }}",
        "{{ 'x' | indent('y' ~ states) }}",
        "{{ pack(0, '1000000000xB') }}",
        "{{ 0 | pack('1000000000xB') }}",
        "{{ now().strftime('%0999999999d') }}",
        "{{ 0 | timestamp_custom('%0999999999d') }}",
        "{{ timestamp_custom(0, '%0999999999d') }}",
        "{{ (1).to_bytes(1000000000, 'big') }}",
        "{{ '" + "{0}" * 3_000 + "'.format('x') }}",
        "{{ '" + "%s" * 3_000 + "' % 'x' }}",
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


def kept(first: str, grown: str, used: str) -> str:
    """Return a template that lets a value grow in small steps, and then takes one on it."""
    return (
        f"{{% set n = namespace(x={first}, y={first}) %}}{{% for i in range(60) %}}"
        f"{{% set n.x = {grown} %}}{{% set n.y = {grown.replace('x', 'y')} %}}"
        f"{{% if i == ROUND %}}{{{{ {used} }}}}{{% endif %}}{{% endfor %}}"
    )


TEXT = ("'aaaaaaaaaaaaaaaa'", "n.x ~ n.x")
LIST = ("[1, 2]", "n.x + n.x")
NESTED = ("[1]", "[n.x, n.x]")


@pytest.mark.parametrize(
    "text",
    [
        *(kept(*TEXT, used).replace("ROUND", "22") for used in (
            "n.x.split('a') | count", "n.x | list | count", "n.x | title | count",
            "n.x | urlize | count", "n.x | wordwrap(1) | count",
        )),
        *(kept(*LIST, used).replace("ROUND", "22") for used in ("n.x | sort", "n.x | string")),
        *(kept(*NESTED, used).replace("ROUND", "58") for used in (
            "n.x == n.y", "n.x", "n.x | tojson", "n.x | flatten", "{'a': n.x} == {'a': n.y}",
        )),
        ("{% set n = namespace(x='aaaaaaaaaaaaaaaa') %}{% for i in range(25) %}{% set n.x %}"
        "{{ n.x }}{{ n.x }}{% endset %}{% endfor %}{{ n.x | title | count }}"),
        ("{% macro m(x, i) %}{% if i %}{{ m(x ~ x, i - 1) }}{% else %}{{ x.split('a') | count }}"
        "{% endif %}{% endmacro %}{{ m('aaaaaaaaaaaaaaaa', 22) }}"),
        ("{% macro m(x, y, i) %}{% if i %}{{ m([x, x], [y, y], i - 1) }}{% else %}{{ x == y }}"
        "{% endif %}{% endmacro %}{{ m([1], [1], 60) }}"),
    ],
)  # fmt: skip
async def test_what_it_keeps_never_becomes_so_large_that_one_step_takes_long(hass, text):
    begun = time.process_time()
    with pytest.raises(DeliveryError) as error:
        await async_render(hass, text, VALUES)
    assert error.value.code == "HEAVY_TEMPLATE"
    assert time.process_time() - begun < 0.7


async def test_an_expression_of_many_parts_is_refused(hass):
    text = "{% set x = 'a' %}{{ (" + " ~ ".join(["x"] * 200) + ").split('a') | count }}"
    with pytest.raises(DeliveryError) as error:
        await async_render(hass, text, VALUES)
    assert error.value.code == "GROWING_TEMPLATE"


LONG = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"


async def test_many_steps_are_ended_and_the_house_goes_on(hass, monkeypatch):
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
        await async_render(hass, LONG, VALUES)
    going_on.cancel()
    assert error.value.code == "HEAVY_TEMPLATE"
    assert turns > 10
    assert time.monotonic() - begun < 30


async def test_one_that_is_ended_at_its_very_last_word_is_ended(hass, monkeypatch):
    monkeypatch.setattr(rendering, "SECONDS", 0.0)
    monkeypatch.setattr(rendering, "_LOOK_SECONDS", 0.0)
    for _ in range(200):
        with suppress(DeliveryError):
            await asyncio.wait_for(async_render(hass, "{{ date }}", VALUES), 5)


@pytest.mark.parametrize("text", ["{{ date", "{{ date | nothing }}", "{% for %}", "{{ 1 / 0 }}"])
async def test_what_cannot_be_read_or_fails_is_named(hass, text):
    with pytest.raises(DeliveryError) as error:
        await async_render(hass, text, VALUES)
    assert error.value.code == "INVALID_TEMPLATE"


async def test_what_says_more_than_anyone_reads_is_refused(hass):
    with pytest.raises(DeliveryError) as error:
        await async_render(hass, "{{ range(20000) | list }}", VALUES)
    assert error.value.code == "HEAVY_TEMPLATE"

"""Rendering a user's template, whatever it does, without holding up the house.

Home Assistant's own limits are for templates of administrators who look at the result. These run by
themselves, from a request that any user may make.
"""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from homeassistant.exceptions import TemplateError
from homeassistant.helpers.template import Template
from homeassistant.util.thread import ThreadWithException
from jinja2 import Environment, TemplateSyntaxError, nodes

from .errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from homeassistant.core import HomeAssistant

SECONDS: Final = 5.0
"""How long a template may take; those that people write take milliseconds."""

MOST_CHARACTERS: Final = 100_000
"""How much a template may say."""

_LARGEST_GROWTH: Final = 128 * 1024 * 1024
_LOOK_SECONDS: Final = 0.02

# As Home Assistant reads them, but that nothing is worked out while reading.
_READER: Final = Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])  # noqa: S701
_ARITHMETIC: Final = (nodes.Mul, nodes.Mod, nodes.Pow)
_NUMERIC_FILTERS: Final = frozenset({"abs", "count", "float", "int", "length", "round"})
_FRACTIONS: Final = frozenset({"total_cost", "total_kwh"})
_NUMBERS: Final = _FRACTIONS | {"rows"}
# Lists of a length that is asked for; expressions whose search ends in no time that anyone waits.
_ENDLESS: Final = frozenset(
    {
        "lipsum",
        "match",
        "regex_findall",
        "regex_findall_index",
        "regex_match",
        "regex_replace",
        "regex_search",
        "search",
    }
)
_FORMATS: Final = frozenset({"format", "format_map"})
_PADDING: Final = frozenset({"center", "expandtabs", "indent", "ljust", "rjust", "zfill"})
# A width or precision of four digits, or one that is given from outside.
_WIDE: Final = re.compile(r"[%:][^a-zA-Z{}]*(?:\d{4}|\*)|\{[^}]*\{")
_LARGEST_POWER: Final = 10
_WIDEST: Final = 999


async def async_render(
    hass: HomeAssistant, text: str, values: Mapping[str, Any], *, strict: bool = False
) -> str:
    """Return what a template says.

    It is rendered in a thread of its own, which is ended when it takes too long, or when the memory
    of the process grows by more than any message needs.

    Args:
        hass: Home Assistant, which the template may read.
        text: the template.
        values: variables.
        strict: whether an unknown name is an error.

    Raises DeliveryError `GROWING_TEMPLATE`, `HEAVY_TEMPLATE`, or `INVALID_TEMPLATE` for one that
    cannot be read or fails.

    """
    check_growth(text)
    template = Template(text, hass)
    ended = asyncio.Event()
    outcome: list[str | BaseException] = []

    def render() -> None:
        try:
            outcome.append(_rendered(template, values, strict=strict))
        except Exception as err:  # noqa: BLE001
            outcome.append(err)
        finally:
            hass.loop.call_soon_threadsafe(ended.set)

    thread = ThreadWithException(target=render, daemon=True)
    is_too_much = False
    limit, deadline = _memory() + _LARGEST_GROWTH, time.monotonic() + SECONDS
    thread.start()
    while not ended.is_set():
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                await ended.wait()
        except TimeoutError:
            if time.monotonic() > deadline or _memory() > limit:
                is_too_much = True
                # Again and again, since a template's own functions may catch it.
                _end(thread)
    (found,) = outcome
    if is_too_much or (isinstance(found, str) and len(found) > MOST_CHARACTERS):
        raise DeliveryError("heavy_template", seconds=int(SECONDS), limit=MOST_CHARACTERS)
    if isinstance(found, DeliveryError):
        raise found
    if isinstance(found, BaseException):
        raise DeliveryError("invalid_template", reason=found) from found
    return found


def _rendered(template: Template, values: Mapping[str, Any], *, strict: bool) -> str:
    try:
        template.ensure_valid()
    except TemplateError as err:
        raise DeliveryError("invalid_template", reason=err) from None
    said: str = template.async_render(values, parse_result=False, strict=strict)
    return said


def check_growth(text: str) -> None:
    """Refuse what one step of a template can fill the memory with, which no limit of time ends.

    Texts and lists are not multiplied, nor padded to a width that nobody reads; that an operand is
    a number has to be seen, as in `(x | float) * 2`.

    Raises DeliveryError `GROWING_TEMPLATE` or `INVALID_TEMPLATE`.
    """
    try:
        tree = _READER.parse(text)
    except (TemplateSyntaxError, RecursionError) as err:
        raise DeliveryError("invalid_template", reason=str(err) or "too deep") from err
    for step in _growing(tree):
        raise DeliveryError("growing_template", step=step)


def _growing(tree: nodes.Template) -> Iterator[str]:
    """Give each step that may make much out of little."""
    for sum_ in tree.find_all(_ARITHMETIC):
        if not _is_bounded(sum_):
            yield sum_.operator
    for call in tree.find_all(nodes.Filter):
        if call.name in _ENDLESS or (call.name in _FORMATS and not _is_narrow(call.node)):
            yield call.name
        if call.name in _PADDING and not all(_is_narrow_width(one) for one in call.args):
            yield call.name
    for method in tree.find_all(nodes.Getattr):
        if method.attr in _PADDING or (method.attr in _FORMATS and not _is_narrow(method.node)):
            yield method.attr
    named = [name.name for name in tree.find_all(nodes.Name)]
    named += [test.name for test in tree.find_all(nodes.Test)]
    yield from _ENDLESS.intersection(named)


def _is_bounded(sum_: nodes.BinExpr) -> bool:
    """Return whether it is seen that numbers are multiplied that do not grow without end.

    Those with a fraction do not; whole ones do, when they are multiplied with themselves.
    """
    left, right = sum_.left, sum_.right
    if isinstance(sum_, nodes.Mod):
        return _is_narrow(left) or (_is_number(left) and _is_number(right))
    has_fraction = _has_fraction(left) or _has_fraction(right)
    if isinstance(sum_, nodes.Pow):
        return (_has_fraction(left) or isinstance(left, nodes.Const)) and _is_small(right)
    is_known = has_fraction or isinstance(left, nodes.Const) or isinstance(right, nodes.Const)
    return is_known and _is_number(left) and _is_number(right)


def _has_fraction(node: nodes.Node) -> bool:
    """Return whether it is seen that this number is none of the whole ones."""
    match node:
        case nodes.Const(value=value):
            return isinstance(value, float)
        case nodes.Name(name=name):
            return name in _FRACTIONS
        case nodes.Filter(name="float") | nodes.Call(node=nodes.Name(name="float")) | nodes.Div():
            return True
        case nodes.UnaryExpr(node=inner):
            return _has_fraction(inner)
        case nodes.Add() | nodes.Sub() | nodes.Mul():
            return _has_fraction(node.left) or _has_fraction(node.right)
    return False


def _is_number(node: nodes.Node | None) -> bool:
    """Return whether it is seen that this is a number."""
    match node:
        case nodes.Const(value=value):
            return isinstance(value, int | float)
        case nodes.Name(name=name):
            return name in _NUMBERS
        case nodes.Filter(name=name) | nodes.Call(node=nodes.Name(name=name)):
            return name in _NUMERIC_FILTERS
        case nodes.UnaryExpr(node=inner):
            return _is_number(inner)
        case nodes.Add() | nodes.Mul() | nodes.Pow() | nodes.Mod():
            return _is_number(node.left) and _is_number(node.right)
    # Nothing else can be subtracted or divided.
    return isinstance(node, nodes.Sub | nodes.Div | nodes.FloorDiv)


def _is_small(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Const) and abs(node.value) <= _LARGEST_POWER


def _is_narrow(node: nodes.Node | None) -> bool:
    """Return whether it is a text whose fields have the width that people give them."""
    return (
        isinstance(node, nodes.Const)
        and isinstance(node.value, str)
        and _WIDE.search(node.value) is None
    )


def _is_narrow_width(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Const) and (
        not isinstance(node.value, int) or node.value <= _WIDEST
    )


def _end(thread: ThreadWithException) -> None:
    try:
        thread.raise_exc(TimeoutError)
    except ValueError:
        # It has just ended by itself.
        return


def _memory() -> int:
    """Return the bytes that this process holds; 0 where the system does not tell."""
    try:
        pages = Path("/proc/self/statm").read_text().split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * 4096

"""Rendering a user's template, whatever it does, without holding up the house.

Home Assistant's own limits are for templates of administrators who look at the result. These run by
themselves, from a request that any user may make.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from homeassistant.exceptions import TemplateError
from homeassistant.helpers.template import Template
from homeassistant.util.thread import ThreadWithException

from .errors import DeliveryError
from .growth import check_growth
from .holding import HeavyValueError, small_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.core import HomeAssistant

SECONDS: Final = 5.0
"""How long a template may take; those that people write take milliseconds."""

MOST_CHARACTERS: Final = 100_000
"""How much a template may say."""

_LARGEST_GROWTH: Final = 64 * 1024 * 1024
_LOOK_SECONDS: Final = 0.02


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
    template = Template(text, hass)
    ended = asyncio.Event()
    outcome: list[str | BaseException] = []

    def render() -> None:
        try:
            with small_values(check_growth(text)):
                outcome.append(_rendered(template, values, strict=strict))
        except Exception as err:  # noqa: BLE001
            outcome.append(err)
        finally:
            hass.loop.call_soon_threadsafe(ended.set)

    def run() -> None:
        # What ends it may come when it has just ended.
        with suppress(TimeoutError):
            render()

    thread = ThreadWithException(target=run, daemon=True)
    is_too_much = False
    limit, deadline = _memory() + _LARGEST_GROWTH, time.monotonic() + SECONDS
    thread.start()
    # What ends it may reach it at its own last words, which are not said then.
    while not ended.is_set() and thread.is_alive():
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                await ended.wait()
        except TimeoutError:
            if not outcome and (time.monotonic() > deadline or _memory() > limit):
                is_too_much = True
                # Again and again, since a template's own functions may catch it.
                _end(thread)
    found = outcome[0] if outcome else TimeoutError()
    if is_too_much or _is_heavy(found):
        raise DeliveryError("heavy_template", seconds=int(SECONDS), limit=MOST_CHARACTERS)
    if isinstance(found, DeliveryError):
        raise found
    if isinstance(found, BaseException):
        raise DeliveryError("invalid_template", reason=found) from found
    return found


def _is_heavy(found: str | BaseException) -> bool:
    if isinstance(found, str):
        return len(found) > MOST_CHARACTERS
    return isinstance(found, HeavyValueError) or isinstance(found.__cause__, HeavyValueError)


def _rendered(template: Template, values: Mapping[str, Any], *, strict: bool) -> str:
    try:
        template.ensure_valid()
    except TemplateError as err:
        raise DeliveryError("invalid_template", reason=err) from None
    said: str = template.async_render(values, parse_result=False, strict=strict)
    return said


def _end(thread: ThreadWithException) -> None:
    try:
        thread.raise_exc(TimeoutError)
    except (SystemError, ValueError):
        # It has just ended by itself.
        return


def _memory() -> int:
    """Return the bytes that this process holds; 0 where the system does not tell."""
    try:
        pages = Path("/proc/self/statm").read_text().split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * 4096

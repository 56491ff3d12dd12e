"""Wakes somebody at times of the day, whatever leaps the machine's clock makes meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from homeassistant.core import HassJob, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from .certain import certain_time
from .local import certain_now

if TYPE_CHECKING:
    from collections.abc import Callable

    from homeassistant.core import CALLBACK_TYPE, HomeAssistant

LONGEST_NAP: Final = timedelta(minutes=10)
"""Who sleeps longer may wake by a clock that has been put right since."""


@callback
def async_look_again(
    hass: HomeAssistant, look: Callable[[datetime], None], due: datetime
) -> CALLBACK_TYPE:
    """Call what looks whether a moment, aware, has come; return what ends that.

    It is called before that moment too, since the clock may be put right until then.
    """
    nap = max(min(due - certain_now(hass), LONGEST_NAP), timedelta())
    return async_call_later(hass, nap, HassJob(look, cancel_on_shutdown=True))


@callback
def async_track_due(
    hass: HomeAssistant,
    action: Callable[[datetime], None],
    *,
    hour: int | None = None,
    minute: int,
) -> CALLBACK_TYPE:
    """Call an action whenever the local clock shows a time, and return what ends that.

    Home Assistant's own tracking sleeps until a moment of the wall clock: one that was planned
    while a clock was a year ahead comes in a year. This looks again in between, and does not follow
    a clock that is ahead for a moment.

    Args:
        hass: Home Assistant.
        action: called in the event loop with the local time.
        hour: of the day; None for each hour.
        minute: of the hour.

    """
    looked = certain_now(hass)
    wake: CALLBACK_TYPE

    def after(moment: datetime) -> datetime:
        local = dt_util.as_local(moment + timedelta(seconds=1))
        hours = list(range(24)) if hour is None else [hour]
        return dt_util.find_next_time_expression_time(local, [0], [minute], hours)

    @callback
    def look(_: datetime) -> None:
        nonlocal looked
        now, before = certain_now(hass), certain_time(hass).told(looked)
        is_due = after(before) <= now
        # A clock that goes back for a moment brings no time again.
        looked = max(now, before)
        sleep()
        if is_due:
            action(dt_util.as_local(now))

    @callback
    def sleep() -> None:
        nonlocal wake
        wake = async_look_again(hass, look, after(looked))

    @callback
    def end() -> None:
        wake()

    sleep()
    return end

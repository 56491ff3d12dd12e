"""What a plug counts in a month, it forgets when that ends: its own past tells it afterwards."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ..const import LOGGER
from ..sources.connection import KasaError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from ..sources.kasa import KasaHost
    from ..sources.plug import PlugSample
    from .polled import PlugState

# The reading waits for it.
_ANSWERS_WITHIN: Final = 5


async def async_with_ended_months(
    link: KasaHost, samples: Iterable[PlugSample], plugs: Mapping[str, PlugState], now: datetime
) -> list[PlugSample]:
    """Return readings with what each plug tells of its months that have ended since the one before.

    Args:
        link: the host, connected, that was read just now.
        samples: its readings.
        plugs: what is known of them, by plug id; those that are not among them stay as they are.
        now: the local time.

    """
    return [
        await _with_ended(link, sample, plugs[sample.identity.plug_id], now)
        if sample.identity.plug_id in plugs
        else sample
        for sample in samples
    ]


async def _with_ended(
    link: KasaHost, sample: PlugSample, state: PlugState, now: datetime
) -> PlugSample:
    seen = sample.counters
    left = state.counter.month_left(seen, now)
    if left is None:
        return sample
    try:
        async with asyncio.timeout(_ANSWERS_WITHIN):
            told = await link.months(sample.identity.plug_id, left, (seen.clock or now).date())
    except (KasaError, TimeoutError) as err:
        LOGGER.debug("%s: no months of its own: %s", link.connection.host, err)
        return sample
    return replace(sample, counters=replace(seen, ended=told))

"""Long works in turn: one at a time stands in the recorder's queue."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from homeassistant.core import callback
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from .outcome import end_like, ignorable, succeeded
from .work import queue_work

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from homeassistant.core import HomeAssistant
    from sqlalchemy.engine import Connection

    from .schema import Schema

# What begins each work, in the order of their turns; the first one's has begun.
_DATA_TURNS: HassKey[deque[Callable[[], None]]] = HassKey(f"{DOMAIN}_database_turns")


@callback
def queue_in_turn[T](
    hass: HomeAssistant,
    schema: Schema | None,
    work: Callable[[Connection], T],
    committed: Callable[[T], None] | None = None,
) -> asyncio.Future[T]:
    """Let the recorder's thread do work that may take long, once other such work is done.

    What the house has to record meanwhile stands behind one of them, and not behind all. Arguments
    and result are those of `queue_work`; where nobody else's turn it is, it is queued at once. Who
    gives up waiting before its turn has it not done.
    """
    turns = hass.data.setdefault(_DATA_TURNS, deque())
    done: asyncio.Future[T] = ignorable(hass.loop.create_future())

    def begin() -> None:
        if done.cancelled():
            end_turn()
        else:
            queue_work(hass, schema, work, committed).add_done_callback(tell)

    def tell(worked: asyncio.Future[T]) -> None:
        if not done.done():
            if succeeded(worked):
                done.set_result(worked.result())
            else:
                end_like(done, worked)
        end_turn()

    def end_turn() -> None:
        turns.popleft()
        if turns:
            turns[0]()

    turns.append(begin)
    if len(turns) == 1:
        begin()
    return done

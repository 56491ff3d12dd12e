"""Waiting for the recorder's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.components.recorder.tasks import RecorderTask
from homeassistant.helpers.recorder import get_instance

from ..engine.lazy_dataclass import dataclass

if TYPE_CHECKING:
    import asyncio

    from homeassistant.components.recorder.core import Recorder
    from homeassistant.core import HomeAssistant


async def async_commit(hass: HomeAssistant) -> None:
    """Wait until the recorder's database holds all that the recorder was given until now.

    Its own `async_block_till_done` returns at once while the last of its queue is being handled.
    """
    done: asyncio.Future[None] = hass.loop.create_future()
    get_instance(hass).queue_task(_Reached(done))
    await done


@dataclass(slots=True)
class _Reached(RecorderTask):
    """A place in the queue; the recorder commits what came before it."""

    done: asyncio.Future[None]

    def run(self, instance: Recorder) -> None:
        """Tell that it was reached."""
        loop = instance.hass.loop
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        if not self.done.done():
            self.done.set_result(None)

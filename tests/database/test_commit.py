"""Waiting until the recorder's database holds what Home Assistant has given it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from homeassistant.components.recorder.tasks import RecorderTask
from homeassistant.helpers.recorder import get_instance

from custom_components.med_exporter.database.commit import async_commit


@dataclass(slots=True)
class Busy(RecorderTask):
    """Something that the recorder has begun and not ended."""

    begun: threading.Event = field(default_factory=threading.Event)
    may_end: threading.Event = field(default_factory=threading.Event)
    ended: bool = False

    def run(self, instance):
        self.begun.set()
        self.may_end.wait(60)
        self.ended = True


async def test_what_is_being_handled_is_waited_for(hass):
    busy = Busy()
    get_instance(hass).queue_task(busy)
    await hass.async_add_executor_job(busy.begun.wait, 60)
    waiting = hass.async_create_task(async_commit(hass), eager_start=True)
    busy.may_end.set()
    await waiting
    assert busy.ended

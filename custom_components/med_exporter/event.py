"""Events, by what the config entry stands for."""

from __future__ import annotations

from functools import partial

from homeassistant.const import Platform

from .platforms import async_add_entities_of

PARALLEL_UPDATES = 0

async_setup_entry = partial(async_add_entities_of, Platform.EVENT)

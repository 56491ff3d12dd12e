"""What the whole installation shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .destinations.push import PushRunner
from .exports.jobs import JobManager
from .history.history import History
from .vault import async_get_vault

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

    from .vault import Vault


@dataclass(frozen=True, kw_only=True, slots=True)
class Exporter:
    """The history of all exports, the file jobs, the pushes and the key to the secrets."""

    history: History
    jobs: JobManager
    pushes: PushRunner
    vault: Vault


DATA_EXPORTER: HassKey[Exporter] = HassKey(DOMAIN)


async def async_create_exporter(hass: HomeAssistant) -> Exporter:
    """Set up what the whole installation shares."""
    history = History(hass)
    history.async_setup()
    jobs = JobManager(hass, history)
    await jobs.async_setup()
    pushes = PushRunner(hass, history)
    pushes.async_setup()
    return Exporter(history=history, jobs=jobs, pushes=pushes, vault=await async_get_vault(hass))

"""Metering points for tests, each set up through the real config flow with emulated plugs."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from freezegun import api, freeze_time
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.ledger import DATA_LEDGER
from custom_components.med_exporter.metering import coordinator as coordinator_module
from custom_components.med_exporter.sources.kasa import configuration, connecting

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from freezegun.api import FrozenDateTimeFactory
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

PDL = "12345678901234"
PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 11, 20, 12, tzinfo=PARIS)
# How long a database may be busy that has not been stopped, in seconds.
_BUSY = 10


@pytest.fixture
def brief_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for plugs on loopback for less long than for those on a bad radio link."""
    monkeypatch.setattr(configuration, "_QUERY_TIMEOUT", 1)
    monkeypatch.setattr(connecting, "DISCOVERY_TIMEOUT", 0.5)
    monkeypatch.setattr(connecting, "CONNECT_LIMIT", 4)
    monkeypatch.setattr(coordinator_module, "_POLL_LIMIT", 1.5)
    monkeypatch.setattr(coordinator_module, "_PATIENCE", 0.2)


class HouseClock:
    """The time of Home Assistant, its timers and the plugs; it moves only when told to.

    Waits for an answer are real: nothing is under way while the clock moves.
    """

    def __init__(self, frozen: FrozenDateTimeFactory) -> None:
        self._frozen = frozen
        self._moved = 0.0

    def loop_time(self) -> float:
        """Stand in for the event loop's own clock."""
        return api.real_monotonic() + self._moved

    def tick(self, seconds: float) -> None:
        """Move the clock; timers that are due fire as soon as the loop runs."""
        self._frozen.tick(seconds)
        self._moved += seconds

    def jump(self, by: timedelta) -> None:
        """Put the machine's clock wrong, or right again; no time passes."""
        self._frozen.tick(by)

    def move_to(self, when: datetime) -> None:
        """Move the clock ahead to a time."""
        self.tick((when - dt_util.utcnow()).total_seconds())


@pytest.fixture
async def clock() -> AsyncGenerator[HouseClock]:
    """Stop the clock at noon in Paris on 20 November 2026."""
    with freeze_time(NOON) as frozen:
        clock = HouseClock(frozen)
        # The loop ends with the test; set back, its clock would strand what is still waited for.
        asyncio.get_running_loop().time = clock.loop_time
        yield clock


async def settle(hass: HomeAssistant) -> None:
    """Let the timers that are due fire, and wait for all that they start.

    What the ledger was told is booked then: a part at a time, of which the next may not be queued.
    """
    await asyncio.sleep(0)
    await hass.async_block_till_done(wait_background_tasks=True)
    ledger = hass.data.get(DATA_LEDGER)
    while ledger is not None and (booking := ledger._bookings.booking) is not None:
        _, waits = await asyncio.wait([booking], timeout=_BUSY)
        if waits:
            # A test keeps the database busy.
            return
        await hass.async_block_till_done(wait_background_tasks=True)


async def start_flow(hass: HomeAssistant, kind: str = "kasa") -> dict[str, Any]:
    """Open the menu, choose, and return the first form."""
    menu = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    return await hass.config_entries.flow.async_configure(menu["flow_id"], {"next_step_id": kind})


async def answer(
    hass: HomeAssistant, flow: dict[str, Any], user_input: dict[str, Any]
) -> dict[str, Any]:
    """Fill in the form that a flow shows."""
    return await hass.config_entries.flow.async_configure(flow["flow_id"], user_input)


async def add_metering_point(
    hass: HomeAssistant,
    *hosts: str,
    pdl: str = PDL,
    name: str = "House",
    roles: dict[str, str] | None = None,
    rated_power: dict[str, float] | None = None,
    **login: str,
) -> ConfigEntry:
    """Set up a metering point; roles and rated powers go by the plug's name.

    `username` and `password` are for newer plugs.
    """
    flow = await answer(
        hass, await start_flow(hass), {"name": name, "pdl": pdl, "hosts": list(hosts), **login}
    )
    assert flow["step_id"] == "kasa_plugs", flow["errors"]
    powers = {f"{plug} (W)": power for plug, power in (rated_power or {}).items()}
    flow = await answer(hass, flow, {**(roles or {}), **powers})
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    return flow["result"]


async def start_reconfigure(hass: HomeAssistant, entry: ConfigEntry) -> dict[str, Any]:
    """Open the form that changes an entry."""
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    )


async def poll(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Let the coordinator run one round, and whatever it started in the background."""
    await entry.runtime_data.coordinator.async_refresh()
    await settle(hass)


def device_of(hass: HomeAssistant, entry: ConfigEntry, key: str) -> dr.DeviceEntry | None:
    """Return the device that a plug, or the metering point itself, has become."""
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return next((device for device in devices if (DOMAIN, key) in device.identifiers), None)


def entity_of(hass: HomeAssistant, plug_id: str, key: str, platform: str = "sensor") -> str:
    """Return the entity id of a plug's entity."""
    entity_id = er.async_get(hass).async_get_entity_id(platform, DOMAIN, f"{plug_id}_{key}")
    assert entity_id is not None
    return entity_id


def value_of(hass: HomeAssistant, entity_id: str) -> float:
    """Return the state of a sensor as a number."""
    state = hass.states.get(entity_id)
    assert state is not None
    return float(state.state)

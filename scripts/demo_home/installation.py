"""Sets the integration up as a user would: through its config flows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .household import APPLIANCES, NAME, PDL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.real_home import RealHome

    from .household import Appliance, Household

USERNAME: Final = "demo"
PASSWORD: Final = "demo"
DOMAIN: Final = "med_exporter"
TOPIC_PREFIX: Final = "med_exporter"

_RECORDED_KEYS: Final = ("power", "voltage", "current", "energy", "relay")


async def add_metering_point(home: RealHome, household: Household) -> str:
    """Add the three plugs, each with its role and rated power; return the entry's id.

    Raises FlowError.
    """
    entry = await home.flow(
        DOMAIN,
        {"next_step_id": "kasa"},
        {"name": NAME, "pdl": PDL, "hosts": household.addresses},
        {one.name: one.role for one in APPLIANCES}
        | {f"{one.name} (W)": one.rated_power for one in APPLIANCES},
    )
    return str(entry["entry_id"])


async def add_broker(home: RealHome, port: int) -> str:
    """Add the broker as a destination with the flow's own defaults; return the entry's id.

    Raises FlowError.
    """
    entry = await home.flow(
        DOMAIN,
        {"next_step_id": "mqtt"},
        {"broker": f"mqtt://127.0.0.1:{port}", "topic_prefix": TOPIC_PREFIX},
    )
    return str(entry["entry_id"])


async def plug_entity_ids(
    home: RealHome, appliances: Iterable[Appliance] = APPLIANCES
) -> dict[str, dict[str, str]]:
    """Return, by the name of the appliance, the entity id of each key whose states are recorded."""
    registered = await home.entity_ids(DOMAIN)
    return {
        appliance.name: {
            key: registered[f"{appliance.mac.replace(':', '').lower()}_{key}"]
            for key in _RECORDED_KEYS
        }
        for appliance in appliances
    }

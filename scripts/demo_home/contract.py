"""An electricity contract with six Tempo prices, entered in the metering point's options."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from tests.grid_server import GridServer
    from tests.real_home import RealHome

# In euros per kWh, of the size that a French household pays.
PRICES: Final = {
    "blue": {"off_peak": 0.1325, "peak": 0.1612},
    "white": {"off_peak": 0.1499, "peak": 0.1871},
    "red": {"off_peak": 0.1575, "peak": 0.706},
}
STANDING_CHARGE: Final = 15.5
FEED_IN: Final = 0.04


async def add_contract(home: RealHome, entry_id: str, valid_from: date) -> None:
    """Enter the contract for a metering point. Raises FlowError."""
    prices = {
        f"{colour}_{hours}": price
        for colour, of_colour in PRICES.items()
        for hours, price in of_colour.items()
    }
    await home.options_flow(
        entry_id,
        {"next_step_id": "contracts"},
        {"next_step_id": "add_contract"},
        {
            "valid_from": valid_from.isoformat(),
            "kind": "tempo",
            "standing_charge": STANDING_CHARGE,
            "feed_in": FEED_IN,
        },
        prices,
    )


def write_tariff(path: Path, server: GridServer) -> None:
    """Write prices and colours to a file, for a program that prices energy by itself."""
    tariff: dict[str, Any] = {
        "prices": PRICES,
        "feed_in": FEED_IN,
        "colours": {str(day): colour.lower() for day, colour in server.colours.items()},
    }
    path.write_text(json.dumps(tariff, indent=1), encoding="utf-8")

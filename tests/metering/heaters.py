"""A heater of one kilowatt on a newer plug, without a total, whose clock may be off."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.metering_points import NOON, PARIS
from tests.plug_emulator.smart import EmulatedSmartPlug

if TYPE_CHECKING:
    from tests.plug_emulator.smart import EnergyHistory


def heater(
    number: int, *, ahead: int = 0, history: EnergyHistory | None = None
) -> EmulatedSmartPlug:
    """Return a plug at 127.0.76.`number`; its clock is so many seconds ahead."""
    return EmulatedSmartPlug(
        host=f"127.0.76.{number}",
        mac=f"5C:62:8B:76:00:{number}",
        alias="Heater",
        load=1000.0,
        installed_at=NOON - timedelta(days=20),
        clock=lambda: datetime.now(PARIS) + timedelta(seconds=ahead),
        timezone=PARIS,
        history=history,
    )

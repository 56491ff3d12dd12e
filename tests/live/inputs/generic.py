"""An energy sensor of no plug, as a template makes one of a number that is set by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .house import House


class Generic:
    """A counter in a unit of energy; `settings` is what Home Assistant is to be given of it."""

    def __init__(self, name: str, unit: str = "kWh", number: str = "number") -> None:
        self.name, self.unit, self.entity_id = name, unit, f"sensor.{name}"
        self._shown = 0.0
        self._number = f"input_number.{name}_{number}"
        box = {"min": 0, "max": 1e12, "step": 1e-6, "mode": "box"}
        sensor = {
            "name": name,
            "unique_id": name,
            "state": f"{{{{ states('{self._number}') }}}}",
            # Not known before it is set.
            "availability": f"{{{{ states('{self._number}') | float(0) > 0 }}}}",
            "unit_of_measurement": unit,
            "device_class": "energy",
            "state_class": "total_increasing",
        }
        self.settings: dict[str, Any] = {
            "input_number": {f"{name}_{number}": box},
            "template": [{"sensor": [sensor]}],
        }

    async def count(self, here: House, value: float) -> float:
        """Let it show a number; return by how much it has grown. It begins at 0."""
        await here.home.post(
            "/api/services/input_number/set_value", {"entity_id": self._number, "value": value}
        )
        grown, self._shown = value - self._shown, value
        return grown

"""Write hours of energy to Home Assistant's long-term statistics."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from homeassistant.components.recorder.db_schema import StatisticsMeta
from homeassistant.components.recorder.models import StatisticData, StatisticMeanType
from homeassistant.components.recorder.statistics import async_add_external_statistics
from homeassistant.const import UnitOfEnergy
from homeassistant.core import callback
from homeassistant.util.unit_conversion import EnergyConverter

from ..const import DOMAIN

if TYPE_CHECKING:
    from homeassistant.components.recorder.models import StatisticMetaData
    from homeassistant.core import HomeAssistant

    from .closing import Plan


@callback
def write_statistics(hass: HomeAssistant, plan: Plan) -> None:
    """Queue the hours of a plan for the recorder, which stores them in one transaction."""
    metadata: dict[str, Any] = {
        "source": DOMAIN,
        "statistic_id": plan.series.statistic_id,
        "name": plan.name,
        "has_sum": True,
        "mean_type": StatisticMeanType.NONE,
        "unit_of_measurement": UnitOfEnergy.KILO_WATT_HOUR,
    }
    if hasattr(StatisticsMeta, "unit_class"):
        # Older versions store nothing where they meet a key that they do not know.
        metadata["unit_class"] = EnergyConverter.UNIT_CLASS
    rows: list[StatisticData] = [
        {"start": datetime.fromtimestamp(hour, UTC), "state": kwh, "sum": kwh}
        for hour, kwh in plan.sums
    ]
    async_add_external_statistics(hass, cast("StatisticMetaData", metadata), rows)

"""The recorder's own tables, as far as they are read here: described once for the whole engine."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Double, String, Text, column, table

STATES: Final = table(
    "states",
    column("state_id", BigInteger),
    column("metadata_id", BigInteger),
    column("last_updated_ts", Double),
    column("state", String),
    column("attributes_id", BigInteger),
)
"""The states of entities; `last_updated_ts` in UTC seconds."""

STATES_META: Final = table(
    "states_meta", column("metadata_id", BigInteger), column("entity_id", String)
)
"""The entities that have states."""

ATTRIBUTES: Final = table(
    "state_attributes", column("attributes_id", BigInteger), column("shared_attrs", Text)
)
"""The attributes of states, as JSON."""

HOURS: Final = table(
    "statistics",
    column("metadata_id", BigInteger),
    column("start_ts", Double),
    column("mean", Double),
    column("min", Double),
    column("max", Double),
    column("state", Double),
    column("sum", Double),
)
"""The hours of long-term statistics; `start_ts` in UTC seconds."""

HOURS_META: Final = table(
    "statistics_meta",
    column("id", BigInteger),
    column("statistic_id", String),
    column("unit_of_measurement", String),
    column("name", String),
)
"""What the hours are of."""

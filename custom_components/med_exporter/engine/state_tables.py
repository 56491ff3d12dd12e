"""The recorder's tables of states, as far as they are read."""

from __future__ import annotations

from sqlalchemy import BigInteger, Double, String, Text, column, table

META = table("states_meta", column("metadata_id", BigInteger), column("entity_id", String))
STATES = table(
    "states",
    column("state_id", BigInteger),
    column("metadata_id", BigInteger),
    column("last_updated_ts", Double),
    column("state", String),
    column("attributes_id", BigInteger),
)
ATTRIBUTES = table(
    "state_attributes", column("attributes_id", BigInteger), column("shared_attrs", Text)
)

"""A database that looks like the recorder's, filled by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Identity,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    select,
)

from custom_components.med_exporter.engine.costs.prices import keep_prices
from custom_components.med_exporter.engine.database.cost_tables import metadata as cost_tables
from custom_components.med_exporter.engine.database.cost_tables import tariffs_table
from custom_components.med_exporter.engine.database.own_tables import versions_table
from custom_components.med_exporter.ledger.tables import metadata as ledger_tables
from tests.ledger_rows import HalfHourRow, put_half_hours

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date
    from pathlib import Path

    from sqlalchemy import Connection

_ID = BigInteger().with_variant(Integer, "sqlite")
_TABLES = MetaData()
_META = Table(
    "states_meta",
    _TABLES,
    Column("metadata_id", _ID, Identity(), primary_key=True),
    Column("entity_id", String(255), unique=True),
)
_STATES = Table(
    "states",
    _TABLES,
    Column("state_id", _ID, Identity(), primary_key=True),
    Column("state", String(255)),
    Column("last_updated_ts", Double, index=True),
    Column("attributes_id", _ID),
    Column("metadata_id", _ID),
    Index("ix_states_metadata_id_last_updated_ts", "metadata_id", "last_updated_ts"),
)
_ATTRIBUTES = Table(
    "state_attributes",
    _TABLES,
    Column("attributes_id", _ID, Identity(), primary_key=True),
    Column("shared_attrs", Text),
)
_STATISTICS = MetaData()
_STATISTICS_META = Table(
    "statistics_meta",
    _STATISTICS,
    Column("id", _ID, Identity(), primary_key=True),
    Column("statistic_id", String(255), unique=True),
    Column("unit_of_measurement", String(255)),
    Column("name", String(255)),
)
_HOURS = Table(
    "statistics",
    _STATISTICS,
    Column("id", _ID, Identity(), primary_key=True),
    Column("metadata_id", _ID),
    Column("start_ts", Double),
    *(Column(name, Double) for name in ("mean", "min", "max", "state", "sum")),
    Index("ix_statistics_statistic_id_start_ts", "metadata_id", "start_ts", unique=True),
)

type State = float | str | None


class RecorderDatabase:
    """The tables `states` and `states_meta` with the columns and the index that matter.

    Args:
        url: SQLAlchemy URL of an empty database.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = create_engine(url)
        _TABLES.create_all(self.engine)

    @classmethod
    def in_folder(cls, folder: Path) -> RecorderDatabase:
        """Make a SQLite file in a folder."""
        return cls(f"sqlite:///{folder / 'home-assistant_v2.db'}")

    @property
    def connect(self):
        """Open a connection, as the engine asks for it."""
        return self.engine.connect

    def add(
        self, entity_id: str, states: Iterable[tuple[float, State]], unit: str | None = None
    ) -> None:
        """Add states of an entity: when (UTC seconds) and what, in a unit that they name."""
        self.write([entity_id], ((entity_id, moment, state, unit) for moment, state in states))

    def add_described(
        self, entity_id: str, states: Iterable[tuple[float, State, Mapping[str, object]]]
    ) -> None:
        """Add states of an entity: when (UTC seconds), what, and their attributes."""
        with self.engine.begin() as connection:
            number = self._number(connection, entity_id)
            for moment, state, shape in states:
                added = _ATTRIBUTES.insert().values(shared_attrs=json.dumps(shape))
                (attributes_id,) = connection.execute(added).inserted_primary_key
                connection.execute(
                    _STATES.insert().values(
                        metadata_id=number,
                        attributes_id=attributes_id,
                        last_updated_ts=moment,
                        state=str(state),
                    )
                )

    def write(
        self,
        entities: Iterable[str],
        states: Iterable[tuple[str, float, State, str | Mapping[str, object] | None]],
    ) -> None:
        """Let entities be known, and add states in the order in which they were written.

        Each is that of an entity: its id, when (UTC seconds), what, and the unit that it names, or
        all its attributes.
        """
        with self.engine.begin() as connection:
            numbers = {one: self._number(connection, one) for one in entities}
            attributes: dict[str, int] = {}
            rows = []
            for entity_id, moment, state, unit in states:
                told = {"unit_of_measurement": unit} if isinstance(unit, str) else unit
                text = json.dumps({**(told or {}), "friendly_name": entity_id})
                if told is not None and text not in attributes:
                    attributes[text] = connection.execute(
                        _ATTRIBUTES.insert().values(shared_attrs=text)
                    ).inserted_primary_key[0]
                rows.append({
                    "metadata_id": numbers[entity_id],
                    "attributes_id": None if told is None else attributes[text],
                    "last_updated_ts": moment,
                    "state": None if state is None else str(state),
                })  # fmt: skip
            if rows:
                connection.execute(_STATES.insert(), rows)

    @staticmethod
    def _number(connection: Connection, entity_id: str) -> int:
        """Return the id of an entity, which is known from now on."""
        found = connection.execute(
            select(_META.c.metadata_id).where(_META.c.entity_id == entity_id)
        ).scalar()
        if found is None:
            made = connection.execute(_META.insert().values(entity_id=entity_id))
            found = made.inserted_primary_key[0]
        return found

    def add_statistics(
        self,
        statistic_id: str,
        hours: Iterable[tuple[float, dict[str, float]]],
        unit: str | None = None,
        name: str | None = None,
    ) -> None:
        """Add hours to the long-term statistics: when they begin, and what is known of them."""
        with self.engine.begin() as connection:
            _STATISTICS.create_all(connection)
            number = connection.execute(
                _STATISTICS_META.insert().values(
                    statistic_id=statistic_id, unit_of_measurement=unit, name=name
                )
            ).inserted_primary_key[0]
            rows = [{"metadata_id": number, "start_ts": start, **hour} for start, hour in hours]
            if rows:
                connection.execute(_HOURS.insert(), rows)

    def add_half_hours(
        self,
        plug_id: str,
        half_hours: Iterable[tuple[float, float, float]],
        role: str = "consumption",
    ) -> None:
        """Add energies of a plug: when the half-hour begins, kWh, filled kWh."""
        rows = [
            HalfHourRow(plug_id, int(start), role, "house", kwh, filled)
            for start, kwh, filled in half_hours
        ]
        with self.engine.begin() as connection:
            put_half_hours(connection, rows)

    def add_prices(self, prices: Iterable[tuple[float, float | None]]) -> None:
        """Let energy of the house cost what a sensor shows: when a half-hour begins, per kWh."""
        contract = {"valid_from": "1970-01-01", "kind": "sensor_price", "entity_id": "sensor.spot"}
        self.add_tariff("house", [contract])
        with self.engine.begin() as connection:
            quarters = {
                int(start) + more: price
                for start, price in prices
                if price is not None
                for more in (0, 900)
            }
            keep_prices(connection, "sensor.spot", quarters)

    def add_tariff(
        self,
        slug: str,
        contracts: list[dict[str, Any]],
        colours: dict[date, Any] | None = None,
        zone: str = "Europe/Paris",
    ) -> None:
        """Let a metering point have contracts, as the costs note them."""
        row = {
            "metering_point": slug,
            "contracts": json.dumps(contracts),
            "colours": json.dumps({str(day): one for day, one in (colours or {}).items()}),
            "currency": "EUR",
            "time_zone": zone,
        }
        with self.engine.begin() as connection:
            cost_tables.create_all(connection)
            here = tariffs_table.c.metering_point == slug
            connection.execute(tariffs_table.delete().where(here))
            connection.execute(tariffs_table.insert(), [row])

    def clear(self) -> None:
        """Remove all states, and the ledger."""
        with self.engine.begin() as connection:
            connection.execute(_STATES.delete())
            connection.execute(_META.delete())
            ledger_tables.drop_all(connection)
            versions_table.drop(connection, checkfirst=True)
            cost_tables.drop_all(connection)
            _STATISTICS.drop_all(connection)

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

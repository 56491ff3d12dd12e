"""A spool-like table of rows, and formulas computed over it."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from custom_components.med_exporter.engine.formulas import CustomColumns, compile_formula
from custom_components.med_exporter.engine.readings.fields import FIELDS, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KNOWN = {name: field.kind for name, field in FIELDS.items()} | {"rated_power": Kind.NUMBER}
DEVICE = ("rated_power", "device_id", "device_ip", "device_name")

Row = dict[str, Any]


def compute(
    formulas: Sequence[str],
    rows: Sequence[Row],
    devices: Sequence[Mapping[str, Any]] = ({},),
    zone: str = "UTC",
) -> list[tuple[Any, ...]]:
    """Return the formulas' values for each row; a row's `device` is its place in the devices."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    changing = [name for name in KNOWN if name not in DEVICE]
    names = ["device", *changing]
    connection.execute(f"CREATE TABLE result ({', '.join(names)})")
    connection.executemany(
        f"INSERT INTO result VALUES ({', '.join('?' * len(names))})",
        [(row.get("device", 0), *(row.get(name) for name in changing)) for row in rows],
    )
    compiled = [compile_formula(formula, KNOWN) for formula in formulas]
    custom = CustomColumns(connection, "result", compiled, ZoneInfo(zone))
    custom.prepare([{name: device.get(name) for name in DEVICE} for device in devices])
    with custom.guard():
        found = connection.execute(
            f"SELECT {', '.join(custom.expressions)} FROM result {custom.join}"
            " ORDER BY result.rowid"
        ).fetchall()
    connection.close()
    return found


def values(formula: str, rows: Sequence[Row], **options: Any) -> list[Any]:
    """Return one formula's values for each row."""
    return [value for (value,) in compute([formula], rows, **options)]


def value(formula: str, row: Row | None = None, **options: Any) -> Any:
    """Return one formula's value for a single row."""
    return values(formula, [row or {}], **options)[0]

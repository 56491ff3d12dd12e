"""Custom fields of all rows of an export: totals once per device, then each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .functions import register
from .guard import DEFAULT_SECONDS, guard

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from zoneinfo import ZoneInfo

    from .formula import Formula

_TABLE = "formula_device"


class CustomColumns:
    """The custom fields of a table of rows.

    The table has a column `device`, a whole number, and one for each field that changes from row
    to row. When its rows are complete::

        custom = CustomColumns(connection, "result", formulas, job.zone())
        custom.prepare([{"rated_power": 60.0, "device_name": "Lamp"}, …])
        with custom.guard():
            rows = connection.execute(
                f"SELECT result.*, {', '.join(custom.expressions)}"
                f" FROM result {custom.join} ORDER BY timestamp, result.device"
            ).fetchmany(size)

    Args:
        connection: of the spool.
        table: name of the table of rows.
        formulas: in the order wanted.
        zone: in which DATE and HOUR are told.

    Attributes:
        expressions: SQL of each formula, for a query that reads the table and `join`.
        join: SQL that joins what is known per device.

    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        table: str,
        formulas: Sequence[Formula],
        zone: ZoneInfo,
    ) -> None:
        self._connection = connection
        self._table = table
        self._formulas = formulas
        self.join = f"LEFT JOIN {_TABLE} ON {_TABLE}.device = {table}.device"
        self.expressions: list[str] = []
        register(connection, zone)

    def prepare(self, devices: Sequence[Mapping[str, Any]]) -> None:
        """Compute the totals; the rows must be complete, and no transaction open.

        Args:
            devices: per device, in order of the rows' numbers, the fields that do not change
                from row to row; the same keys in each.

        Raises:
            ExportError: `FORMULA_TOO_EXPENSIVE`.

        """
        execute = self._connection.execute
        constant = [*devices[0]] if devices else []
        totals = [total for formula in self._formulas for total in formula.totals]
        names = [f"constant_{name}" for name in constant]
        sums = [f"total_{index}" for index in range(len(totals))]
        execute(f"DROP TABLE IF EXISTS {_TABLE}")
        columns_of = ", ".join(("device INTEGER PRIMARY KEY", *names, *sums))
        execute(f"CREATE TABLE {_TABLE} ({columns_of})")
        execute("BEGIN")
        self._connection.executemany(
            f"INSERT INTO {_TABLE} ({', '.join(('device', *names))})"  # noqa: S608  # names of our own
            f" VALUES (?{', ?' * len(names)})",
            ((place, *(device[name] for name in constant)) for place, device in enumerate(devices)),
        )
        columns = self._columns(constant)
        if totals:
            texts = [total.format_map(columns) for total in totals]
            with self.guard():
                found = execute(
                    f"SELECT {self._table}.device, {', '.join(texts)} FROM {self._table}"  # noqa: S608
                    f" {self.join} GROUP BY {self._table}.device"
                ).fetchall()
            changes = ", ".join(f"{name} = ?" for name in sums)
            self._connection.executemany(
                f"UPDATE {_TABLE} SET {changes} WHERE device = ?",  # noqa: S608
                ((*values, place) for place, *values in found),
            )
        execute("COMMIT")
        self.expressions = []
        first = 0
        for formula in self._formulas:
            for index in range(len(formula.totals)):
                columns[f"total_{index}"] = f"{_TABLE}.total_{first + index}"
            first += len(formula.totals)
            self.expressions.append(formula.row.format_map(columns))

    def _columns(self, constant: Sequence[str]) -> dict[str, str]:
        """Return where each field is found."""
        used = {name for formula in self._formulas for name in formula.fields}
        return {
            name: f"{_TABLE}.constant_{name}" if name in constant else f"{self._table}.{name}"
            for name in used
        }

    def guard(self, seconds: float = DEFAULT_SECONDS) -> AbstractContextManager[None]:
        """Return a context in which only these tables can be read, for a limited time."""
        return guard(self._connection, (self._table, _TABLE), seconds)

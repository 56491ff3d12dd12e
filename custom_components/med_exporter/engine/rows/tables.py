"""What an export type hands to a writer: tables of typed, rounded values in chunks."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from ..lazy_dataclass import dataclass
from ..readings.fields import Kind
from .repeated import Made

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    type Chunk = list[list[Any]]
    """Some rows, column by column."""


_EXACT = 2**53
"""From here on all floats are whole, and JSON has no integers that all programs read."""
_NEARLY_A_TIE = 0.4999
"""Farther than this from a whole number, rounding to four digits first may make a difference."""


class Holds(StrEnum):
    """What a column tells about a home or its people, and privacy may take out (`privacy.py`)."""

    ADDRESS = "address"
    DEVICE_ID = "device_id"
    """An id of a device or metering point: also a MAC, a pdl, an entity id."""
    DEVICE_NAME = "device_name"
    POINT_NAME = "point_name"
    USER = "user"
    """A user's name or id."""
    LOCATION = "location"
    """An area, a place, the name of a time zone."""
    TEXT = "text"
    """Words that may name any of these."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        name: as in the header.
        kind: how to understand its values.
        decimals: digits after the point of numbers and amounts.
        unit: of numbers and amounts, such as `kWh`; a currency by its code; "" where it has none or
            the name tells it (`words.UNITS`).
        holds: what its texts tell about a home, unless the texts come from the job's devices and
            metering points, or from our own words.
        span: of times that begin a local day or month: which of them, `day` or `month`; documents
            then show it as people write it.

    """

    name: str
    kind: Kind
    decimals: int = 0
    unit: str = ""
    holds: Holds | None = None
    span: str = ""


@dataclass(slots=True)
class Table:
    """A table on its way into a file.

    Attributes:
        name: unique within the export.
        columns: in order.
        count: number of rows that the chunks will bring.
        chunks: rows, column by column, read once. A value is None when not known; a time is in UTC
            seconds; numbers and amounts are rounded.
        warnings: what the reader should know, `{code, message, start, end, count}`; start and end
            in UTC with `Z`.
        totals: how many rows add up those before: the last, but for the remarks.
        remarks: how many of the last rows say what is in the totals.
        adds_up: whether the sum of a column of amounts means something.

    """

    name: str
    columns: Sequence[Column]
    count: int
    chunks: Iterator[Chunk]
    warnings: list[dict[str, Any]] = field(default_factory=list)
    totals: int = 0
    remarks: int = 0
    adds_up: bool = True


def small_table(
    name: str,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Any]],
    totals: int = 0,
    remarks: int = 0,
) -> Table:
    """Return a table of rows that are few: `totals` of them, and behind these `remarks`."""
    chunks = [[list(values) for values in zip(*rows, strict=True)]] if rows else []
    return Table(name, columns, len(rows), iter(chunks), totals=totals, remarks=remarks)


class Rounding:
    """Rounds columns, chunk after chunk.

    Amounts are rounded by their running total: each shows by how much the rounded total grew. So
    the rows of a device add up to its rounded total at any precision, and raw rows add up to the
    hourly and daily ones; a single amount may differ from its exact value by one unit of the last
    digit.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        # Without decimals a float from 2**53 on stays one, and a whole number does.
        self._made = [
            Made(_rounded(column), by_kind=not (column.decimals or column.kind is Kind.FLAG))
            for column in columns
        ]
        self._totals: list[dict[Any, tuple[float, int]]] = [{} for _ in columns]

    def column(self, index: int, values: Sequence[Any], owners: Sequence[Any]) -> list[Any]:
        """Return the next values of a column, rounded.

        Args:
            index: of the column.
            values: in the order of the rows.
            owners: per row, whose total an amount belongs to.

        """
        column = self._columns[index]
        if column.kind is Kind.AMOUNT:
            return self._amounts(self._totals[index], column.decimals, values, owners)
        if column.kind in (Kind.NUMBER, Kind.FLAG):
            return self._made[index].of(values)
        return list(values)

    @staticmethod
    def _amounts(
        totals: dict[Any, tuple[float, int]],
        decimals: int,
        values: Sequence[float | None],
        owners: Sequence[Any],
    ) -> list[float | None]:
        unit = 10**decimals
        nothing = 0.0 if decimals else 0
        rounded: list[float | None] = []
        for value, owner in zip(values, owners, strict=True):
            if not value:
                # Most readings of a plug that rests; the total shown stays what it was.
                rounded.append(value if value is None else nothing)
                continue
            total, shown = totals.get(owner, (0.0, 0))
            total += value
            exact = total * unit
            units = round(exact)
            if not -_NEARLY_A_TIE < exact - units < _NEARLY_A_TIE:
                # Takes away the noise of the additions before ties are decided.
                units = round(round(exact, 4))
            totals[owner] = (total, units)
            rounded.append((units - shown) / unit if decimals else units - shown)
        return rounded


def _whole(value: float) -> float:
    """Return a number without digits after the point; a float that has none anyway stays one."""
    return round(value) if -_EXACT < value < _EXACT else value


def _rounded(column: Column) -> Callable[[Any], Any]:
    """Return what rounds a value of a column that stands for itself."""
    decimals = column.decimals
    if column.kind is Kind.FLAG:
        return lambda value: None if value is None else bool(value)
    if decimals == 0:
        return lambda value: None if value is None else _whole(value)
    # Adding 0.0 turns -0.0 into 0.0.
    return lambda value: None if value is None else round(value, decimals) + 0.0

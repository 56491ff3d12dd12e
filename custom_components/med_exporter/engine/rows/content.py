"""What an export type hands to a writer: tables, what sums them up, and charts of them."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from ..lazy_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .tables import Table


class ChartKind(StrEnum):
    """How a chart shows its series."""

    BAR = "bar"
    STACKED_BAR = "stacked_bar"
    LINE = "line"
    PIE = "pie"
    """One series: the share of each category."""
    HEAT_MAP = "heat_map"
    """A row of cells for each series, a cell for each category."""


@dataclass(frozen=True, slots=True)
class Series:
    """The values of a chart that belong together, one per category; None where not known."""

    name: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart: small, since its values are sums over periods or devices.

    Attributes:
        kind: how it is drawn.
        title: for people, in the export's language.
        unit: of the values, such as `kWh` or `EUR`.
        decimals: digits after the point that are shown.
        categories: labels, such as days or device names.
        series: at least one.
        colours: `rrggbb` of each series, or of each category where there is one series of shares;
            "" for one of the format's, empty for all of them.
        note: a paragraph of what it tells, in the export's language; "" for none.

    """

    kind: ChartKind
    title: str
    unit: str
    decimals: int
    categories: Sequence[str]
    series: Sequence[Series]
    colours: Sequence[str] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of a summary: a total, a peak, a name.

    Attributes:
        name: key of the words that users see (`words.py`).
        value: a number, a text, or None when not known.
        unit: of a number, "" for none.
        decimals: digits after the point of a number.
        in_tables: whether a document's tables tell it already.

    """

    name: str
    value: float | str | None
    unit: str = ""
    decimals: int = 0
    in_tables: bool = False


@dataclass(slots=True, kw_only=True)
class Content:
    """Everything that goes into one file.

    Attributes:
        tables: in order; their chunks are read once, one table after the other.
        figures: what sums the tables up, for formats with a place for it.
        charts: empty unless the job asks for charts.
        warnings: about what has no table, as `file_warnings.warning` returns them.

    """

    tables: list[Table]
    figures: list[Figure] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    warnings: list[dict[str, Any]] = field(default_factory=list)

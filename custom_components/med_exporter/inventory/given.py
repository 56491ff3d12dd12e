"""Tables whose columns say themselves what stands in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..engine.job import GivenTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..engine.rows.tables import Column


def given_table[T](
    name: str, items: Iterable[T], *columns: tuple[Column, Callable[[T], Any]]
) -> GivenTable:
    """Return a table with a row for each item; each column comes with what it shows of one."""
    return GivenTable(
        name=name,
        columns=tuple(column for column, _ in columns),
        rows=tuple(tuple(shown(item) for _, shown in columns) for item in items),
    )

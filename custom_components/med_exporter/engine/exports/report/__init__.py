"""The sections of a system report: one module for each, with `section(job, recorder, end)`."""

from __future__ import annotations

from dataclasses import field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from ...lazy_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...job import Job
    from ...recorder.states import Recorder
    from ...rows.content import Chart, Figure
    from ...rows.tables import Table


@dataclass(slots=True, kw_only=True)
class Section:
    """A part of a report: what sums it up, charts, and one table, where charts do not tell all.

    `warnings` are those that hold without a table, too.
    """

    table: Table | None = None
    figures: list[Figure] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    warnings: list[dict[str, Any]] = field(default_factory=list)


class SectionModule(Protocol):
    """What a module of this package offers."""

    def section(
        self, job: Job, recorder: Recorder, end: float, on_read: Callable[[float], None]
    ) -> Section:
        """Read what the section shows.

        Args:
            job: what is wanted.
            recorder: where the states and the ledger's tables are.
            end: UTC seconds up to which values are known.
            on_read: called with the share of the reading that is done, 0 to 1.

        Raises:
            ExportError: why it cannot be had.

        """
        ...


def section_module(name: str) -> SectionModule:
    """Load the module of a section, one of `REPORT_SECTIONS`."""
    return cast(SectionModule, import_module(f".{name}", __package__))

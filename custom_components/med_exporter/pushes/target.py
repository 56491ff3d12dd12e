"""What a run has to know of the destination that it goes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ..const import DataType
    from ..destinations.base import Destination
    from ..destinations.kind import DestinationKind
    from ..history.records import ExportRecord


class Target(Protocol):
    """A destination as runs see it: `id` is its public UUID, `data` what it is to receive."""

    id: str
    kind: DestinationKind
    destination: Destination
    data: frozenset[DataType]

    @property
    def name(self) -> str:
        """Return the name that the user sees."""

    def run_started(self, record: ExportRecord) -> None:
        """Take note of a run that starts."""

    def run_progressed(self) -> None:
        """Take note of the progress of the current run."""

    def ask_for_secret(self) -> None:
        """Ask the user to log in again."""

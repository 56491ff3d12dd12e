"""The export types: one module for each, with `content(job, recorder, spool, end, on_read)`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from ..errors import InvalidJobError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..content import Content
    from ..job import Job
    from ..recorder import Recorder
    from ..spool import Spool

_MODULES = {
    name: name
    for name in ("device_data", "cost_analysis", "system_report", "audit_logs", "configuration")
}
SUPPORTED = tuple(_MODULES)
"""The export types that can be made."""


class ExportType(Protocol):
    """What a module of this package offers."""

    def content(
        self,
        job: Job,
        recorder: Recorder,
        spool: Spool,
        end: float,
        on_read: Callable[[float], None],
    ) -> Content:
        """Read everything into the spool and return what goes into the file.

        Args:
            job: what is wanted.
            recorder: where the states are.
            spool: where rows go through.
            end: UTC seconds up to which values are known.
            on_read: called with the share of the reading that is done, 0 to 1.

        Raises:
            ExportError: why it cannot be had.

        """
        ...


def export_type(name: str) -> ExportType:
    """Load the module of an export type.

    Raises:
        InvalidJobError: there is none of that name.

    """
    if name not in _MODULES:
        raise InvalidJobError("export_type", f"{name} cannot be made")
    return cast(ExportType, import_module(f".{_MODULES[name]}", __package__))

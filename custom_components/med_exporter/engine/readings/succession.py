"""The readings of a device in whose place others stood before it: each tells of its own time."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from .from_states import readings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..costs.plug_ledger import PlugLedger
    from ..job import JobDevice
    from ..recorder.states import Recorder
    from ..recorder.statistics import Coverage
    from .gathered import Gathered
    from .reading import Reading


def successive_readings(
    recorder: Recorder,
    device: JobDevice,
    ledger: PlugLedger,
    span: tuple[float, float],
    on_block: Callable[[float], None],
    coverage: Coverage,
    one_pass: Gathered | None,
) -> Iterator[Reading]:
    """Return the readings of a device and of those before it, as `readings` describes."""
    kept: list[float] = []
    parts: list[Iterator[Reading]] = []
    for one, since, until in stretches(device, *span):
        parts.append(readings(recorder, one, ledger, (since, until), on_block, coverage, one_pass))
        if coverage.kept is not None:
            kept.append(coverage.kept)
    coverage.kept = min(kept, default=None)
    return chain.from_iterable(parts)


def stretches(
    device: JobDevice, start: float, end: float
) -> Iterator[tuple[JobDevice, float, float]]:
    """Yield who tells of which part of a range (UTC seconds), oldest first."""
    for former in device.former:
        until = min(former.until, end)
        if until > start:
            yield (
                replace(
                    device,
                    entities=former.entities,
                    hours=former.hours,
                    not_recorded=(),
                    former=(),
                ),
                start,
                until,
            )
            start = until
    if start < end:
        yield device, start, end

"""Periods that a destination is asked for with one question."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .measurements import Measurement

# More than a month, and so few half-hours that an answer about all in between is short.
_FAR: Final = timedelta(days=40)


def stretches(periods: Iterable[Measurement]) -> list[list[Measurement]]:
    """Return periods by series, oldest first, and cut where they are far from each other."""
    series: dict[tuple[object, ...], list[list[Measurement]]] = {}
    for one in sorted(periods, key=lambda one: one.start.timestamp()):
        parts = series.setdefault((type(one), one.data_type, one.point), [])
        if parts and one.start - parts[-1][-1].start <= _FAR:
            parts[-1].append(one)
        else:
            parts.append([one])
    return [stretch for parts in series.values() for stretch in parts]

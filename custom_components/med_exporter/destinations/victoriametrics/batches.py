"""Rows of one series on their way to a VictoriaMetrics server, and what became of each."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from ...engine.lazy_dataclass import dataclass
from ..base import Outcome
from ..databases.outcomes import stretches_of
from .notes import Note, moments_of

if TYPE_CHECKING:
    from .found import Found
    from .rows import Rows


@dataclass(slots=True)
class Batch:
    """Rows of one series that are on their way.

    Attributes:
        labels: of the series.
        rows: all of them.
        kept: those that the server keeps, by what is known of its retention.
        wanted: those of them that it lacked when it was asked.
        is_alone: whether it had nothing at all where they belong.
        lines: `wanted` as they are sent, where that is made yet.
        too_old: the moments of those that it does not keep.
        given: the moments of those that a connection test had sent.
        is_missing: whether the first one to be written did not appear.
        due: the loop's time at which they are on its disk.

    """

    labels: dict[str, str]
    rows: Rows
    kept: Rows
    wanted: Rows
    is_alone: bool
    lines: bytes | None = None
    too_old: set[int] = field(default_factory=set)
    given: set[int] = field(default_factory=set)
    is_missing: bool = False
    due: float = 0.0

    @property
    def is_plain(self) -> bool:
        """Return whether all of it was sent, to where nothing was."""
        return self.is_alone and not (self.too_old or self.is_missing)

    def note(self, found: Found | None, count: int, *, is_on_disk: bool) -> Note:
        """Return a note of the first rows, all of which are there or too old.

        Where nothing was `found`, since nobody had to look, the server has just what it was sent.
        """
        there = self.rows.stamps[:count]
        if self.too_old:
            there = [at for at in there if at not in self.too_old]
        stretches = stretches_of(self.rows.measurements, self._outcomes(found)[:count])
        # What was read is that of all rows.
        read = len(self.kept) if found is None else found.read
        samples = read if count == len(self.rows) else None
        moments = [] if is_on_disk else moments_of(there)
        return Note(self.labels, stretches, moments, samples, self.due)

    def _outcomes(self, found: Found | None) -> list[Outcome]:
        differing = set() if found is None else found.differs(self.kept)
        stamps, sent = self.rows.stamps, self.wanted.stamps
        if not (differing or self.too_old) and sent == stamps:
            return [Outcome.STORED] * len(stamps)
        outcomes = {
            **dict.fromkeys((*sent, *self.given), Outcome.STORED),
            **dict.fromkeys(differing, Outcome.NOT_CORRECTABLE),
            **dict.fromkeys(self.too_old, Outcome.TOO_OLD),
        }
        return [outcomes.get(stamp, Outcome.ALREADY_THERE) for stamp in stamps]

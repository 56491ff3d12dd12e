"""What a counter has counted lately, by a clock that is never put right."""

from __future__ import annotations

from collections import deque
from dataclasses import field, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Self

from ..engine.lazy_dataclass import dataclass
from .marks import Marks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Readings that are not further apart become one, in seconds.
_ONE_STEP: Final = 300.0
# A day of these, and what rolls in it.
_KEPT: Final = 320


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What was read from one moment to another; `ticks` and `since` are seconds of that clock.

    `before` are the marks as they stood, `since` is None for the first reading after a start, whose
    growth began at `told_at`; `value` is where the counter stood after it, and the rest as in
    `marks.Growth`. `is_read` is False where only a day began.
    """

    before: Marks
    ticks: float
    since: float | None
    told_at: datetime | None
    value: float
    kwh: float = 0.0
    day: float | None = None
    month: float | None = None
    month_before: float | None = None
    limit_w: float = 0.0
    is_read: bool = True
    day_for: float | None = None
    month_for: float | None = None


@dataclass(slots=True)
class Journal:
    """The steps of a day: what they were dated by may turn out to be wrong."""

    _steps: deque[Step] = field(default_factory=lambda: deque(maxlen=_KEPT))

    def note(self, step: Step) -> None:
        """Take the next step, together with the one before where that is short."""
        last = self._steps[-1] if self._steps else None
        if (
            last is not None
            and step.is_read
            and last.is_read
            and last.since is not None
            and step.ticks - last.since <= _ONE_STEP
            and step.before.day == last.before.day
        ):
            self._steps[-1] = replace(
                step, before=last.before, since=last.since, kwh=round(last.kwh + step.kwh, 6)
            )
        else:
            self._steps.append(step)

    def since(self, ticks: float) -> Iterator[Step]:
        """Yield the steps from a moment on."""
        return (step for step in self._steps if step.ticks >= ticks)

    @property
    def last_read(self) -> Step | None:
        """Return the latest step in which something was read."""
        return next((step for step in reversed(self._steps) if step.is_read), None)

    def to_dict(self, since: float) -> dict[str, Any]:
        """Return the steps from a moment on as plain JSON values; marks seldom differ."""
        marks: list[Marks] = []
        steps = []
        for step in self.since(since):
            if not marks or step.before != marks[-1]:
                marks.append(step.before)
            told_at = step.told_at and step.told_at.isoformat()
            steps.append([len(marks) - 1, told_at, *(getattr(step, name) for name in _PLAIN)])
        return {"marks": [one.to_dict() for one in marks], "steps": steps}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the journal that `to_dict` described.

        Raises IndexError, KeyError, TypeError or ValueError where the data is none of its own.
        """
        marks = [Marks.from_dict(one) for one in data["marks"]]
        journal = cls()
        for place, told_at, *plain in data["steps"]:
            journal._steps.append(
                Step(
                    before=marks[place],
                    told_at=None if told_at is None else datetime.fromisoformat(told_at),
                    # What was kept before there was more to tell ends sooner.
                    **dict(zip(_PLAIN, plain, strict=False)),
                )
            )
        return journal


# What JSON takes as it stands.
_PLAIN: Final = [field.name for field in fields(Step) if field.name not in ("before", "told_at")]

"""How the readings of a period become one row: runs of them in Python, and the rest as SQL.

A reading counts in every period in which its values hold, so a level that lasts for hours is known
in each of them. An amount belongs wholly to the period of its reading's timestamp; the energy of a
gap has been parted into readings of its own before (`filling.py`), each of which counts as one.

Readings that follow each other in a period are a *run*. What a row needs to know of a run, its
*notes*, is found column by column, which is fast. A period has few runs, of which some may come
late: the energy of a gap comes when it is over. So notes go into a table of the spool, and SQL
makes the rows of them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import chain, compress, repeat
from math import sumprod
from operator import gt, sub
from typing import TYPE_CHECKING, Any, NamedTuple

from ..readings.fields import FIELDS, Function

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ..readings.fields import Field

    type Values = Sequence[Any]
    type Notes = tuple[Any, ...]


class Run(NamedTuple):
    """Some readings in a period.

    Attributes:
        is_own: whether they were made in it; else they hold into it.
        seconds: for how long the values of each hold in it.
        measured: of each, whether it is a reading of the range.

    """

    is_own: bool
    seconds: Sequence[float]
    measured: Sequence[int]


class _Way(NamedTuple):
    """How a function is computed: `note` of each run, and in SQL of the runs of a period.

    In the SQL `{0}`, `{1}` and so on are the `size` columns of the notes. `grouped` is made of
    those of a period; `shown`, in which it is `{made}`, is what the row has.
    """

    size: int
    note: Callable[[Values, Run], Notes]
    grouped: str
    shown: str = "{made}"


def _known(values: Values) -> list[Any]:
    return [value for value in values if value is not None]


def _own(values: Values, run: Run) -> list[Any]:
    """Return the known values of readings that were made in the period."""
    return _known(list(compress(values, run.measured))) if run.is_own else []


def _weighted(values: Values, run: Run) -> Notes:
    known, seconds = _known(values), run.seconds
    if len(known) < len(values):
        seconds = list(compress(seconds, (value is not None for value in values)))
    if lasted := sum(seconds):
        return sumprod(known, seconds), lasted, None, None
    # Where all that is known lasts no time at all, the plain average is what is left.
    return (None, None, sum(known), len(known)) if known else (None,) * 4


def _added(values: list[Any]) -> float | None:
    return sum(values) if values else None


def _counted(values: Values, run: Run) -> Notes:
    own = _own(values, run)
    return _added(own), len(own)


def _momentary_sum(values: Values, run: Run) -> Notes:
    # A value that only lasts into the period adds 0, which tells it from one that is not known.
    total = _added(_known(values))
    return (total if total is None or run.is_own else 0.0,)


def _any(values: Values, run: Run) -> Notes:
    known = _known(values)
    return (run.is_own and any(known) if known else None,)


_OF_ID = "(SELECT {0} FROM note WHERE id = {made})"
_EXTREMES = {
    Function.MIN: _Way(1, lambda known, _: (min(known, default=None),), "min({0})"),
    Function.MAX: _Way(1, lambda known, _: (max(known, default=None),), "max({0})"),
    # Ids ascend with time within a device.
    Function.FIRST: _Way(
        1, lambda known, _: (*known[:1], None)[:1], "min(CASE WHEN {0} IS NOT NULL THEN id END)",
        _OF_ID,
    ),
    Function.LAST: _Way(
        1, lambda known, _: (*known[-1:], None)[:1], "max(CASE WHEN {0} IS NOT NULL THEN id END)",
        _OF_ID,
    ),
}  # fmt: skip
"""Of values that are known."""


def _of(choose: Callable[[Values, Run], list[Any]]) -> dict[Function, _Way]:
    """Return the ways to the extremes of the values of a run that are chosen."""

    def chosen(way: _Way) -> _Way:
        return way._replace(note=lambda values, run: way.note(choose(values, run), run))

    return {function: chosen(way) for function, way in _EXTREMES.items()}


_COUNT = _Way(1, lambda values, run: (len(_own(values, run)),), "sum({0})")
_LASTING = {
    Function.AVERAGE: _Way(4, _weighted, "coalesce(sum({0}) / sum({1}), sum({2}) / sum({3}))"),
    Function.SUM: _Way(1, lambda values, run: (_added(_own(values, run)),), "sum({0})"),
    Function.COUNT: _COUNT,
    **_of(lambda values, _: _known(values)),
}
_MOMENTARY = {
    Function.AVERAGE: _Way(2, _counted, "sum({0}) / sum({1})"),
    Function.SUM: _Way(1, _momentary_sum, "sum({0})"),
    Function.COUNT: _COUNT,
    Function.ANY: _Way(1, _any, "max({0})"),
    **_of(_own),
}


def function_of(field: Field, asked: Mapping[str, str]) -> Function:
    """Return the function that makes a field's value of a period.

    Args:
        field: one that has a default function.
        asked: field name → function, where not the default.

    """
    if field.function is None:
        raise ValueError(field.name)
    return Function(asked.get(field.name, field.function))


class Aggregation:
    """The rows of periods, of a device at a time.

    Args:
        edges: of the periods in UTC seconds, ascending.
        fields: names of value fields.
        asked: field name → function, where not the default.

    """

    def __init__(
        self, edges: Sequence[float], fields: Sequence[str], asked: Mapping[str, str]
    ) -> None:
        self._edges = edges
        self._ways = [
            (_LASTING if field.lasts else _MOMENTARY)[function_of(field, asked)]
            for field in map(FIELDS.__getitem__, fields)
        ]
        columns = [
            [f"{name}_{place}" for place in range(way.size)]
            for name, way in zip(fields, self._ways, strict=True)
        ]
        names = ["device", "start", *chain.from_iterable(columns)]
        self.table = f"CREATE TABLE note (id INTEGER PRIMARY KEY, {', '.join(names)})"
        self.insert = (
            f"INSERT INTO note ({', '.join(names)}) "  # noqa: S608  # names of our own
            f"VALUES ({', '.join('?' * len(names))})"
        )
        grouped, shown = ["device", "start"], ["start", "device"]
        for name, way, own in zip(fields, self._ways, columns, strict=True):
            grouped.append(f"{way.grouped.format(*own)} AS made_{name}")
            shown.append(way.shown.format(*own, made=f"made_{name}"))
        self.select = (
            f"SELECT {', '.join(shown)} FROM "  # noqa: S608
            f"(SELECT {', '.join(grouped)} FROM note GROUP BY device, start)"
        )
        """Gives the rows of all periods: start, device, the fields."""

    def notes(
        self,
        device: int,
        moments: Sequence[float],
        untils: Sequence[float],
        measured: Sequence[int],
        columns: Sequence[Values],
        period: int | None = None,
    ) -> Iterator[Notes]:
        """Yield what `insert` takes of some readings; in their order, but for what is late.

        Args:
            device: place in the job's list.
            moments: of the readings.
            untils: when their values stop to hold.
            measured: whether each is a reading of the range.
            columns: of the fields.
            period: place of the only one whose notes are wanted.

        """
        edges = self._edges
        begin = 0
        while begin < len(moments):
            at = bisect_right(edges, moments[begin]) - 1
            end = self._end_of_run(moments, begin, at)
            until = edges[at + 1]
            if period in (None, at):
                held = map(min, untils[begin:end], repeat(until))
                seconds = list(map(sub, held, moments[begin:end]))
                run = Run(is_own=True, seconds=seconds, measured=measured[begin:end])
                yield self._note(device, at, run, [values[begin:end] for values in columns])
            for place in compress(range(begin, end), map(gt, untils[begin:end], repeat(until))):
                one = [values[place : place + 1] for values in columns]
                yield from self._held(device, at + 1, untils[place], one, period)
            begin = end

    def _end_of_run(self, moments: Sequence[float], begin: int, at: int) -> int:
        """Return where a run ends that begins in a period."""
        start, until = self._edges[at], self._edges[at + 1]
        end = bisect_left(moments, until, begin)
        run = moments[begin:end]
        # What comes late stands alone: bisecting is misled by it.
        return end if run and start <= min(run) and max(run) < until else begin + 1

    def _held(
        self, device: int, at: int, until: float, columns: Sequence[Values], period: int | None
    ) -> Iterator[Notes]:
        """Yield the notes of a reading whose values hold into periods from one on."""
        edges = self._edges
        while until > edges[at]:
            if period in (None, at):
                seconds = min(until, edges[at + 1]) - edges[at]
                run = Run(is_own=False, seconds=(seconds,), measured=(0,))
                yield self._note(device, at, run, columns)
            at += 1

    def _note(self, device: int, at: int, run: Run, columns: Sequence[Values]) -> Notes:
        made = [way.note(values, run) for way, values in zip(self._ways, columns, strict=True)]
        return (device, self._edges[at], *chain.from_iterable(made))

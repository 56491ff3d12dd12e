"""Where on a server our series are: what proxies and relabelling rules make of their labels.

Rules may act on some series only, by their name or any label, so nothing that is learnt from one
series is believed of another. What is written first is one row that the server has nowhere yet:
wherever it ends up, nothing is stored twice.
"""

from __future__ import annotations

import sys
from dataclasses import field
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

from homeassistant.util import dt as dt_util

from ...engine.lazy_dataclass import dataclass
from ..base import DestinationError
from ..databases.series import labels_of_point
from .found import EXACT, Found, Reading
from .probe import IDENTITY, PROBE, async_probe, probe_id
from .rows import NAME, SAMPLE_BYTES, TYPES, Rows, selector_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .rows import Labels, Row
    from .server import VictoriaMetrics

# Rows that are looked for all over the server before one of them is written.
_CANDIDATES: Final = 5
# Stands for all series.
_GENERAL: Final = {NAME: PROBE, "pdl": "test", "type": "test"}
_PROBES_SINCE: Final = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Trial:
    """A row that is written before all others, and who else had its number before."""

    row: Row
    before: Mapping[Labels, int]


@dataclass(slots=True)
class _Series:
    """What is known of one of our series."""

    ours: set[Labels] = field(default_factory=set)
    """The labels under which the server shows rows of it."""
    is_proved: bool = False
    """Whether it has shown there what was written in this life."""
    strayed: dict[int, Labels] = field(default_factory=dict)
    """Where rows that were written ended up instead, by their moments."""


class _Probes:
    """All test samples, of other destinations too, by their labels."""

    def __init__(self, labels: Sequence[Mapping[str, str]], own_id: str) -> None:
        self.identities = {_identity(one) for one in labels}
        """What they stand for."""
        self.added_by_others = {_added(one) for one in labels if one.get("destination") != own_id}
        """The labels that are added to those of others, of each."""


class Whereabouts:
    """Finds our series on a server; every method raises DestinationError.

    Args:
        server: the server.
        labels: the user's labels.

    Attributes:
        relative: by what part of it a number may differ and be the same.

    """

    def __init__(self, server: VictoriaMetrics, labels: Mapping[str, str]) -> None:
        self._server = server
        self._labels = dict(labels)
        # What is added to the labels of a test sample, by its pdl and type: None where it is lost.
        self._added: dict[tuple[str, str | None], dict[str, str] | None] = {}
        self._series: dict[Labels, _Series] = {}
        self._at_once = sys.maxsize
        self.relative = EXACT

    def forget(self) -> None:
        """Believe nothing any more but where rows have strayed: rules may have changed."""
        self._added.clear()
        for series in self._series.values():
            series.ours.clear()
            series.is_proved = False

    async def async_general(self) -> bool:
        """Learn what is added to all series; return False where the test sample does not appear.

        Raises `LABELS_CHANGED` where one of the labels is lost or another.
        """
        return await self._learn(_GENERAL) is not None

    async def async_find(self, labels: Mapping[str, str], rows: Rows) -> Found:
        """Return what the server has of a series at the moments of some rows.

        What others add to its labels is no difference, even when they begin or cease to do so.
        """
        reading = await self._read(labels, rows)
        ours = self._of(labels).ours
        ours.add(frozenset((await self._expected(labels)).items()))
        others = [
            place for place in reading.places() - ours if any(map(reading.at([place]).agrees, rows))
        ]
        if others:
            probes = await self._probes()
            ours.update(one for one in others if not self._is_explained(labels, one, probes))
        return reading.at(ours)

    async def async_is_ours(self, place: Mapping[str, str], pdl: str) -> bool:
        """Return whether a series of the server is one that we write of a metering point."""
        kind = place.get("type")
        if kind not in TYPES.get(place[NAME], ()):
            return False
        labels = {NAME: place[NAME], **labels_of_point(pdl, kind, self._labels)}
        own = frozenset((await self._expected(labels)).items())
        return frozenset(place.items()) in {own, *self._of(labels).ours}

    async def async_trial(self, labels: Mapping[str, str], rows: Rows) -> Trial:
        """Return which of some rows, oldest first, is to be written before the others.

        Raises `SERIES_CHANGED` where the server has all of them already, but as another series.
        """
        series = self._of(labels)
        if series.is_proved:
            return Trial(rows[-1], {})
        await self._learn(labels)
        fallback: Trial | None = None
        mistake: DestinationError | None = None
        probes: _Probes | None = None
        candidates = (row for row in reversed(rows) if row.stamp not in series.strayed)
        for row in islice(candidates, _CANDIDATES):
            before = await self._everywhere(row)
            if not before:
                return Trial(row, before)
            if probes is None:
                probes = await self._probes()
            changed = [one for one in before if not self._is_explained(labels, one, probes, row)]
            if not changed:
                fallback = fallback or Trial(row, before)
            else:
                mistake = mistake or self._changed(labels, changed[0])
        if fallback is not None:
            return fallback
        raise mistake or self._changed(labels, next(reversed(series.strayed.values())))

    def seen(self, labels: Mapping[str, str]) -> None:
        """Take note that a trial has appeared where it was expected."""
        self._of(labels).is_proved = True

    async def async_lost(self, labels: Mapping[str, str], trial: Trial) -> bool:
        """Find out what has become of a trial that does not appear where it was expected.

        Returns whether it was found, under labels that are ours and others besides. False means
        that it is nowhere. Raises `SERIES_CHANGED`, or `LABELS_CHANGED`, where it is another series
        now.
        """
        series = self._of(labels)
        after = await self._everywhere(trial.row)
        grown = [one for one, count in after.items() if count > trial.before.get(one, 0)]
        if series.is_proved:
            # Nobody has looked before: who has the number by right is none of it.
            probes = await self._probes()
            grown = [one for one in grown if not self._is_explained(labels, one, probes)]
        for one in grown:
            if labels.items() <= one:
                series.ours.add(one)
                series.is_proved = True
                return True
        if grown:
            series.strayed[trial.row.stamp] = grown[0]
            self.forget()
            raise self._changed(labels, grown[0])
        self.forget()
        return False

    def _of(self, labels: Mapping[str, str]) -> _Series:
        return self._series.setdefault(frozenset(labels.items()), _Series())

    async def _learn(self, labels: Mapping[str, str]) -> dict[str, str] | None:
        """Return what is added to a test sample that is like those of a series."""
        key = _identity(labels)
        if key not in self._added:
            probe = await async_probe(self._server, self._labels, *key)
            if probe.changed is not None:
                code = "labels_changed" if labels is _GENERAL else "series_changed"
                sent = {**probe.sent, NAME: labels[NAME]}
                raise self._mistake(code, probe.changed, sent, probe.shown or {})
            self._added[key] = probe.added
        return self._added[key]

    async def _expected(self, labels: Mapping[str, str]) -> dict[str, str]:
        """Return the labels that a series has when it is treated as test samples are."""
        added = self._added.get(_identity(labels))
        if added is None:
            added = await self._learn(_GENERAL)
        return {**(added or {}), **labels}

    def _is_explained(
        self,
        labels: Mapping[str, str],
        other: Labels,
        probes: _Probes,
        row: Row | None = None,
    ) -> bool:
        """Return whether a series has what it has by right, and not since it was made of ours.

        By its look it is another one of those that are pushed, and somebody has tried it out before
        or the number of `row` says little; or it is the same with the labels of somebody else.
        """
        theirs = dict(other)
        kind = theirs.get("type")
        if "pdl" not in theirs or kind not in TYPES.get(theirs[NAME], ()):
            return False
        if (theirs[NAME], *_identity(theirs)) == (labels[NAME], *_identity(labels)):
            own = {**(self._added.get(_identity(labels)) or {}), **self._labels}
            added = _added(theirs)
            return added in probes.added_by_others and added != frozenset(own.items())
        is_known = _identity(theirs) in probes.identities
        says_little = row is None or row.value.is_integer()
        return self._added.get(_identity(labels)) is not None and (is_known or says_little)

    async def _probes(self) -> _Probes:
        now = dt_util.utcnow()
        start, end = (round(at.timestamp() * 1000) for at in (now - _PROBES_SINCE, now))
        lines = self._server.read({NAME: PROBE}, start, end)
        there = [line["metric"] async for line in lines]
        return _Probes(there, probe_id(self._server, self._labels))

    async def _everywhere(self, row: Row) -> dict[Labels, int]:
        """Return which series have a row's number at its moment, and how many times."""
        reading = await self._read(None, Rows.of([row]))
        counted = {place: reading.at([place]).count(row) for place in reading.places()}
        return {place: count for place, count in counted.items() if count}

    async def _read(self, labels: Mapping[str, str] | None, rows: Rows) -> Reading:
        reading = Reading(rows, relative=self.relative)
        start = 0
        while start < len(rows):
            stamps = rows.stamps[start : start + self._at_once]
            try:
                size = len(stamps) * SAMPLE_BYTES
                async for line in self._server.read(labels, min(stamps), max(stamps), size=size):
                    reading.add(line)
            except DestinationError as err:
                if err.code != "BAD_REQUEST" or len(stamps) == 1:
                    raise
                # Servers may be told to show only so much at a time; what was read is read again.
                self._at_once = len(stamps) // 2
                return await self._read(labels, rows)
            start += len(stamps)
        return reading

    def _changed(self, labels: Mapping[str, str], place: Labels) -> DestinationError:
        """Name what has become of a series, by the first of its labels that is another."""
        there = dict(place)
        different = (name for name, text in labels.items() if there.get(name) != text)
        return self._mistake("series_changed", next(different, NAME), labels, there)

    def _mistake(
        self, code: str, label: str, labels: Mapping[str, str], there: Mapping[str, str]
    ) -> DestinationError:
        now = there.get(label)
        return DestinationError(
            code,
            variant="name" if label == NAME else "lost" if now is None else None,
            field="labels" if label in self._labels else "url",
            host=self._server.host,
            metric=labels[NAME],
            series=selector_of(labels),
            label=label,
            value=labels[label],
            now=now,
        )


def _identity(labels: Mapping[str, str]) -> tuple[str, str | None]:
    return labels.get("pdl", ""), labels.get("type")


def _added(labels: Mapping[str, str]) -> Labels:
    """Return the labels that a user, a proxy or the server has added."""
    return frozenset((name, text) for name, text in labels.items() if name not in IDENTITY)

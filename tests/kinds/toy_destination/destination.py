"""Values as lines of files, one file for each series."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.base import DestinationError, Intake, Outcome
from custom_components.med_exporter.destinations.measurements import Energy, Grain

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Collection, Sequence
    from pathlib import Path

    from custom_components.med_exporter.destinations.measurements import Measurement, PointName


class FolderDestination:
    """A folder that opens with a pin, which stands in a file of it."""

    intake = Intake(
        closed={DataType.CONSUMPTION_DAILY: Grain.DAILY},
        current=frozenset({DataType.CONSUMPTION_DAILY}),
    )

    def __init__(self, folder: Path, pin: str) -> None:
        self._folder = folder
        self._pin = pin

    async def async_start(self) -> None:
        """Keep nothing open."""

    async def async_close(self) -> None:
        """Close nothing."""

    async def async_test(self) -> str | None:
        """Try the pin."""
        await asyncio.to_thread(self._open)
        return None

    async def async_reach(self) -> None:
        """Try the pin."""
        await asyncio.to_thread(self._open)

    async def async_missing(self, witnesses: Sequence[Measurement]) -> Collection[Measurement]:
        """Look for the lines."""
        return [one for one in witnesses if one.date not in self._dates(one)]

    async def async_rename(self, before: PointName, now: PointName) -> bool:
        """Leave lines of another id to whoever has written into the file."""
        return False

    async def async_push(
        self,
        pages: AsyncIterable[Sequence[Measurement]],
        settle: Callable[[Measurement, Outcome], None],
    ) -> None:
        """Write a line for each closed period that has none yet, and one for what runs."""
        await asyncio.to_thread(self._open)
        async for page in pages:
            for one in page:
                assert isinstance(one, Energy)
                if one.closed and one.date in self._dates(one):
                    settle(one, Outcome.ALREADY_THERE)
                    continue
                word = "closed" if one.closed else "now"
                with self._file(one).open("a") as file:
                    file.write(f"{one.date} {word} {one.kwh}\n")
                settle(one, Outcome.STORED)

    def _open(self) -> None:
        if (self._folder / "pin").read_text() != self._pin:
            raise DestinationError("wrong_pin", field="pin")

    def _file(self, one: Measurement) -> Path:
        assert one.point is not None
        return self._folder / f"{one.point.pdl}.txt"

    def _dates(self, one: Measurement) -> set[str]:
        if not self._file(one).exists():
            return set()
        lines = self._file(one).read_text().splitlines()
        return {line.split()[0] for line in lines if " closed " in line}

"""What scripts/check_sums has compared, and how it is shown."""

from __future__ import annotations

SHOWN = 20


class Table:
    """The comparisons, one line for each kind, and what differs."""

    def __init__(self) -> None:
        self.compared = self.agreed = 0
        self._lines: dict[tuple[str, str], list[float]] = {}
        self._units: dict[tuple[str, str], str] = {}
        self.differences: list[str] = []

    def compare(
        self, series: str, what: str, when: str, one: float, other: float, most: float, unit: str
    ) -> None:
        """Compare two amounts of a period."""
        key, apart = (series, what), abs(one - other)
        self._units.setdefault(key, unit)
        self._lines.setdefault(key, []).append(apart)
        self.compared += 1
        # What floats add is no difference.
        if apart <= most + 1e-9:
            self.agreed += 1
        else:
            self.differences.append(
                f"{series}, {what}, {when}: {one:.6f} is not {other:.6f} {unit}"
            )

    def show(self) -> None:
        """Print a line for each series and kind, then the differences."""
        width = max((len(series) for series, _ in self._lines), default=0)
        print(f"{'series':{width}}  {'compared':46} {'sums':>6}  largest difference")
        for (series, what), apart in self._lines.items():
            unit = self._units[series, what]
            print(f"{series:{width}}  {what:46} {len(apart):6}  {max(apart):.6f} {unit}")
        for text in self.differences[:SHOWN]:
            print(f"DIFFERS: {text}")
        if len(self.differences) > SHOWN:
            print(f"… and {len(self.differences) - SHOWN} more")
        print(f"{self.agreed} of {self.compared} sums agree.")

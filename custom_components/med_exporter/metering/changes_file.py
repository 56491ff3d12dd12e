"""What has changed of something stored since it was stored whole, a line for each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from homeassistant.helpers.json import json_bytes
from homeassistant.util.json import JSON_DECODE_EXCEPTIONS, json_loads

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

type Change = list[Any]
"""The keys that lead to a value, and the value that now stands there."""

_FOLLOWS: Final = "follows"


def changes_between(
    before: Mapping[str, Any], now: Mapping[str, Any], *keys: str
) -> Iterator[Change]:
    """Yield what `follow` makes `now` of `before` by; it never takes a key out of the outermost."""
    for key, value in now.items():
        old = before.get(key)
        if isinstance(value, dict) and isinstance(old, dict) and old.keys() == value.keys():
            yield from changes_between(old, value, *keys, key)
        elif key not in before or old != value:
            yield [[*keys, key], value]


def follow(stored: dict[str, Any], changes: list[Change]) -> None:
    """Make changes to what is stored. Raises KeyError where they are of something else."""
    for (*way, last), value in changes:
        place = stored
        for key in way:
            place = place[key]
        place[last] = value


class ChangesFile:
    """A file of changes, which all belong to what was stored whole under one name.

    All methods read or write the disk, so never in the event loop, and raise OSError.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._name: str | None = None
        self.size = 0

    def read(self, name: str) -> Iterator[list[Change]]:
        """Yield the changes that were made to what was stored under a name, oldest first.

        What was cut short as it was written is left out: nobody was told of it.
        """
        if not self._path.exists():
            return
        with self._path.open("rb") as lines:
            for place, line in enumerate(lines):
                try:
                    told: Any = json_loads(line) if line.endswith(b"\n") else None
                except JSON_DECODE_EXCEPTIONS:
                    return
                if told is None or (place == 0 and told != {_FOLLOWS: name}):
                    return
                if place:
                    yield told

    def append(self, name: str, changes: list[Change]) -> None:
        """Add changes to what was stored under a name; those of another name are dropped."""
        line = json_bytes(changes) + b"\n"
        if is_new := self._name != name:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            line = json_bytes({_FOLLOWS: name}) + b"\n" + line
            self.size = 0
        with self._path.open("wb" if is_new else "ab") as file:
            file.write(line)
        self._name = name
        self.size += len(line)

    def remove(self) -> None:
        """Remove the file."""
        self._path.unlink(missing_ok=True)

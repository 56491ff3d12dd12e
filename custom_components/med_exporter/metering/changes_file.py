"""What has changed of something stored since it was stored whole, a line for each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from homeassistant.helpers.json import json_bytes
from homeassistant.util.json import JSON_DECODE_EXCEPTIONS, json_loads

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

type Changes = dict[str, Any]
"""What has changed by its keys: in a dict what has changed in it, and what now stands there
otherwise; a dict or a list that is new as a whole is the only item of a list."""

_FOLLOWS: Final = "follows"


def changes_between(before: Mapping[str, Any], now: Mapping[str, Any]) -> Changes:
    """Return what `follow` makes `now` of `before` by; no key of the outermost may have gone."""
    changes: Changes = {}
    for key, value in now.items():
        old = before.get(key)
        if isinstance(value, dict) and isinstance(old, dict) and old.keys() == value.keys():
            if within := changes_between(old, value):
                changes[key] = within
        elif key not in before or old != value:
            changes[key] = [value] if isinstance(value, dict | list) else value
    return changes


def follow(stored: dict[str, Any], changes: Changes) -> None:
    """Make changes to what is stored. Raises KeyError where they are of something else."""
    for key, value in changes.items():
        if isinstance(value, dict):
            follow(stored[key], value)
        else:
            stored[key] = value[0] if isinstance(value, list) else value


class ChangesFile:
    """A file of changes, which all belong to what was stored whole under one name.

    All methods read or write the disk, so never in the event loop, and raise OSError.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._name: str | None = None
        self.size = 0

    def read(self, name: str) -> Iterator[Changes]:
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
                    yield from told

    def append(self, name: str, changes: list[Changes]) -> None:
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

"""Chooses the Home Assistant that scripts/next tries, and what the demo wants beside it.

Usage: next_home.py choose NEWEST LOCK | wanted PYPROJECT | pins PYPROJECT CONSTRAINTS
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

_PINNED = re.compile(r"^homeassistant==(\S+)", re.MULTILINE)
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:b(\d+))?")
_NAME = re.compile(r"[A-Za-z0-9._-]+(\[[^\]]*\])?")
_NO_BETA = 10**6


def choose(newest: str, lock: str) -> str | None:
    """Return the newest version that an index has, where it comes after all of a lock; else None.

    Both are requirements as uv writes them. Raises ValueError for a version that is neither a
    release nor a beta, and where one of the two names no Home Assistant.
    """
    (there,) = _PINNED.findall(newest)
    locked = max(map(_order, _PINNED.findall(lock)))
    return there if _order(there) > locked else None


def wanted(pyproject: dict[str, Any]) -> list[str]:
    """Return what the demo is made of, in any version: the next Home Assistant has its own pins."""
    asked = [*pyproject["project"]["dependencies"], *_of_group(pyproject, "demo")]
    found = [_NAME.match(one) for one in asked]
    return list(dict.fromkeys(one[0] for one in found if one))


def pins(pyproject: dict[str, Any], constraints: str) -> list[str]:
    """Return the pins of a Home Assistant but for what this repository overrides at all of them."""
    ours = {_name(one) for one in pyproject["tool"]["uv"]["override-dependencies"]}
    return [line for line in constraints.splitlines() if _name(line) not in ours]


def _name(requirement: str) -> str:
    found = _NAME.match(requirement)
    return found[0].lower().replace("_", "-") if found else ""


def _of_group(pyproject: dict[str, Any], name: str) -> list[str]:
    asked: list[str] = []
    for one in pyproject["dependency-groups"][name]:
        asked += [one] if isinstance(one, str) else _of_group(pyproject, one["include-group"])
    return asked


def _order(version: str) -> tuple[int, ...]:
    if (parts := _VERSION.fullmatch(version)) is None:
        raise ValueError(f"neither a release nor a beta: {version}")
    year, month, patch, beta = parts.groups()
    return int(year), int(month), int(patch), _NO_BETA if beta is None else int(beta)


if __name__ == "__main__":
    what, *texts = sys.argv[1], *(Path(name).read_text(encoding="utf-8") for name in sys.argv[2:])
    if what == "choose":
        print(choose(*texts) or "")
    else:
        own, *others = tomllib.loads(texts[0]), *texts[1:]
        print("\n".join(pins(own, *others) if others else wanted(own)))

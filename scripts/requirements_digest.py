"""Prints one number for everything in pyproject.toml that decides what requirements.lock holds.

scripts/lock writes it on top of the lock, so that a lock that lags behind is seen offline.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any


def requirements_digest(pyproject: dict[str, Any]) -> str:
    """Return the SHA-256, in hexadecimal, of the requirements of a parsed pyproject.toml.

    What does not change a resolution (the linter's settings, say) leaves it as it is.
    """
    asked = {
        "python": pyproject["project"]["requires-python"],
        "dependencies": pyproject["project"]["dependencies"],
        "groups": pyproject["dependency-groups"],
        "uv": pyproject["tool"]["uv"],
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


if __name__ == "__main__":
    project = Path(__file__).parent.parent / "pyproject.toml"
    print(requirements_digest(tomllib.loads(project.read_text(encoding="utf-8"))))

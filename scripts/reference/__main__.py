"""Writes what follows from the code's records, or says what of it is out of date."""

from __future__ import annotations

import sys

from scripts.reference.files import MADE


def main() -> int:
    """Return the status: 1 where a file is out of date and was only to be checked."""
    status = 0
    for path, make in MADE.items():
        text = make()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if "--check" in sys.argv[1:]:
            print(f"{path} is out of date; run scripts/docs")
            status = 1
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return status


if __name__ == "__main__":
    sys.exit(main())

"""Writes the pages of reference and the HTTP API's description, or says what is out of date."""

from __future__ import annotations

import sys

from scripts.reference.http import OPENAPI, openapi_text
from scripts.reference.page import LANGUAGES, path_of, reference


def main() -> int:
    """Return the status: 1 where a page is out of date and was only to be checked."""
    status = 0
    made = {path_of(language): reference(language) for language in LANGUAGES}
    for path, text in {**made, OPENAPI: openapi_text()}.items():
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

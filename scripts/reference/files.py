"""The files that follow from the code's records, and what makes each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from scripts.reference.choices import SERVICES, services_text, translations_path, translations_text
from scripts.reference.http import OPENAPI, openapi_text
from scripts.reference.page import LANGUAGES, path_of, reference

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

MADE: Final[Mapping[Path, Callable[[], str]]] = {
    SERVICES: services_text,
    **{translations_path(one): partial(translations_text, one) for one in LANGUAGES},
    # The pages show what those above say, and come after them.
    **{path_of(one): partial(reference, one) for one in LANGUAGES},
    OPENAPI: openapi_text,
}
"""What makes the text of each file, in this order."""

"""The page of reference in one language: files, actions, schedules, forms, errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.reference.actions import actions, file_options, schedule_fields
from scripts.reference.errors import errors
from scripts.reference.forms import destinations, entries, limits, point_options
from scripts.reference.words import ROOT, Words

if TYPE_CHECKING:
    from pathlib import Path

LANGUAGES = ("en", "fr")


def path_of(language: str) -> Path:
    """Return where the page of a language is."""
    return ROOT / "docs" / ("" if language == "en" else language) / "reference.md"


def reference(language: str) -> str:
    """Return the page of a language, as Markdown."""
    words = Words(language)
    parts = [f"# {words['title']}", words["about"]]
    for key, text in (
        ("files", file_options(words)),
        ("schedules", schedule_fields(words)),
        ("destinations", destinations(words)),
        ("entries", entries(words)),
        ("point_options", point_options(words)),
        ("limits", limits(words)),
        ("actions", actions(words)),
        ("errors", errors(words)),
    ):
        parts += [f"## {words[key]}", text]
    return "\n\n".join(parts) + "\n"

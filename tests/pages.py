"""The pages that people read, as tests look at them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Example:
    """A block of code of a page: its language, empty where it says none, and its text."""

    page: str
    place: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}-{self.place}"


@dataclass(frozen=True)
class Page:
    """One page of Markdown."""

    path: Path

    def __str__(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        """All that stands in it."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def prose(self) -> str:
        """What stands in it but for its blocks of code."""
        return _FENCE.sub("", self.text)

    @property
    def examples(self) -> list[Example]:
        """Its blocks of code, in their order."""
        return [
            Example(str(self), place, language, text)
            for place, (language, text) in enumerate(_FENCE.findall(self.text), 1)
        ]

    @property
    def headings(self) -> list[tuple[int, str]]:
        """Its headings: how deep, and what they say."""
        found = re.findall(r"^(#+) (.+)$", self.prose, re.MULTILINE)
        return [(len(marks), words) for marks, words in found]

    @property
    def anchors(self) -> set[str]:
        """What a link into the page can name, as GitHub makes it from the headings."""
        return {
            re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-") for _, words in self.headings
        }

    @property
    def links(self) -> list[str]:
        """Where its links lead, those at the end of a page among them."""
        inline = re.findall(r"\]\(([^)\s]+)\)", self.prose)
        named = re.findall(r"^\[[^\]]+\]: (\S+)$", self.prose, re.MULTILINE)
        return [*inline, *named]


def user_pages(language: str) -> list[Page]:
    """The pages for users in English (`en`) or French (`fr`), the index first."""
    folder = DOCS / language if language != "en" else DOCS
    others = {DOCS / "architecture.md", DOCS / "performance.md"} if language == "en" else set()
    return [
        Page(path)
        for path in sorted(folder.rglob("*.md"))
        if path not in others and (language != "en" or DOCS / "fr" not in path.parents)
    ]


PAGES = [
    *(
        Page(ROOT / name)
        for name in (
            "README.md",
            "README.fr.md",
            "CONTRIBUTING.md",
            "dashboards/README.md",
            "dashboards/README.fr.md",
        )
    ),
    Page(DOCS / "architecture.md"),
    *user_pages("en"),
    *user_pages("fr"),
]

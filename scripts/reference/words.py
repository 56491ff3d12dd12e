"""What the pages of reference say: the integration's own translations, and a few words between."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
COMPONENT = ROOT / "custom_components" / "med_exporter"


@dataclass(frozen=True)
class Words:
    """All words in one language, `en` or `fr`."""

    language: str

    @cached_property
    def translations(self) -> dict[str, Any]:
        """What the integration says in this language."""
        return self._read(COMPONENT / "translations")

    @cached_property
    def own(self) -> dict[str, Any]:
        """What only the pages say."""
        return self._read(Path(__file__).parent)

    def __getitem__(self, key: str) -> str:
        """Return a sentence of the pages' own."""
        return str(self.own[key])

    def message(self, key: str) -> str:
        """Return what an error says, with an ellipsis for what it names."""
        parts = self.translations["exceptions"][key]["message"].replace("}", "{").split("{")
        return "…".join(parts[::2])

    def number(self, value: float) -> str:
        """Return a whole number with its thousands apart."""
        return f"{value:,.0f}".replace(",", self["thousands"])

    def option(self, selector: str, value: str) -> str:
        """Return what an option of a choice is called."""
        return str(self.translations["selector"][selector]["options"][value])

    def _read(self, folder: Path) -> dict[str, Any]:
        text = (folder / f"{self.language}.json").read_text(encoding="utf-8")
        words: dict[str, Any] = json.loads(text)
        return words


def table(*rows: tuple[str, ...]) -> str:
    """Return a table of Markdown whose first row is its head."""
    head, *body = [
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |"
        for row in rows
    ]
    return "\n".join([head, "|" + "---|" * len(rows[0]), *body])


def code(*values: object) -> str:
    """Return names as a program says them."""
    return ", ".join(f"`{value}`" for value in values)

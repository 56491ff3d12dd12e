"""The words of forms, in both languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from homeassistant.data_entry_flow import FlowResultType

import custom_components.med_exporter as integration

TRANSLATIONS = Path(integration.__file__).parent / "translations"


def texts(language: str) -> dict[str, Any]:
    """Return all words of a language."""
    return json.loads((TRANSLATIONS / f"{language}.json").read_text(encoding="utf-8"))


def errors_in(form: dict[str, Any], secret: str | None = None) -> dict[str, str]:
    """Return the errors of a form; each has its words, values for their gaps, and no secret."""
    assert form["type"] is FlowResultType.FORM
    for language in ("en", "fr"):
        known = texts(language)["config"]["error"]
        for code in form["errors"].values():
            text = known[code].format(**(form["description_placeholders"] or {}))
            assert text
            assert secret is None or secret not in text
    return form["errors"]

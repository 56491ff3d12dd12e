from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from custom_components.med_exporter.errors import InvalidRequest, MedError

ROOT = Path(__file__).parent.parent / "custom_components" / "med_exporter"
MESSAGES = {
    language: json.loads((ROOT / "translations" / f"{language}.json").read_text())["exceptions"]
    for language in ("en", "fr")
}
ERRORS = {"MedError", "InvalidRequest"}


def raised_keys():
    """Find the translation key and the placeholders of each error that the code makes."""
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or len(node.args) != 2:
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            is_super = isinstance(node.func, ast.Attribute) and path.name == "errors.py"
            if (name in ERRORS or is_super) and isinstance(node.args[1], ast.Constant):
                given = {keyword.arg for keyword in node.keywords}
                yield node.args[1].value, given


KEYS = sorted({(key, tuple(sorted(given))) for key, given in raised_keys()})


def test_the_search_finds_errors():
    assert len(KEYS) > 20


@pytest.mark.parametrize(("key", "given"), KEYS)
@pytest.mark.parametrize("language", MESSAGES)
def test_every_error_is_worded_with_what_it_gives(language, key, given):
    message = MESSAGES[language][key]["message"]
    assert set(re.findall(r"{(\w+)}", message)) <= set(given)


def test_a_mistake_of_the_caller_is_shown_as_one():
    error = InvalidRequest("INVALID_VALUE", "required", field="format")
    assert isinstance(error, ServiceValidationError)
    assert isinstance(MedError("EXPORT_FAILED", "export_failed"), HomeAssistantError)
    assert error.translation_key == "required"


def test_an_error_can_be_told_with_another_name_for_its_field():
    error = InvalidRequest("INVALID_VALUE", "out_of_range", field="options.x", low=0, high=9)
    moved = error.at("x")
    assert isinstance(moved, InvalidRequest)
    assert (moved.code, moved.field) == ("INVALID_VALUE", "x")
    assert moved.translation_placeholders == {"field": "x", "low": "0", "high": "9"}

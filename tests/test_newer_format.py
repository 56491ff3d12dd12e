"""Each kind of stored data has words for when it is of a newer version."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import custom_components.med_exporter as integration
from custom_components.med_exporter.engine.ledger import COMPONENT

FOLDER = Path(integration.__file__).parent
COMPONENTS = {
    COMPONENT,
    *(
        name
        for path in FOLDER.rglob("*.py")
        for name in re.findall(r'[= ]Schema\(\s*"(\w+)"', path.read_text(encoding="utf-8"))
    ),
}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_component_with_tables_has_words(language: str) -> None:
    assert len(COMPONENTS) > 3
    words = json.loads((FOLDER / f"translations/{language}.json").read_text(encoding="utf-8"))
    for component in COMPONENTS:
        assert set(words["issues"][f"newer_{component}"]) == {"title", "description"}

"""What parts a name from what is said of it."""

from __future__ import annotations

import re

import pytest

from custom_components.med_exporter.engine.words.colon import with_colon
from tests.pages import ROOT

COMPONENT = ROOT / "custom_components/med_exporter"
# They say something to people, in the language of each.
SAID = [
    path
    for folder, kind in (("flows", "py"), ("engine/words", "py"), ("panel/www", "js"))
    for path in sorted((COMPONENT / folder).rglob(f"*.{kind}"))
    if "vendor" not in path.parts and path.name != "colon.py"
]


@pytest.mark.parametrize(
    ("french", "expected"), [(False, "Fridge: power"), (True, "Fridge\N{NO-BREAK SPACE}: power")]
)
def test_french_has_a_space_before_its_colon(french: bool, expected: str) -> None:
    assert with_colon("Fridge", "power", french=french) == expected


def test_nobody_else_puts_a_colon_between_words() -> None:
    assert len(SAID) > 50
    found = [
        (path.name, line.strip())
        for path in SAID
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"\}: \$?\{", line)
    ]
    # An error that is never shown, and what programs read in English.
    assert {name for name, _ in found} == {"kasa_hosts.py", "file_warnings.py"}, found
    assert len(found) == 2

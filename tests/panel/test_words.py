"""The panel's words and files."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from custom_components.med_exporter import panel
from custom_components.med_exporter.engine.words import file_warnings
from custom_components.med_exporter.engine.words.phrases import Words

WWW = Path(panel.__file__).parent / "www"
LANGUAGES = ("en", "fr")
MOST_BYTES = 159_700


def leaves(tree, above=""):
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{above}{key}.")
        else:
            yield above + key, value


@pytest.fixture
def words():
    return {
        language: dict(
            leaves(json.loads((WWW / "words" / f"{language}.json").read_text(encoding="utf-8")))
        )
        for language in LANGUAGES
    }


def scripts():
    return {
        path.relative_to(WWW).as_posix(): path.read_text(encoding="utf-8")
        for path in WWW.rglob("*.js")
        if "vendor" not in path.parts
    }


def test_languages_say_the_same_things(words):
    assert set(words["fr"]) == set(words["en"])


def test_languages_fill_in_the_same_placeholders(words):
    def placeholders(text):
        return set(re.findall(r"\{(\w+)\}", text))

    english, french = words["en"], words["fr"]
    differing = [key for key in english if placeholders(english[key]) != placeholders(french[key])]
    assert differing == []


def test_every_text_that_is_named_exists(words):
    known = set(words["en"])
    for name, script in scripts().items():
        asked = set(re.findall(r"""(?:this\.t|words\.of)\(\s*"([\w.]+)\"""", script))
        assert asked <= known, name


def test_a_comparison_is_called_alike_in_the_panel_and_in_its_file(words):
    for language in LANGUAGES:
        file = Words(language)
        own = words[language]
        alike = {
            f"costs.{name}": name for name in ("energy_cost", "standing_charge", "feed_in", "total")
        }
        alike |= {
            f"comparison.{name}": name
            for name in ("contract", "priced_on", "difference", "shift_saving")
        }
        alike["costs.month"] = "month"
        alike |= {key: key.rpartition(".")[2] for key in own if key.startswith("comparison.kind.")}
        assert {key: own[key] for key in alike} == {
            key: file.column(name) for key, name in alike.items()
        }


def test_every_warning_of_a_file_has_words(words):
    assert {f"warning.{code}" for code in file_warnings.CODES} <= set(words["en"])


def test_no_more_is_loaded_than_promised():
    """Scripts, and the words of one language; licences are for whoever reads the folder."""
    loaded = sum(path.stat().st_size for path in WWW.rglob("*.js"))
    loaded += max(path.stat().st_size for path in WWW.glob("words/*.json"))
    assert loaded <= MOST_BYTES


def test_nothing_asks_for_anything_elsewhere():
    for name, script in scripts().items():
        assert not re.search(r"https?://|import\(|@import", script), name
        for target in re.findall(r"""from "([^"]+)\"""", script):
            assert (WWW / name).parent.joinpath(target).resolve().is_file(), (name, target)


def test_the_library_comes_with_its_licence():
    assert "BSD" in (WWW / "vendor" / "lit.LICENSE").read_text(encoding="utf-8")
    assert "SPDX-License-Identifier: BSD-3-Clause" in (WWW / "vendor" / "lit.js").read_text(
        encoding="utf-8"
    )

"""The pages that people read: every link leads somewhere, every page can be reached."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from homeassistant.util.yaml import load_yaml_dict

from scripts.reference.errors import request_codes
from scripts.reference.files import MADE
from scripts.reference.page import LANGUAGES, path_of
from scripts.reference.words import COMPONENT, Words
from tests.pages import DOCS, PAGES, ROOT, Page, user_pages


def by_name(language):
    folder = index_of(language).parent
    return {page.path.relative_to(folder).as_posix(): page for page in user_pages(language)}


def index_of(language):
    return path_of(language).parent / "README.md"


def depths(page):
    return [depth for depth, _ in page.headings]


def kinds_of_examples(page):
    return [example.language for example in page.examples]


def pictures(page, language):
    """Return what a page shows, but for the language of it."""
    return [
        Path(link).name.replace(f"-{language}.png", "")
        for link in page.links
        if link.endswith(".png")
    ]


def rows(page):
    return [line.count(" | ") for line in page.prose.splitlines() if line.startswith("|")]


ENGLISH, FRENCH = by_name("en"), by_name("fr")


@pytest.mark.parametrize("page", PAGES, ids=str)
class TestLinks:
    def test_each_leads_to_a_page_and_a_heading_that_are_there(self, page):
        broken = []
        for link in page.links:
            if link.startswith(("http://", "https://", "mailto:")):
                continue
            name, _, anchor = link.partition("#")
            target = (page.path.parent / name).resolve() if name else page.path
            there = target.exists() and target.is_relative_to(ROOT)
            if not there or (anchor and anchor not in Page(target).anchors):
                broken.append(link)
        assert not broken


@pytest.mark.parametrize("folder", [ROOT, ROOT / "dashboards"], ids=["project", "dashboards"])
def test_first_pages_are_the_same_in_both_languages(folder):
    english, french = Page(folder / "README.md"), Page(folder / "README.fr.md")
    for look in (depths, rows, kinds_of_examples):
        assert look(french) == look(english)
    assert pictures(french, "fr") == pictures(english, "en")


def test_each_picture_is_shown_on_a_page():
    shown = {(page.path.parent / link).resolve() for page in PAGES for link in page.links}
    assert not set((DOCS / "pictures").iterdir()) - shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_index_names_every_page(language):
    index, *others = sorted(user_pages(language), key=lambda page: page.path != index_of(language))
    folder = index.path.parent
    named = {(folder / link.partition("#")[0]).resolve() for link in index.links}
    assert not {str(page) for page in others if page.path not in named}


class TestBothLanguages:
    """A French reader finds all that an English one does."""

    def test_have_the_same_pages(self):
        assert set(FRENCH) == set(ENGLISH)

    @pytest.mark.parametrize("name", ENGLISH)
    def test_have_the_same_headings(self, name):
        assert depths(FRENCH[name]) == depths(ENGLISH[name])

    @pytest.mark.parametrize("name", ENGLISH)
    def test_have_the_same_examples(self, name):
        assert kinds_of_examples(FRENCH[name]) == kinds_of_examples(ENGLISH[name])

    @pytest.mark.parametrize("name", ENGLISH)
    def test_have_the_same_pictures(self, name):
        assert pictures(FRENCH[name], "fr") == pictures(ENGLISH[name], "en")

    @pytest.mark.parametrize("name", ENGLISH)
    def test_have_tables_of_the_same_size(self, name):
        assert rows(FRENCH[name]) == rows(ENGLISH[name])

    @pytest.mark.parametrize("name", ENGLISH)
    def test_lead_to_pages_of_their_own_language(self, name):
        strays = [
            link
            for link in FRENCH[name].links
            if ":" not in link
            and link.partition("#")[0]
            and (target := (FRENCH[name].path.parent / link.partition("#")[0]).resolve())
            and target.is_relative_to(DOCS)
            and not target.is_relative_to(DOCS / "fr")
            and target.suffix == ".md"
            and target not in {DOCS / "architecture.md", DOCS / "README.md"}
        ]
        assert not strays


@pytest.mark.parametrize("path", MADE, ids=lambda path: path.name)
def test_what_follows_from_the_code_says_what_the_code_says(path):
    is_current = path.read_text(encoding="utf-8") == MADE[path]()
    assert is_current, "run scripts/docs"


@pytest.mark.parametrize("language", LANGUAGES)
class TestReference:
    def test_each_code_that_says_several_things_has_a_remedy(self, language):
        several = {code for code, keys in request_codes().items() if len(keys) > 1}
        assert several <= set(Words(language).own["remedies"])

    def test_it_has_every_field_of_every_action(self, language):
        tables = Page(path_of(language)).prose
        services = load_yaml_dict(COMPONENT / "services.yaml")
        missing = [
            (action, name)
            for action, one in services.items()
            for name, field in ((one or {}).get("fields") or {}).items()
            for name in field.get("fields", {name: field})
            if f"| `{name}` |" not in tables
        ]
        assert not missing


CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.DOTALL | re.MULTILINE)
# Between two letters, where no language quotes with it.
APOSTROPHE = {"en": re.compile("\u2019"), "fr": re.compile(r"(?<=[^\W\d_])'(?=[^\W\d_])")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_apostrophe_is_the_same_in_all_words_of_a_language(language):
    """Curved in French, as it is printed: where words are filled in, a straight one quotes."""
    told = [COMPONENT / "translations", COMPONENT / "panel/www/words", ROOT / "scripts/reference"]
    files = [folder / f"{language}.json" for folder in told]
    files += [page.path for page in user_pages(language)]
    odd = {
        path.name: APOSTROPHE[language].findall(CODE.sub("", path.read_text(encoding="utf-8")))
        for path in files
    }
    assert {name: len(found) for name, found in odd.items() if found} == {}

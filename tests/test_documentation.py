"""The pages that people read: every link leads somewhere, every page can be reached."""

from __future__ import annotations

import pytest

from scripts.reference.errors import request_codes
from scripts.reference.page import LANGUAGES, path_of, reference
from scripts.reference.words import Words
from tests.pages import DOCS, PAGES, ROOT, Page, user_pages


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


def test_the_index_names_every_page():
    index = Page(DOCS / "README.md")
    named = {(DOCS / link.partition("#")[0]).resolve() for link in index.links}
    missing = {str(page) for page in user_pages("en") if page.path not in named} - {
        "docs/README.md"
    }
    assert not missing


@pytest.mark.parametrize("language", LANGUAGES)
class TestReference:
    def test_it_says_what_the_code_says(self, language):
        is_current = path_of(language).read_text(encoding="utf-8") == reference(language)
        assert is_current, "run scripts/docs"

    def test_each_code_of_a_refused_request_has_a_remedy(self, language):
        assert set(request_codes()) <= set(Words(language).own["remedies"])

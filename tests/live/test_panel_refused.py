"""What the page says, in both languages, when a request is refused and when nobody answers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

from tests.live.browsing import CHROMIUM, PHONE, Visitor, real_browser
from tests.live.conftest import home_with_history

if TYPE_CHECKING:
    from playwright.async_api import WebSocketRoute

expect.set_options(timeout=30_000)

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no browser at {CHROMIUM}"),
]

LOOKS: tuple[tuple[str, bool, dict[str, int] | None], ...] = (
    ("en", False, None),
    ("fr", True, PHONE),
)
TABS = {"en": ("Files", "History"), "fr": ("Fichiers", "Historique")}
MAKE = {"en": "Make the file", "fr": "Créer le fichier"}
# As the house words them: `api.websocket` sends these codes and keys.
BUSY = ("TOO_MANY_EXPORTS", "too_many_previews", {"limit": "10"})
GONE = ("HISTORY_UNAVAILABLE", "database_unavailable", {})
FULL = ("NOT_STORED", "not_stored", {})
AWAY = {"en": "cannot be reached just now", "fr": "ne répond pas pour le moment"}


class Between:
    """Stands between page and house, and answers some commands in its place with a refusal."""

    def __init__(self) -> None:
        self.refused: dict[str, tuple[str, str, dict[str, str]]] = {}

    def __call__(self, page: WebSocketRoute) -> None:
        house = page.connect_to_server()

        def hear(said: str | bytes) -> None:
            sent = json.loads(said)
            passed = sent if isinstance(sent, list) else [sent]
            for one in list(passed):
                if (refusal := self.refused.get(one["type"])) is not None:
                    passed.remove(one)
                    page.send(json.dumps(answer(one["id"], *refusal)))
            if passed:
                house.send(json.dumps(passed if isinstance(sent, list) else passed[0]))

        page.on_message(hear)


def answer(number: int, code: str, key: str, placeholders: dict[str, str]) -> dict[str, Any]:
    error = {
        "code": code,
        "message": "told in English",
        "translation_domain": "med_exporter",
        "translation_key": key,
        "translation_placeholders": placeholders,
    }
    return {"id": number, "type": "result", "success": False, "error": error}


def words(language: str, refusal: tuple[str, str, dict[str, str]]) -> str:
    """Return how the translations say it."""
    _, key, placeholders = refusal
    folder = Path(__file__).parents[2] / "custom_components/med_exporter/translations"
    told = json.loads((folder / f"{language}.json").read_text(encoding="utf-8"))
    text: str = told["exceptions"][key]["message"]
    return text.format(**placeholders)


async def test_it_says_so_in_words(tmp_path) -> None:
    pictures = Path(os.environ.get("PANEL_PICTURES", tmp_path / "pictures"))
    pictures.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240  # nothing else runs yet
    async with (
        home_with_history(tmp_path / "home", 3) as (home, _),
        real_browser(pictures) as browser,
    ):
        for language, dark, size in LOOKS:
            between = Between()
            chosen = {"language": language}
            await home.command("frontend/set_user_data", key="language", value=chosen)
            visitor = await Visitor.log_in(
                browser, home, language=language, dark=dark, size=size, between=between
            )
            page = visitor.page
            files, history = TABS[language]

            between.refused["med_exporter/files/preview"] = BUSY
            await visitor.view(files)
            await expect(page.locator("med-preview")).to_contain_text(words(language, BUSY))
            between.refused["med_exporter/files/create"] = FULL
            await visitor.click(MAKE[language])
            problem = page.locator("med-files").get_by_text(words(language, FULL))
            await expect(problem).to_be_visible()
            await visitor.picture(pictures / f"{language}-busy-full.png")
            assert await visitor.flaws() == []
            # Whoever waited for others' previews has his own without a click.
            between.refused.clear()
            await expect(page.locator("med-preview [role=alert]")).to_have_count(0)

            between.refused["med_exporter/history/subscribe"] = GONE
            await page.locator("nav").get_by_role("link", name=history).click()
            told = page.locator("med-history").get_by_role("alert")
            await expect(told).to_contain_text(words(language, GONE))
            await visitor.picture(pictures / f"{language}-gone.png")
            between.refused.clear()
            await expect(page.locator("med-history h2")).to_be_visible()

            await visitor.view(files)
            await home.stop()
            await visitor.click(MAKE[language])
            await expect(page.locator("med-files")).to_contain_text(AWAY[language])
            await visitor.picture(pictures / f"{language}-away.png")
            await home.start()
            await home.wait_until_running()
            await expect(page.locator("med-preview [role=alert]")).to_have_count(0)
            made = await page.locator("med-file").count()
            await visitor.click(MAKE[language])
            await expect(page.locator("med-file")).to_have_count(made + 1)
            await expect(page.locator("med-files [role=alert]")).to_have_count(0)
            await page.context.close()

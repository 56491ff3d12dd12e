"""Sentences as a person would say them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from homeassistant.helpers.translation import async_get_translations

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.texts import counted

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["0 values arrived.", "1 value arrived.", "2 values arrived."]),
        ("fr", ["0 valeur est arrivée.", "1 valeur est arrivée.", "2 valeurs sont arrivées."]),
    ],
)
async def test_how_many(hass_with_recorder: HomeAssistant, language: str, said: list[str]) -> None:
    hass = hass_with_recorder
    hass.config.language = language
    await async_get_translations(hass, language, "exceptions", {DOMAIN})
    assert [counted(hass, "push_arrived", count) for count in range(3)] == said

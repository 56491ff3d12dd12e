"""Words of the translations in the language of the house."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from homeassistant.helpers.translation import (
    async_get_cached_translations,
    async_get_translations,
)

from .const import DOMAIN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.core import HomeAssistant
    from homeassistant.exceptions import HomeAssistantError

# Where one says "0 ligne", and not "0 lines".
_NOTHING_IS_SINGULAR: Final = frozenset({"fr"})


def text_of(hass: HomeAssistant, key: str, placeholders: Mapping[str, object]) -> str | None:
    """Return `exceptions.{key}` of the translations; None where there is none."""
    texts = async_get_cached_translations(hass, hass.config.language, "exceptions", DOMAIN)
    return _filled(texts, key, placeholders)


def said(hass: HomeAssistant, err: HomeAssistantError) -> str:
    """Return what an error says, for people; `str()` of one is English everywhere."""
    words = text_of(hass, err.translation_key or "", err.translation_placeholders or {})
    return words or str(err)


async def async_text_of(hass: HomeAssistant, key: str, placeholders: Mapping[str, object]) -> str:
    """Return `exceptions.{key}` of the translations, also before anything is set up, as in a flow.

    Raises KeyError where there is none.
    """
    texts = await async_get_translations(hass, hass.config.language, "exceptions", [DOMAIN])
    text = _filled(texts, key, placeholders)
    if text is None:
        raise KeyError(key)
    return text


def counted(hass: HomeAssistant, key: str, count: int) -> str:
    """Return a sentence about so many things: `{key}_one` for one, else `{key}`."""
    is_nothing_singular = hass.config.language in _NOTHING_IS_SINGULAR
    if count == 1 or (count == 0 and is_nothing_singular):
        key = f"{key}_one"
    text = text_of(hass, key, {"count": count})
    assert text is not None
    return text


def _filled(texts: Mapping[str, str], key: str, placeholders: Mapping[str, object]) -> str | None:
    text = texts.get(f"component.{DOMAIN}.exceptions.{key}.message")
    for name, value in placeholders.items():
        text = text and text.replace(f"{{{name}}}", str(value))
    return text


async def async_options(hass: HomeAssistant, selector: str) -> dict[str, str]:
    """Return what the options of a selector of the forms are called, by option."""
    prefix = f"component.{DOMAIN}.selector.{selector}.options."
    texts = await async_get_translations(hass, hass.config.language, "selector", [DOMAIN])
    return {key.removeprefix(prefix): text for key, text in texts.items() if key.startswith(prefix)}

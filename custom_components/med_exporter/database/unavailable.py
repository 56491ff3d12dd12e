"""The error that callers are told when the recorder's database cannot be used."""

from __future__ import annotations

from homeassistant.exceptions import HomeAssistantError

from ..const import DOMAIN


class DatabaseUnavailableError(HomeAssistantError):
    """The recorder's database could not be read or written."""

    def __init__(self, translation_key: str = "database_unavailable") -> None:
        super().__init__(translation_domain=DOMAIN, translation_key=translation_key)

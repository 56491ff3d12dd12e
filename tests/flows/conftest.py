from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant


@pytest.fixture(autouse=True)
def recorder(hass_with_recorder: HomeAssistant) -> None:
    """Let each home of these tests have a recorder."""

from __future__ import annotations

import pytest

from tests.scheduling import january, scheduled_fridge, scheduled_jobs

__all__ = ["january", "scheduled_fridge", "scheduled_jobs"]


@pytest.fixture
def hass(hass_with_recorder):
    return hass_with_recorder

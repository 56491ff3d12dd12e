"""A history that lives through restarts, in a database on disk."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from homeassistant.core import CoreState, HomeAssistant
from pytest_homeassistant_custom_component.common import async_test_home_assistant

from custom_components.med_exporter.history.history import History

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from pytest_homeassistant_custom_component.typing import RecorderInstanceContextManager


@pytest.fixture
def recorder_db_url(tmp_path: Path) -> str:
    """A database in a file, as in a real installation."""
    return f"sqlite:///{tmp_path / 'home-assistant_v2.db'}"


@pytest.fixture
def life(
    recorder_db_url: str, async_test_recorder: RecorderInstanceContextManager
) -> Callable[..., object]:
    """One life of Home Assistant with its recorder on the database file."""

    @asynccontextmanager
    async def one_life(*, started: bool = True) -> AsyncIterator[tuple[HomeAssistant, History]]:
        state = CoreState.running if started else CoreState.not_running
        async with async_test_home_assistant(initial_state=state) as hass:
            try:
                async with async_test_recorder(hass, wait_recorder=started) as instance:
                    await instance.async_db_ready
                    history = History(hass)
                    history.async_setup()
                    yield hass, history
            finally:
                await hass.async_stop(force=True)

    return one_life

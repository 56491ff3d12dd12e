"""A plugin of pytest that puts homes that name no zone of their own elsewhere: `-p tests.any_zone`.

`--zone` names where: `Etc/GMT-14` is where it is nearly midnight shortly before ten by UTC. What a
test does over midnight by the real clock, it does then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.core_config import Config

if TYPE_CHECKING:
    import pytest

_OF_THE_KIT = "US/Pacific"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the zone."""
    parser.addoption("--zone", required=True, help="a zone's name, as Etc/GMT-14")


def pytest_configure(config: pytest.Config) -> None:
    """Have homes of the test kit stand there."""
    zone, really_set = config.option.zone, Config.async_set_time_zone

    async def set_elsewhere(self: Config, time_zone_str: str) -> None:
        await really_set(self, zone if time_zone_str == _OF_THE_KIT else time_zone_str)

    Config.async_set_time_zone = set_elsewhere  # type: ignore[method-assign]


def pytest_report_header(config: pytest.Config) -> str:
    """Tell where the homes stand."""
    return f"zone: {config.option.zone}"

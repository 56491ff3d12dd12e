"""A plugin of pytest that puts homes that name no zone of their own elsewhere: `-p tests.any_zone`.

`--zone` names where: `Etc/GMT-14` is where it is nearly midnight shortly before ten by UTC. What a
test does over midnight by the real clock, it does then. `back` and `forth` are a zone that changes
its clocks at the next quarter-hour.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import zoneinfo
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from homeassistant.core_config import Config

if TYPE_CHECKING:
    import pytest

_OF_THE_KIT = "US/Pacific"
_HOURS_BEFORE_AND_AFTER = {"back": (2, 1), "forth": (1, 2)}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the zone."""
    parser.addoption("--zone", required=True, help="a zone's name, as Etc/GMT-14; or back, forth")


def pytest_configure(config: pytest.Config) -> None:
    """Have homes of the test kit stand there."""
    zone, really_set = config.option.zone, Config.async_set_time_zone
    if zone in _HOURS_BEFORE_AND_AFTER:
        zone = _changing_today(*_HOURS_BEFORE_AND_AFTER[zone])

    async def set_elsewhere(self: Config, time_zone_str: str) -> None:
        await really_set(self, zone if time_zone_str == _OF_THE_KIT else time_zone_str)

    Config.async_set_time_zone = set_elsewhere  # type: ignore[method-assign]


def pytest_report_header(config: pytest.Config) -> str:
    """Tell where the homes stand."""
    return f"zone: {config.option.zone}"


def _changing_today(before: int, after: int) -> str:
    """Make a zone known, to processes that tests start too, that has these hours from UTC."""
    folder = Path(tempfile.mkdtemp(prefix="zone-"))
    now = datetime.now(UTC)
    change = now + timedelta(minutes=15 - now.minute % 15)
    lines = f"Zone Etc/Changing {before} - A {change:%Y %b %d %H:%M}u\n{after} - B\n"
    subprocess.run(["zic", "-d", folder, "-"], input=lines, text=True, check=True)
    path = os.pathsep.join([str(folder), *zoneinfo.TZPATH])
    os.environ["PYTHONTZPATH"] = path
    zoneinfo.reset_tzpath(to=path.split(os.pathsep))
    return "Etc/Changing"

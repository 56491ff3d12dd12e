"""What a start of Home Assistant costs more with the integration than without, in pairs."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from statistics import median
from typing import TYPE_CHECKING

from tests.measured_page import HOUSE
from tests.mosquitto import Mosquitto
from tests.real_home import RealHome
from tests.victoriametrics import VictoriaMetricsServer

from .plugs import add_plugs, plugs_in_use
from .probe import used

if TYPE_CHECKING:
    from pathlib import Path

# What every home has, since some integration brings entities of each kind.
_INTEGRATIONS = (
    "api", "config", "history", "logbook", "frontend", "sensor", "binary_sensor", "button",
    "switch", "event", "calendar",
)  # fmt: skip
# A home that only loads the library that speaks to the plugs, as `tplink` does; it asks no plug.
_KASA = (
    "import importlib\n"
    "async def async_setup(hass, config):\n"
    "    await hass.async_add_import_executor_job(importlib.import_module, 'kasa')\n"
    "    return True\n"
)


async def measure(folder: Path, times: int = 5) -> None:
    """Start three homes in turn, and write what they took until some seconds after the start."""
    # Each start would compile all modules of the integration, and none of Home Assistant's.
    assert not sys.dont_write_bytecode, "PYTHONDONTWRITEBYTECODE is set"
    kinds = ("without", "kasa", "with")
    taken: dict[str, list[tuple[float, float]]] = {kind: [] for kind in kinds}
    async with AsyncExitStack() as stack:
        plugs = await stack.enter_async_context(plugs_in_use(3, days=30))
        broker = Mosquitto(folder).start()
        stack.callback(broker.stop)
        server = VictoriaMetricsServer(folder).start()
        stack.callback(server.stop)
        homes = {kind: RealHome(folder / kind, integrations=_integrations(kind)) for kind in kinds}
        _add_library(folder / "kasa")
        for kind, home in homes.items():
            async with home:
                await home.onboard()
                if kind == "with":
                    await add_plugs(home, plugs)
                    await home.flow(
                        "med_exporter", {"next_step_id": "mqtt"},
                        {"broker": f"mqtt://127.0.0.1:{broker.port}", "topic_prefix": "house"},
                    )  # fmt: skip
                    await home.flow(
                        "med_exporter", {"next_step_id": "victoriametrics"}, {"url": server.url}
                    )
                    await asyncio.sleep(20)
                else:
                    (folder / kind / "custom_components" / "med_exporter").unlink()
        for number in range(times):
            # Whatever the machine does meanwhile is no more to the first than to the last.
            for kind in kinds if number % 2 else reversed(kinds):
                taken[kind].append(await _start(homes[kind], kind))

    def row(name: str, kind: str, than: str, goals: tuple[str, str]) -> list[tuple[str, str, str]]:
        pairs = zip(taken[kind], taken[than], strict=True)
        more = [(one[0] - two[0], one[1] - two[1]) for one, two in pairs]
        seconds, memory = (median(one) for one in zip(*more, strict=True))
        return [
            (f"processor more, {name}", f"{1000 * seconds:.0f} ms", goals[0]),
            (f"memory more, {name}", f"{memory / 2**20:.0f} MB", goals[1]),
        ]

    HOUSE.write_section(
        "Start",
        [
            f"Medians of {times} pairs of starts in turn, until 5 s after Home Assistant has",
            "started: a metering point of three plugs, MQTT, VictoriaMetrics, and the",
            "installation's entry. Alone, python-kasa is loaded, and asks no plug.",
            "",
        ],
        [
            ("figure", "measured", "goal"),
            *row("the integration beside python-kasa", "with", "kasa", ("150 ms", "25 MB")),
            *row("python-kasa alone", "kasa", "without", ("", "")),
        ],
    )


def _integrations(kind: str) -> tuple[str, ...]:
    return (*_INTEGRATIONS, "only_kasa") if kind == "kasa" else _INTEGRATIONS


def _add_library(folder: Path) -> None:
    component = folder / "custom_components" / "only_kasa"
    component.mkdir(parents=True)
    (component.parent / "__init__.py").touch()
    (component / "__init__.py").write_text(_KASA)
    manifest = {"domain": "only_kasa", "name": "Only kasa", "version": "1"}
    (component / "manifest.json").write_text(json.dumps(manifest))


async def _start(home: RealHome, kind: str) -> tuple[float, float]:
    """Return the seconds of processor and the bytes of memory of a start."""
    async with home:
        await home.wait_until_running()
        await asyncio.sleep(5)
        taken = used(home.pid)
        assert kind != "kasa" or not home.complaints("only_kasa")
        return taken.processor, taken.memory

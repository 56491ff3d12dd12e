"""What Home Assistant loads of this integration when it starts, and what it must not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "custom_components/med_exporter"
MUST_WAIT = (
    "kasa", "reportlab", "openpyxl", "sqlglot", "aiomqtt", "paho", "aiosmtplib", "numpy",
    "mashumaro.codecs",
    "homeassistant.components.energy",
    *(
        f"custom_components.med_exporter.{name}"
        for name in (
            "engine.run", "engine.rows", "engine.job", "engine.export_types", "engine.formats",
            "engine.tariff", "engine.costs", "exports.asked", "exports.planning",
            "exports.request", "exports.worker", "schedules.request", "schedules.run",
            "delivery.account", "delivery.mail", "delivery.request", "delivery.folder",
            "grid.coordinator", "grid.sensors", "sources.rte",
            "costs.official", "costs.prices", "costs.reading", "costs.statistics", "costs.terms",
            "ledger.corrections", "ledger.hours", "ledger.moving", "ledger.undoing",
            "flows.kasa", "flows.meters", "flows.grid", "flows.email", "flows.destination",
            "flows.tariff_options", "flows.installation_options",
            "destinations.home_assistant.destination", "destinations.influxdb.destination",
            "destinations.jeedom.destination", "destinations.mqtt.destination",
            "destinations.victoriametrics.destination",
            "meters.point", "meters.coordinator", "delivery.methods", "delivery.text",
            "actions", "corrections.actions", "exports.catalogue", "exports.preview",
            "api.exports", "api.schedules", "api.description", "api.operation",
            "api.websocket.files", "api.websocket.destinations", "inventory.configuration",
        )
    ),
)  # fmt: skip
"""What takes long to load, and only some installations need."""
MOST_MODULES = 285
"""Each takes a quarter of a millisecond at every start: one that can wait should."""


def test_libraries_wait_until_they_are_needed():
    platforms = sorted(
        path.stem
        for path in FOLDER.glob("*.py")
        if path.stem in {"config_flow", "sensor", "binary_sensor", "button", "switch", "event",
                         "calendar", "diagnostics", "repairs", "system_health", "logbook"}
    )  # fmt: skip
    script = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import importlib
import homeassistant.bootstrap, homeassistant.components.recorder
before = set(sys.modules)
for name in ["", *("." + one for one in {platforms!r})]:
    importlib.import_module("custom_components.med_exporter" + name)
print([name for name in {MUST_WAIT!r} if name in sys.modules and name not in before])
print(sum(name.startswith("custom_components.med_exporter") for name in sys.modules))
"""
    shown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert "config_flow" in platforms
    loaded_too_early, modules = shown.stdout.splitlines()
    assert loaded_too_early == "[]"
    assert int(modules) <= MOST_MODULES

"""When the library is loaded that speaks MQTT."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import sys
import homeassistant.components.http
from custom_components.med_exporter.destinations.mqtt import entry
assert "custom_components.med_exporter.destinations.mqtt.opening" in sys.modules
print([name for name in sys.modules if name.startswith("paho")])
"""


def test_paho_is_not_loaded_before_there_is_a_broker_to_speak_to() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"

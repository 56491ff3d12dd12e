"""Each rule of Home Assistant's quality scale that is claimed, and where it can be seen.

A file that moves, or no longer says what shows the rule, fails here.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
CODE = "custom_components/med_exporter"

# The rules by tier, as Home Assistant's validator has them; of each, a file and what stands in it.
BRONZE = {
    "action-setup": (f"{CODE}/__init__.py", r"def async_setup\(.*?async_setup_services\(hass\)"),
    "appropriate-polling": (f"{CODE}/metering/coordinator.py", r"DEFAULT_POLLING_INTERVAL.* = 30"),
    "brands": (f"{CODE}/brand/icon.png", None),
    "common-modules": (f"{CODE}/metering/coordinator.py", r"class \w+\(.*Coordinator"),
    "config-flow": (f"{CODE}/config_flow.py", r"class MedExporterFlow\(.*ConfigFlow"),
    "config-flow-test-coverage": ("tests/flows/test_every_menu.py", r"STORED"),
    "dependency-transparency": (f"{CODE}/manifest.json", r'"requirements": \['),
    "docs-actions": ("docs/actions.md", r"create_export"),
    "docs-conditions": None,
    "docs-high-level-description": ("docs/start.md", r"# What it is for"),
    "docs-installation-instructions": ("README.md", r"HACS"),
    "docs-removal-instructions": ("docs/removal-and-backup.md", r"## Remove it"),
    "docs-triggers": ("docs/automations.md", r"\| device \| trigger \|"),
    "entity-event-setup": (f"{CODE}/pushes/entities/entity.py", r"def async_added_to_hass"),
    "entity-unique-id": (f"{CODE}/metering/entity.py", r"_attr_unique_id = "),
    "has-entity-name": (f"{CODE}/metering/entity.py", r"_attr_has_entity_name = True"),
    "runtime-data": (f"{CODE}/__init__.py", r"entry\.runtime_data = "),
    "test-before-configure": (f"{CODE}/destinations/kind.py", r"test: Callable"),
    "test-before-setup": (f"{CODE}/metering/coordinator.py", r"ConfigEntryAuthFailed"),
    "unique-config-entry": (f"{CODE}/flows/kasa.py", r"async_set_unique_id"),
}
SILVER = {
    "action-exceptions": (f"{CODE}/errors.py", r"HomeAssistantError"),
    "config-entry-unloading": (f"{CODE}/__init__.py", r"def async_unload_entry"),
    "docs-configuration-parameters": ("docs/reference.md", r"## Options of a metering point"),
    "docs-installation-parameters": ("docs/reference.md", r"## Fields of the destinations"),
    "entity-unavailable": (f"{CODE}/metering/entity.py", r"def available"),
    "integration-owner": (f"{CODE}/manifest.json", r'"codeowners": \["@'),
    "log-when-unavailable": (f"{CODE}/metering/coordinator.py", r"answers again"),
    "parallel-updates": (f"{CODE}/sensor.py", r"PARALLEL_UPDATES = 0"),
    "reauthentication-flow": (f"{CODE}/config_flow.py", r"def async_step_reauth"),
    "test-coverage": ("pyproject.toml", r"fail_under = 9[5-9]"),
}
GOLD = {
    "devices": (f"{CODE}/metering/entity.py", r"DeviceInfo"),
    "diagnostics": (f"{CODE}/diagnostics.py", r"def async_get_config_entry_diagnostics"),
    "discovery": (f"{CODE}/flows/kasa_discovery.py", r"def async_step_dhcp"),
    "discovery-update-info": (f"{CODE}/flows/kasa_discovery.py", r"seen_at\(mac, address\)"),
    "docs-data-update": ("docs/start.md", r"## How data is updated"),
    "docs-examples": ("docs/schedules.md", r"```yaml"),
    "docs-known-limitations": ("docs/limits.md", r"## Known limits"),
    "docs-supported-devices": ("docs/start.md", r"## Supported devices"),
    "docs-supported-functions": ("docs/metering-points.md", r"\| entity \| unit \|"),
    "docs-troubleshooting": ("docs/troubleshooting.md", r"# When something is wrong"),
    "docs-use-cases": ("docs/start.md", r"## The first file"),
    "dynamic-devices": None,
    "entity-category": (f"{CODE}/pushes/entities/sensors.py", r"EntityCategory\.DIAGNOSTIC"),
    "entity-device-class": (f"{CODE}/metering/plug_sensors.py", r"SensorDeviceClass\.POWER"),
    "entity-disabled-by-default": (
        f"{CODE}/metering/plug_sensors.py",
        r"entity_registry_enabled_default=False",
    ),
    "entity-translations": (f"{CODE}/translations/en.json", r'"entity": \{'),
    "exception-translations": (f"{CODE}/translations/en.json", r'"exceptions": \{'),
    "icon-translations": (f"{CODE}/icons.json", r'"entity": \{'),
    "reconfiguration-flow": (f"{CODE}/config_flow.py", r"def async_step_reconfigure"),
    "repair-issues": (f"{CODE}/repairs.py", r"def async_create_fix_flow"),
    "stale-devices": (f"{CODE}/__init__.py", r"def async_remove_config_entry_device"),
}
PLATINUM = {
    "async-dependency": (f"{CODE}/destinations/mqtt/client.py", r"async def"),
    "inject-websession": (f"{CODE}/sources/kasa/bounds.py", r"config\.http_client = session\(\)"),
    "strict-typing": ("pyproject.toml", r"strict = true"),
}
RULES = {**BRONZE, **SILVER, **GOLD, **PLATINUM}
CLAIMED = yaml.safe_load((ROOT / CODE / "quality_scale.yaml").read_text())["rules"]


def test_every_rule_is_answered() -> None:
    assert set(CLAIMED) == set(RULES)
    exempt = {rule for rule, said in CLAIMED.items() if isinstance(said, dict)}
    assert {rule for rule in exempt if CLAIMED[rule]["status"] == "exempt"} == {
        rule for rule, seen in RULES.items() if seen is None
    }
    assert all(CLAIMED[rule]["comment"] for rule in exempt)
    assert json.loads((ROOT / CODE / "manifest.json").read_text())["quality_scale"] == "platinum"


@pytest.mark.parametrize("rule", [rule for rule, seen in RULES.items() if seen])
def test_what_is_claimed_is_seen(rule: str) -> None:
    seen = RULES[rule]
    assert seen is not None
    name, pattern = seen
    file = ROOT / name
    assert file.exists()
    if pattern is not None:
        assert re.search(pattern, file.read_text(encoding="utf-8"), re.DOTALL)


def test_each_platform_says_how_many_updates_run_side_by_side() -> None:
    platforms = ("binary_sensor", "button", "calendar", "event", "sensor", "switch")
    for platform in platforms:
        assert "PARALLEL_UPDATES" in (ROOT / CODE / f"{platform}.py").read_text()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_each_field_of_a_form_says_what_it_is_for(language: str) -> None:
    words = json.loads((ROOT / CODE / "translations" / f"{language}.json").read_text())
    silent = [
        f"{flow}.{step}.{field}"
        for flow in ("config", "options")
        for step, texts in words[flow]["step"].items()
        for field in texts.get("data", {}).keys() - texts.get("data_description", {}).keys()
    ]
    assert silent == []

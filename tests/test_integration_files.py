"""What Home Assistant and its validator expect of an integration's own files, in both languages."""

from __future__ import annotations

import ast
import json
import re
import string
import tomllib
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
import yaml
from homeassistant.const import Platform
from homeassistant.helpers.selector import validate_selector
from homeassistant.loader import Manifest
from packaging.requirements import Requirement

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
INTEGRATION = ROOT / "custom_components" / "med_exporter"
STUBS = ROOT / "stubs"
LANGUAGES = ("en", "fr")

HTML = re.compile(r"<[^>]+>")
URL = re.compile(r"\b(https?|mqtts?|ftp)://\w+[\w.-]*\.[a-z]{2,5}\b|\bwww\.", re.IGNORECASE)
TRANSLATION_KEY = re.compile(r"(?!.*[_-]{2})[a-z0-9]([a-z0-9_-]*[a-z0-9])?")
ICON = re.compile(r"mdi:[a-z0-9-]+")
# Home Assistant sets these up by itself, or they need no set-up: importing them needs no mention.
ALWAYS_THERE = {platform.value for platform in Platform} | {
    "automation",
    "device_automation",
    "frontend",
    "homeassistant",
    "panel_custom",
    "persistent_notification",
    "system_health",
    "websocket_api",
}


def _json(name: str) -> dict[str, Any]:
    path = INTEGRATION / name
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _services() -> dict[str, Any]:
    path = INTEGRATION / "services.yaml"
    return (yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path.exists() else {}


def _leaves(tree: dict[str, Any], *above: str) -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, *above, key)
        else:
            yield ".".join((*above, key)), value


def _fields(action: dict[str, Any] | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give an action's fields by name, those inside sections too."""
    for name, field in ((action or {}).get("fields") or {}).items():
        if "fields" in (field or {}):
            yield from field["fields"].items()
        else:
            yield name, field or {}


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(INTEGRATION.rglob("*.py")):
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return _json("manifest.json")


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def translations() -> dict[str, dict[str, str]]:
    """Return what each language says, by the dotted path of the key."""
    return {
        language: dict(_leaves(_json(f"translations/{language}.json"))) for language in LANGUAGES
    }


class TestManifest:
    def test_keys_are_known(self, manifest: dict[str, Any]) -> None:
        set_by_home_assistant = {"is_built_in", "overwrites_built_in"}
        assert set(manifest) <= set(Manifest.__annotations__) - set_by_home_assistant

    def test_keys_that_a_custom_integration_needs_are_there(self, manifest: dict[str, Any]) -> None:
        needed = {"codeowners", "config_flow", "documentation", "domain", "integration_type"}
        needed |= {"iot_class", "issue_tracker", "name", "version"}
        assert needed <= set(manifest)

    def test_keys_come_domain_and_name_first_then_by_alphabet(
        self, manifest: dict[str, Any]
    ) -> None:
        rest = sorted(set(manifest) - {"domain", "name"})
        assert list(manifest) == ["domain", "name", *rest]

    def test_version_is_the_projects(
        self, manifest: dict[str, Any], pyproject: dict[str, Any]
    ) -> None:
        assert manifest["version"] == pyproject["project"]["version"]

    def test_requirements_are_the_projects(
        self, manifest: dict[str, Any], pyproject: dict[str, Any]
    ) -> None:
        def parsed(requirements: list[str]) -> dict[str, str]:
            found = map(Requirement, requirements)
            return {each.name: str(each.specifier) for each in found}

        needed = parsed(pyproject["project"]["dependencies"])
        needed.pop("homeassistant")
        assert parsed(manifest["requirements"]) == needed

    def test_every_component_that_is_imported_is_a_dependency(
        self, manifest: dict[str, Any]
    ) -> None:
        # What Home Assistant loads as a part of another component, that component has loaded.
        parts = {path.stem for path in INTEGRATION.glob("*.py")}
        allowed = {
            *ALWAYS_THERE,
            *manifest["dependencies"],
            *manifest["after_dependencies"],
            *parts,
        }
        imported = {
            (name, module.split(".")[2])
            for name, tree in _modules()
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module
            for module in [
                f"{node.module}.{node.names[0].name}"
                if node.module == "homeassistant.components"
                else node.module
            ]
            if module.startswith("homeassistant.components.")
        }
        assert {(name, domain) for name, domain in imported if domain not in allowed} == set()


class TestTranslations:
    def test_languages_have_the_same_keys(self, translations: dict[str, dict[str, str]]) -> None:
        assert set(translations["fr"]) == set(translations["en"])

    def test_languages_fill_in_the_same_placeholders(
        self, translations: dict[str, dict[str, str]]
    ) -> None:
        differing = {
            key
            for key, english in translations["en"].items()
            if _placeholders(english) != _placeholders(translations["fr"].get(key, english))
        }
        assert differing == set()

    def test_no_long_text_is_the_same_in_both_languages(
        self, translations: dict[str, dict[str, str]]
    ) -> None:
        untranslated = {
            key: english
            for key, english in translations["en"].items()
            if len(english) > 20 and " " in english and english == translations["fr"].get(key)
        }
        assert untranslated == {}

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_texts_are_such_as_home_assistant_takes(
        self, translations: dict[str, dict[str, str]], language: str
    ) -> None:
        refused = {
            key: text
            for key, text in translations[language].items()
            if not isinstance(text, str)
            or not text
            or text != text.strip()
            or HTML.search(text)
            or URL.search(text)
            or re.search(r"'\{\w+\}'", text)
            or not all(name.isidentifier() for name in _placeholders(text))
        }
        assert refused == {}

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_keys_are_such_as_home_assistant_takes(
        self, translations: dict[str, dict[str, str]], language: str
    ) -> None:
        refused = {
            key
            for path in translations[language]
            for key in path.split(".")
            if not TRANSLATION_KEY.fullmatch(key)
        }
        assert refused == set()

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_only_fields_that_exist_are_described(self, language: str) -> None:
        described = set()
        for flow in ("config", "options"):
            for name, step in (
                _json(f"translations/{language}.json").get(flow, {}).get("step", {}).items()
            ):
                unknown = set(step.get("data_description", {})) - set(step.get("data", {}))
                described |= {f"{flow}.{name}.{field}" for field in unknown}
        assert described == set()

    def test_every_key_that_the_code_names_has_a_text(self) -> None:
        texts = _json("translations/en.json")
        known = {key for keys in texts.get("entity", {}).values() for key in keys}
        known.update(
            *(texts.get(kind, ()) for kind in ("exceptions", "issues", "device", "selector"))
        )
        named = {
            (name, keyword.value.value)
            for name, tree in _modules()
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            for keyword in node.keywords
            if keyword.arg == "translation_key" and isinstance(keyword.value, ast.Constant)
        }
        assert {(name, key) for name, key in named if key not in known} == set()


class TestActions:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_every_action_and_field_has_a_name_and_a_description(self, language: str) -> None:
        texts = dict(_leaves(_json(f"translations/{language}.json").get("services", {})))
        needed = set()
        for action, description in _services().items():
            needed |= {f"{action}.name", f"{action}.description"}
            for field, _ in _fields(description):
                needed |= {f"{action}.fields.{field}.{text}" for text in ("name", "description")}
            for name, field in ((description or {}).get("fields") or {}).items():
                if "fields" in (field or {}):
                    needed.add(f"{action}.sections.{name}.name")
        assert {key for key in needed if not texts.get(key)} == set()
        assert {key.split(".")[0] for key in texts} <= set(_services())

    def test_every_field_has_a_selector_that_home_assistant_knows(self) -> None:
        for action, description in _services().items():
            for name, field in _fields(description):
                assert "selector" in field, f"{action}.{name}"
                validate_selector(field["selector"])

    def test_every_option_of_a_selector_has_a_text(self) -> None:
        texts = _json("translations/en.json").get("selector", {})
        without = {
            f"{select['translation_key']}.{option}"
            for description in _services().values()
            for _, field in _fields(description)
            if (select := (field.get("selector") or {}).get("select") or {}).get("translation_key")
            for option in select["options"]
            if option not in texts.get(select["translation_key"], {}).get("options", {})
        }
        assert without == set()

    def test_every_action_has_an_icon(self) -> None:
        icons = _json("icons.json").get("services", {})
        assert set(icons) == set(_services())


def test_icons_are_material_design_icons() -> None:
    icons = dict(_leaves(_json("icons.json")))
    assert {key: icon for key, icon in icons.items() if not ICON.fullmatch(str(icon))} == {}


def test_texts_live_in_translations_only() -> None:
    """A custom integration's strings.json is read by nobody."""
    assert not (INTEGRATION / "strings.json").exists()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_line_of_a_menu_is_whole_on_a_phone(language) -> None:
    """Home Assistant cuts the rest off: of two that begin alike, nobody knows which is which."""
    lines = dict(_leaves(_json(f"translations/{language}.json")))
    found = {key: line for key, line in lines.items() if ".menu_options." in key}
    assert found
    assert {key: line for key, line in found.items() if len(str(line)) > 40} == {}


class TestQualityScale:
    """What is said of Home Assistant's quality scale."""

    TIERS: ClassVar = {"bronze": 20, "silver": 10, "gold": 21, "platinum": 3}

    @pytest.fixture
    def tiers(self) -> dict[str, dict[str, Any]]:
        """The rules by tier, which a comment begins."""
        text = (INTEGRATION / "quality_scale.yaml").read_text(encoding="utf-8")
        parts = re.split(r"^  # (\w+)$", text, flags=re.MULTILINE)[1:]
        return {
            tier.lower(): yaml.safe_load(rules)
            for tier, rules in zip(parts[::2], parts[1::2], strict=True)
        }

    def test_every_rule_is_answered(self, tiers: dict[str, dict[str, Any]]) -> None:
        assert {tier: len(rules) for tier, rules in tiers.items()} == self.TIERS

    def test_no_tier_is_claimed_that_is_not_reached(self, tiers: dict[str, dict[str, Any]]) -> None:
        reached = None
        for tier, rules in tiers.items():
            answers = [rule if isinstance(rule, str) else rule["status"] for rule in rules.values()]
            if "todo" in answers:
                break
            reached = tier
        assert _json("manifest.json")["quality_scale"] == reached

    def test_the_libraries_without_types_are_named(
        self, tiers: dict[str, dict[str, Any]], manifest: dict[str, Any]
    ) -> None:
        untyped = {
            name
            for name in (Requirement(one).name for one in manifest["requirements"])
            if not any(file.name == "py.typed" for file in metadata.files(name) or ())
        }
        told = tiers["platinum"]["strict-typing"]["comment"]
        assert {word.strip(",.") for word in told.split()} & {
            Requirement(one).name for one in manifest["requirements"]
        } == untyped
        assert (INTEGRATION / "py.typed").exists()

    def test_the_libraries_without_types_have_stubs(self, manifest: dict[str, Any]) -> None:
        for name in (Requirement(one).name for one in manifest["requirements"]):
            if not any(file.name == "py.typed" for file in metadata.files(name) or ()):
                module = {"python-bidi": "bidi"}.get(name, name.replace("-", "_"))
                assert (STUBS / module / "__init__.pyi").exists() or metadata.version(
                    f"types-{name}"
                )

"""The fields of the forms: destinations from their records, other entries from their words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import voluptuous as vol

from custom_components.med_exporter.destinations.registry import DESTINATIONS
from custom_components.med_exporter.settings import BOUNDS, Settings
from scripts.reference.values import default, values
from scripts.reference.words import table

if TYPE_CHECKING:
    from scripts.reference.words import Words

_ENTRIES = ("kasa", "meters", "grid", "email")
_CHOICES = ("change_", "remove_")
"""How steps are called that ask which one is meant."""


def destinations(words: Words) -> str:
    """Return every field of every destination, the common ones with each."""
    parts = [words["destinations_about"]]
    for kind in DESTINATIONS.values():
        told = words.translations["config"]["step"][kind.type]
        rows = [(words["field"], words["option"], words["takes"], words["meaning"])]
        for marker, selector in kind.schema().schema.items():
            name = str(marker)
            given = None if isinstance(marker.default, vol.Undefined) else marker.default()
            takes = [
                values(words, {selector.selector_type: dict(selector.config)}),
                default(words, given),
                words["encrypted"] if name in kind.secrets else "",
                words["required"] if isinstance(marker, vol.Required) and given is None else "",
            ]
            meaning = told.get("data_description", {}).get(name, "")
            meaning = meaning.replace("{example}", f"`{kind.example}`")
            rows.append(
                (told["data"][name], f"`{name}`", "; ".join(one for one in takes if one), meaning)
            )
        parts += [f"### {told['title']}", table(*rows)]
    return "\n\n".join(parts)


def entries(words: Words) -> str:
    """Return the fields of the forms of all other entries."""
    parts = []
    steps = words.translations["config"]["step"]
    for name in _ENTRIES:
        step = steps[name]
        rows = [(words["field"], words["option"], words["meaning"]), *_told(step)]
        for section in step.get("sections", {}).values():
            rows += _told(section)
        title = steps["user"]["menu_options"][name]
        parts += [f"### {title}", table(*rows)]
    return "\n\n".join(parts)


def point_options(words: Words) -> str:
    """Return the fields of a metering point's options, its contracts among them."""
    parts = []
    for name, step in words.translations["options"]["step"].items():
        is_choice = name.startswith(_CHOICES)
        if "data" not in step or is_choice or name == "limits":
            continue
        rows = [(words["field"], words["option"], words["meaning"]), *_told(step)]
        # What is known only in the form stands in braces.
        title = step["title"].partition(" {")[0]
        about = step.get("description", "")
        parts += [f"### {title}", *([about] if about and "{" not in about else []), table(*rows)]
    return "\n\n".join(parts)


def limits(words: Words) -> str:
    """Return the options of the installation with their bounds."""
    told = words.translations["options"]["step"]["limits"]
    rows = [(words["field"], words["option"], words["takes"], words["meaning"])]
    for name, bounds in BOUNDS.items():
        number = {"min": bounds.low, "max": bounds.high, "unit_of_measurement": bounds.unit}
        takes = f"{values(words, {'number': number})}; {default(words, getattr(Settings(), name))}"
        rows.append((told["data"][name], f"`{name}`", takes, told["data_description"][name]))
    return "\n\n".join([words["limits_about"], table(*rows)])


def _told(step: dict[str, Any]) -> list[tuple[str, ...]]:
    meanings = step.get("data_description", {})
    return [
        (label, f"`{name}`", meanings.get(name, "").replace("{example}", "`http://host:port`"))
        for name, label in step["data"].items()
    ]

"""The fields of the actions, from `services.yaml` and the records of what exists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from homeassistant.util.yaml import load_yaml_dict

from custom_components.med_exporter.delivery.request import FIELDS_OF_METHOD
from custom_components.med_exporter.engine.export_types import EXPORT_TYPES
from custom_components.med_exporter.engine.formats import FORMATS
from custom_components.med_exporter.exports.action_fields import request_fields
from scripts.reference.values import default, values
from scripts.reference.words import COMPONENT, code, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.reference.words import Words

_FILE = "create_export"
_SCHEDULE = "create_schedule"


def file_options(words: Words) -> str:
    """Return the options of a file, a table for each section of the form."""
    told = words.translations["services"][_FILE]
    paths = request_fields()
    heads = ("option", "in_json", "takes", "only_for", "meaning")
    parts = [words["files_about"]]
    for section, fields in _sections(_FILE):
        if section:
            parts.append(f"### {told['sections'][section]['name']}")
        rows = [tuple(words[head] for head in heads)]
        for name, field in fields.items():
            rows.append(
                (
                    f"`{name}`",
                    f"`{'.'.join(paths[name])}`" if name in paths else "",
                    _takes(words, field),
                    _only_for(paths.get(name, ())),
                    _meaning(told["fields"][name]),
                )
            )
        parts.append(table(*rows))
    return "\n\n".join(parts)


def schedule_fields(words: Words) -> str:
    """Return the fields of a schedule, and of each way of delivery."""
    told = words.own["delivery_fields"]
    rows = [(words["method"], words["option"], words["meaning"])]
    for method, names in FIELDS_OF_METHOD.items():
        rows += [(f"`{method}`", f"`{name}`", told[name]) for name in names]
        if not names:
            rows.append((f"`{method}`", "", words["no_delivery"]))
    return "\n\n".join(
        [
            _fields(words, _SCHEDULE),
            f"### {words['delivery']}",
            words["delivery_about"],
            table(*rows),
        ]
    )


def actions(words: Words) -> str:
    """Return all actions but those that have a part of their own, with every field."""
    parts = [words["actions_about"]]
    for name, told in words.translations["services"].items():
        if name not in {_FILE, _SCHEDULE}:
            parts += [f"### med_exporter.{name}", told["description"]]
            if told.get("fields"):
                parts.append(_fields(words, name))
    return "\n\n".join(parts)


def _fields(words: Words, action: str) -> str:
    told = words.translations["services"][action]["fields"]
    rows = [(words["option"], words["takes"], words["meaning"])]
    for _, fields in _sections(action):
        rows += [
            (f"`{name}`", _takes(words, field), _meaning(told[name]))
            for name, field in fields.items()
        ]
    return table(*rows)


def _sections(action: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the fields of an action by section; those in none first, under an empty name."""
    declared = cast(dict[str, Any], load_yaml_dict(COMPONENT / "services.yaml"))
    fields = declared[action]["fields"]
    yield "", {name: one for name, one in fields.items() if "fields" not in one}
    yield from ((name, one["fields"]) for name, one in fields.items() if "fields" in one)


def _takes(words: Words, field: dict[str, Any]) -> str:
    said = [
        values(words, field["selector"]),
        default(words, field.get("default")),
        words["required"] if field.get("required") else "",
    ]
    return "; ".join(one for one in said if one)


def _meaning(told: dict[str, str]) -> str:
    return f"**{told['name']}.** {told['description']}"


def _only_for(path: tuple[str, ...]) -> str:
    """Return the export types or formats that know an option; empty where all do."""
    if not path:
        return ""
    types = [one.id for one in EXPORT_TYPES.values() if path[0] in one.options]
    formats = [one.id for one in FORMATS.values() if path[-1] in one.options]
    if path[-1] == "include_charts":
        formats = [one.id for one in FORMATS.values() if one.document]
    if path[-1] == "compression":
        formats = [one.id for one in FORMATS.values() if one.single.compressible]
    if path[-1] == "cache_results":
        types = [one.id for one in EXPORT_TYPES.values() if one.is_about_a_time]
    told = types if 0 < len(types) < len(EXPORT_TYPES) else []
    told += formats if 0 < len(formats) < len(FORMATS) else []
    return code(*told)

"""What a field of an action or a form takes, in words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from scripts.reference.words import code

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scripts.reference.words import Words


def values(words: Words, selector: Mapping[str, Any]) -> str:
    """Return what a selector, written as in YAML, lets one choose."""
    ((kind, config),) = selector.items()
    config = config or {}
    if kind == "select":
        text = _options(words, config)
    elif kind == "number":
        text = _number(words, config)
    else:
        text = words.own["values"][kind]
    many = config.get("multiple") and kind in {"select", "text"}
    return f"{text} ({words['several']})" if many else text


def default(words: Words, value: object) -> str:
    """Return what holds when a field is left out; empty where nothing is said."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        value = str(value).lower()
    if isinstance(value, dict):
        value = json.dumps(value)
    several = value if isinstance(value, list) else [value]
    return words["default"].format(value=code(*several))


def _options(words: Words, config: Mapping[str, Any]) -> str:
    listed = [one["value"] if isinstance(one, dict) else str(one) for one in config["options"]]
    # Digits say nothing by themselves.
    if any(one.isdecimal() for one in listed) and "translation_key" in config:
        name = config["translation_key"]
        return ", ".join(f"`{one}` ({words.option(name, one)})" for one in listed)
    return code(*listed)


def _number(words: Words, config: Mapping[str, Any]) -> str:
    unit = config.get("unit_of_measurement")
    bounds = words["bounds"].format(
        low=words.number(config["min"]), high=words.number(config["max"])
    )
    return f"{bounds} {unit}" if unit else bounds

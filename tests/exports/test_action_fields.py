"""What templates, YAML and selectors give for a field of an action is what the field means."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from homeassistant.util.yaml import parse_yaml

from custom_components import med_exporter
from custom_components.med_exporter.exports.action_fields import plain_values

DECLARED = yaml.safe_load((Path(med_exporter.__file__).parent / "services.yaml").read_text())


def fields_with(kind: str, *, multiple: bool = False) -> list[str]:
    """Return the fields of files whose form has a selector of this kind."""
    found: dict[str, Any] = {}
    for action in ("create_export", "preview_export"):
        for name, field in DECLARED[action]["fields"].items():
            found |= field.get("fields", {name: field})
    # Whether the caller waits is not a part of the request.
    del found["wait"]
    return sorted(
        name
        for name, field in found.items()
        if kind in field["selector"]
        and bool((field["selector"][kind] or {}).get("multiple")) == multiple
    )


def plain(name: str, value: object) -> object:
    return plain_values({name: value})[name]


@pytest.mark.parametrize("name", fields_with("number"))
def test_a_number_may_be_a_text(name: str) -> None:
    assert plain(name, "50") == plain(name, 50) == 50
    assert plain(name, "3,5") == "3,5"
    assert plain(name, "") == ""
    assert plain(name, None) is None


@pytest.mark.parametrize("name", fields_with("boolean"))
def test_true_and_false_have_many_words(name: str) -> None:
    assert [plain(name, one) for one in (True, "true", "on", "yes", 1)] == [True] * 5
    assert [plain(name, one) for one in (False, "False", "off", 0)] == [False] * 4
    assert plain(name, "perhaps") == "perhaps"


@pytest.mark.parametrize(
    "name", [one for one in fields_with("select", multiple=True) if one != "days_of_week"]
)
def test_a_text_may_name_several_words(name: str) -> None:
    assert plain(name, "one, two,") == plain(name, ["one", "two"]) == ["one", "two"]
    assert plain(name, "one") == ["one"]


def test_a_day_may_stand_alone() -> None:
    assert plain("days_of_week", 1) == plain("days_of_week", "1") == [1]
    assert plain("days_of_week", "1, 7") == plain("days_of_week", ["1", 7]) == [1, 7]


@pytest.mark.parametrize(
    "name", [*fields_with("device", multiple=True), *fields_with("text", multiple=True)]
)
def test_a_name_of_digits_is_a_name(name: str) -> None:
    assert plain(name, 12345678901234) == plain(name, [12345678901234]) == ["12345678901234"]
    assert plain(name, "Fridge, kitchen") == ["Fridge, kitchen"]
    assert plain(name, "all") == "all"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("device_states: on", ["on"]),
        ("device_states: [on, off]", ["on", "off"]),
        ("time_of_day_start: 06:00", "06:00"),
        ("time_of_day_start: 22:00", "22:00"),
        ("time_of_day_start: 22:15:00", "22:15"),
        ("time_of_day_start: 1:00", "01:00"),
        ("time_of_day_start: 25", 25),
        ("time_of_day_start: 90000", 90000),
    ],
)
def test_what_yaml_makes_of_it_without_quotes(written: str, meant: object) -> None:
    [(name, value)] = parse_yaml(written).items()
    assert plain(name, value) == meant

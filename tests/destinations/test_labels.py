"""Which labels a user may add to every sample."""

from __future__ import annotations

import pytest

from custom_components.med_exporter.destinations.labels import InvalidLabelsError, labels_from


@pytest.mark.parametrize("text", [None, "", "{}"])
def test_there_need_be_none(text: str | None) -> None:
    assert labels_from(text) == {}


def test_labels_are_a_json_object_of_texts() -> None:
    assert labels_from('{"site": "Maison d\'été", "_a1": "x"}') == {
        "_a1": "x",
        "site": "Maison d'été",
    }


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("site=home", "labels_not_json"),
        ("[" * 100_000, "labels_not_json"),
        ('["site"]', "labels_not_object"),
        ('[["site", "a"]]', "labels_not_object"),
        ('"site"', "labels_not_object"),
        ('{"a": "1", "a": "2"}', "labels_repeated"),
        ('{"a": 1}', "labels_value"),
        ('{"a": ""}', "labels_value"),
        ('{"a": null}', "labels_value"),
        ('{"a": {"b": "c"}}', "labels_value"),
        (f'{{"a": "{"é" * 257}"}}', "labels_value"),
        (r'{"a": "\ud800"}', "labels_value"),
        ('{"": "a"}', "labels_name"),
        ('{"1a": "a"}', "labels_name"),
        ('{"a-b": "a"}', "labels_name"),
        ('{"été": "a"}', "labels_name"),
        ('{"a\\n": "a"}', "labels_name"),
        (f'{{"{"a" * 129}": "a"}}', "labels_name"),
        ('{"__name__": "a"}', "labels_reserved"),
        ('{"__x": "a"}', "labels_reserved"),
        ('{"pdl": "a"}', "labels_reserved"),
        ('{"type": "a"}', "labels_reserved"),
        ('{"status": "a"}', "labels_reserved"),
        (f"{{{','.join(f'"a{n}": "b"' for n in range(21))}}}", "labels_too_many"),
    ],
)
def test_a_mistake_has_a_name(text: str, code: str) -> None:
    with pytest.raises(InvalidLabelsError) as raised:
        labels_from(text)
    assert raised.value.code == code

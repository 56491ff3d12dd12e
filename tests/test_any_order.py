"""The plugin that draws an order leaves nothing out, and has the same order again."""

from __future__ import annotations

from itertools import groupby
from types import SimpleNamespace

from tests.any_order import pytest_collection_modifyitems


def ordered(seed: int) -> list[tuple[str, int]]:
    items = [
        SimpleNamespace(path=path, number=number) for path in "abcdefgh" for number in range(20)
    ]
    config = SimpleNamespace(option=SimpleNamespace(order_seed=seed))
    pytest_collection_modifyitems(config, items)
    return [(item.path, item.number) for item in items]


def test_an_order_is_drawn_from_its_seed_and_keeps_modules_whole() -> None:
    order = ordered(1)
    assert order == ordered(1) != ordered(2)
    assert order != sorted(order) == [(path, number) for path in "abcdefgh" for number in range(20)]
    assert len([path for path, _ in groupby(order, lambda item: item[0])]) == 8

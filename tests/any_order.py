"""A plugin of pytest that draws the order of modules, and that in each: `-p tests.any_order`.

`--order-seed` has the same order drawn again; without it a new one is, and its seed printed.
"""

from __future__ import annotations

import random
from itertools import groupby
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the seed of an earlier run."""
    parser.addoption("--order-seed", type=int, help="the order of an earlier run")


def pytest_configure(config: pytest.Config) -> None:
    """Draw a seed where none is given; a worker takes the one of who started it."""
    if config.option.order_seed is None:
        drawn = random.SystemRandom().randrange(1_000_000)
        config.option.order_seed = getattr(config, "workerinput", {}).get("order_seed", drawn)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:  # a worker of pytest-xdist
    """Tell a worker the seed: all need the same order."""
    node.workerinput["order_seed"] = node.config.option.order_seed


def pytest_report_header(config: pytest.Config) -> str:
    """Tell how to have the same order again."""
    return f"order: --order-seed={config.option.order_seed}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep modules whole: what they start, a server or a demo, is started once."""
    chance = random.Random(config.option.order_seed)
    modules = [list(group) for _, group in groupby(items, lambda item: item.path)]
    chance.shuffle(modules)
    for module in modules:
        chance.shuffle(module)
    items[:] = [item for module in modules for item in module]

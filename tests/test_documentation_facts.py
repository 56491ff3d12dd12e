"""What the pages say in figures and names is what the code does."""

from __future__ import annotations

import ast
import re
from datetime import date
from urllib.parse import urlsplit

import pytest

from custom_components.med_exporter.engine.costs.standing_charge import standing_charge
from custom_components.med_exporter.engine.tariff import Energy, Known, price
from scripts.reference.words import COMPONENT
from tests.engine.tariff.contracts import PARIS, local, tariff
from tests.pages import DOCS, ROOT, Page

KWH = 1_000_000
HOUR = 3600
FROM = {"valid_from": "2020-01-01"}
DAY = ("2026-11-{:02} 06:30", 16)
NIGHT = ("2026-11-{:02} 22:30", 8)
FLAT = {**FROM, "kind": "flat", "price": 0.20}
OFF_PEAK = {
    **FROM,
    "kind": "time_of_use",
    "periods": [
        {"name": "peak", "price": 0.21, "start": "06:30", "end": "22:30"},
        {"name": "off-peak", "price": 0.16, "start": "22:30", "end": "06:30"},
    ],
}
TIERS = {**FROM, "kind": "tiers", "tiers": [{"up_to": 100, "price": 0.15}, {"price": 0.20}]}
TEMPO = {
    **FROM,
    "kind": "tempo",
    "prices": {
        "blue": {"peak": 0.10, "off_peak": 0.10},
        "white": {"peak": 0.19, "off_peak": 0.15},
        "red": {"peak": 0.70, "off_peak": 0.50},
    },
}
SENSOR = {
    **FROM, "kind": "sensor_price", "entity_id": "sensor.spot", "fixed": 0.08, "tax": 20,
}  # fmt: skip


def used(when, hours, kwh):
    """Return energy spread evenly over so many hours from a moment of the clock in Paris."""
    start = int(local(when).timestamp())
    slots = hours * 4
    parts = [
        round(kwh * KWH * (at + 1) / slots) - round(kwh * KWH * at / slots) for at in range(slots)
    ]
    return Energy("plug", "consumption", start, 900, parts)


def november():
    """100 kWh by day and 50 kWh by night, in thirty equal days."""
    days = [used(DAY[0].format(day), DAY[1], 100 / 30) for day in range(1, 31)]
    # The night of the first begins the month, since the last one ends in December.
    nights = [used(NIGHT[0].format(day), NIGHT[1], 50 / 30) for day in range(1, 30)]
    return [*days, *nights, used("2026-11-01 00:00", 6, 50 / 30)]


def cost(contract, energies, **known):
    edges = [
        min(one.start for one in energies),
        max(one.start + one.seconds * len(one.mwh) for one in energies),
    ]
    sums = price(tariff(contract), PARIS, Known(**known), energies, edges).sums
    return sum(amount.cost for amount in sums.values())


def charge(first, last):
    contract = {**FLAT, "standing_charge": 12}
    start, end = local(f"{first} 00:00").timestamp(), local(f"{last} 00:00").timestamp()
    return standing_charge(tariff(contract), start, end, PARIS)


EXAMPLES = {
    "30.00": lambda: cost(FLAT, november()),
    "29.00": lambda: cost(OFF_PEAK, november()),
    "25.00": lambda: cost(TIERS, november()),
    "12.00": lambda: charge("2026-11-01", "2026-12-01"),
    "4.00": lambda: charge("2026-11-01", "2026-11-11"),
    "42.00": lambda: cost(FLAT, november()) + charge("2026-11-01", "2026-12-01"),
    "41.00": lambda: cost(OFF_PEAK, november()) + charge("2026-11-01", "2026-12-01"),
    "2.12": lambda: cost(
        TEMPO,
        [used("2026-11-10 06:00", 16, 8), used("2026-11-10 22:00", 8, 4)],
        colours={date(2026, 11, 10): "white", date(2026, 11, 11): "red"},
    ),
    "0.198": lambda: cost(
        SENSOR,
        [used("2026-11-10 12:00", 1, 1)],
        prices={
            "sensor.spot": {
                int(local("2026-11-10 12:00").timestamp()) + 900 * at: 0.085 for at in range(4)
            }
        },
    ),
}


@pytest.mark.parametrize("shown", EXAMPLES)
def test_the_worked_examples_of_contracts_cost_what_they_say(shown):
    decimals = len(shown.partition(".")[2])
    assert f"{EXAMPLES[shown]():.{decimals}f}" == shown
    assert shown in Page(DOCS / "contracts.md").prose
    assert shown.replace(".", ",") in Page(DOCS / "fr" / "contracts.md").prose


def hosts():
    """Return the servers on the internet that the code knows by itself."""
    for path in COMPONENT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Constant):
                address = urlsplit(str(node.value.value))
                if address.scheme == "https" and "_ADDRESS" in ast.unparse(node.target):
                    yield address.hostname


@pytest.mark.parametrize("folder", [DOCS, DOCS / "fr"], ids=["en", "fr"])
def test_each_server_that_is_asked_by_itself_is_named(folder):
    known = set(hosts())
    assert len(known) >= 4
    page = Page(folder / "rights-and-privacy.md").prose
    assert not {host for host in known if f"`{host}`" not in page}


def test_the_architecture_names_each_room_and_file_and_none_that_is_gone():
    page = Page(DOCS / "architecture.md").prose
    there = {f"{one.name}/" if one.is_dir() else one.name for one in COMPONENT.iterdir()}
    code = {name for name in there if name.endswith((".py", "/"))} - {"__pycache__/"}
    assert not {name for name in code if f"`{name}`" not in page}
    files = {name.rpartition("/")[2] for name in re.findall(r"`([\w/]+\.(?:py|js))`", page)}
    known = {path.name for folder in (COMPONENT, ROOT / "tests") for path in folder.rglob("*.*")}
    assert not files - known
    text = "".join(path.read_text("utf-8") for path in COMPONENT.rglob("*.py"))
    names = set(re.findall(r"`[A-Z]\w+\.(\w+)`", page))
    assert not {name for name in names if not re.search(rf"\b{name}\b", text)}

"""scripts/check_comparison, on a year with both clock changes and a contract change in it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .test_contract_comparison import (
    BOTH_CLOCK_CHANGES,
    OFFERS,
    PARIS,
    START,
    colour_of,
    datetime,
    lived,
    made,
    timedelta,
)

ALL_KINDS = [
    *OFFERS,
    {
        "kind": "tiers", "standing_charge": 9.25,
        "tiers": [{"up_to": 200, "price": 0.1}, {"up_to": 350.5, "price": 0.2}, {"price": 0.4}],
    },
]  # fmt: skip
CHECK = Path(__file__).parents[3] / "scripts" / "check_comparison"


@pytest.fixture
def check(recorder, exports, tmp_path):
    """Check what the engine says of the year, or what becomes of it."""
    home = lived(recorder, BOTH_CLOCK_CHANGES)
    # The hours before its ledger stand in the statistics alone.
    kwh, hours = 0.0, []
    for hour in range(int(START) - 40 * 86400, int(START), 3600):
        kwh += 0.3 + hour // 3600 % 5 / 10
        hours.append((hour, {"sum": kwh}))
    recorder.add_statistics("med_exporter:consumption_house", hours, "kWh")
    assert home.half_hours()
    # It begins within a month, whose tiers have been filled before.
    start = START - 30 * 86400
    found = json.loads(made(exports, offers=ALL_KINDS, start=start, end=BOTH_CLOCK_CHANGES))

    def check(change=lambda _: None):
        change(found)
        first = datetime.fromtimestamp(START, PARIS).date() - timedelta(days=40)
        days = [first + timedelta(days=number) for number in range(330)]
        files = {
            "comparison": found,
            "contracts": ALL_KINDS,
            "colours": {
                str(day): colour_of(day) for day in days if day.isoformat() >= "2026-02-01"
            },
        }
        for name, content in files.items():
            (tmp_path / name).write_text(json.dumps(content))
        end = datetime.fromtimestamp(BOTH_CLOCK_CHANGES, PARIS).isoformat()
        done = subprocess.run(
            [
                *(sys.executable, CHECK, tmp_path / "home-assistant_v2.db"),
                *(tmp_path / "comparison", "house", "--contracts", tmp_path / "contracts"),
                *("--colours", tmp_path / "colours", "--end", end),
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return check


def test_the_year_agrees_to_the_cent_and_a_cent_more_does_not(check):
    status, said = check()
    assert status == 0, said
    assert "tempo" in said
    assert "tiers" in said

    def dearer(found):
        found["contracts"][1]["energy_cost"] += 0.01

    status, said = check(dearer)
    assert status == 1
    assert "DIFFERS" in said

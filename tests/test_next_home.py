"""Which Home Assistant the nightly run tries beside the newest, and with what."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from scripts.next_home import choose, pins, wanted

ROOT = Path(__file__).parent.parent
LOCK = """\
homeassistant==2025.4.4 ; python_full_version < '3.13.2' \\
    --hash=sha256:00
atomicwrites-homeassistant==1.4.1 \\
homeassistant==2026.11.0 ; python_full_version >= '3.14.2' \\
"""


@pytest.mark.parametrize(
    ("there", "tried"),
    [
        ("2026.12.0b0", "2026.12.0b0"),
        ("2026.12.0", "2026.12.0"),
        ("2026.11.1", "2026.11.1"),
        ("2027.1.0b3", "2027.1.0b3"),
        # No beta is out, or the index has it no longer.
        ("2026.11.0", None),
        ("2026.11.0b5", None),
        ("2026.9.4", None),
    ],
)
def test_only_what_comes_after_the_lock_is_tried(there, tried):
    assert choose(f"homeassistant=={there}\n", LOCK) == tried


def test_a_beta_comes_before_its_release_and_after_earlier_betas():
    lock = "homeassistant==2026.12.0b2"
    assert choose("homeassistant==2026.12.0b10", lock) == "2026.12.0b10"
    assert choose("homeassistant==2026.12.0", lock) == "2026.12.0"
    assert choose("homeassistant==2026.12.0b1", lock) is None


@pytest.mark.parametrize("said", ["", "homeassistant==2027.1.0.dev202611270243"])
def test_an_answer_that_tells_no_version_is_an_error_and_not_no_beta(said):
    with pytest.raises(ValueError, match=r"values to unpack|neither a release"):
        choose(said, LOCK)


def test_the_demo_is_made_of_what_it_always_is_without_our_pins():
    found = wanted(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8")))
    assert {"python-kasa", "home-assistant-frontend", "hassil", "amqtt"} <= set(found)
    assert not [one for one in found if "=" in one or ";" in one or "<" in one]


def test_its_own_pins_hold_but_where_all_are_overridden():
    own = {"tool": {"uv": {"override-dependencies": ["lru-dict>=1.4.1", "pytest==9; x > '3'"]}}}
    found = pins(own, "# Made\nlru_dict==1.3.0\naiohttp==3.14.0\n\npytest>1000\n")
    assert found == ["# Made", "aiohttp==3.14.0", ""]


def test_the_locks_of_this_repository_are_understood():
    lock = (ROOT / "requirements-demo.lock").read_text(encoding="utf-8")
    assert choose("homeassistant==2025.1.0", lock) is None
    assert choose("homeassistant==2999.1.0b0", lock) == "2999.1.0b0"


def test_the_night_tries_it():
    night = (ROOT / ".github/workflows/nightly.yml").read_text(encoding="utf-8")
    assert "run: scripts/next\n" in night

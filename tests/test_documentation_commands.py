"""The commands that pages name: each program is there, and knows the options that it is given."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from tests.pages import PAGES, ROOT

if TYPE_CHECKING:
    from pathlib import Path

_PROGRAM = re.compile(r"scripts/\w+|\.ci/run|python3?")
_INLINE = re.compile(r"`((?:scripts/\w+|\.ci/run|python -m [\w.]+)(?: [^`]*)?)`")
_SCRIPTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [*(ROOT / "scripts").iterdir(), ROOT / ".ci/run"]
    if path.is_file() and os.access(path, os.X_OK)
)


@dataclass(frozen=True, slots=True)
class Command:
    """What a page tells somebody to type: a program of ours, and what it is given."""

    page: str
    program: str
    given: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}: {shlex.join((self.program, *self.given))}"

    @property
    def options(self) -> set[str]:
        """The long options that it is given, without their values."""
        return {one.partition("=")[0] for one in self.given if one.startswith("--")}


def _commands() -> list[Command]:
    found: dict[str, Command] = {}
    for page in PAGES:
        shell = [one.text for one in page.examples if one.language == "sh"]
        lines = [line for text in shell for line in text.splitlines()]
        for line in [*lines, *_INLINE.findall(page.prose)]:
            if not re.search(r"scripts/|\.ci/|python -m ", line):
                continue
            words = shlex.split(line, comments=True)
            # Settings before a command are options of pytest, as far as they are options at all.
            set_before = [
                word
                for one in words
                if one.startswith("PYTEST_ADDOPTS=")
                for word in shlex.split(one.partition("=")[2])
            ]
            place = next(
                (place for place, one in enumerate(words) if _PROGRAM.fullmatch(one)), None
            )
            assert place is not None, (str(page), line)
            program, given = words[place], (*set_before, *words[place + 1 :])
            if program.startswith("python"):
                assert given[0] == "-m", (str(page), line)
                program, given = f"-m {given[1]}", given[2:]
            command = Command(str(page), program, given)
            found.setdefault(str(command), command)
    return list(found.values())


COMMANDS = _commands()


@cache
def _help(*command: str) -> str:
    ran = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert ran.returncode == 0, (command, ran.stderr)
    assert "Traceback" not in ran.stderr, command
    return ran.stdout


def _told(program: str) -> str:
    """Return what a program says of itself; scripts/test also takes all that pytest does."""
    if program.startswith("-m "):
        return _help(sys.executable, "-m", program[3:], "--help")
    own = _help(*_call(program), "--help")
    if program != "scripts/test":
        return own
    plugins = ("-p", "tests.any_order", "-p", "tests.any_zone", "--zone", "back")
    return own + _help(sys.executable, "-m", "pytest", *plugins, "--help")


def _call(script: str) -> tuple[str, ...]:
    path = ROOT / script
    first = path.open(encoding="utf-8").readline()
    # Those in Python look for any Python; here it is ours.
    return (sys.executable, str(path)) if "python" in first else (str(path),)


def test_pages_name_commands() -> None:
    assert {"scripts/setup", "scripts/test", "scripts/bench", ".ci/run"} <= {
        one.program for one in COMMANDS
    }


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_a_command_can_be_typed_as_it_stands(command: Command) -> None:
    if command.program.startswith("-m "):
        assert find_spec(command.program[3:]) is not None
    else:
        assert os.access(ROOT / command.program, os.X_OK)
    if command.options:
        told = _told(command.program)
        assert not {one for one in command.options if not re.search(rf"{one}(?![\w-])", told)}
    named = [one for one in command.given if one.startswith("tests/")]
    assert not [one for one in named if not (ROOT / one).exists()]


@pytest.mark.parametrize("script", _SCRIPTS)
def test_a_script_says_what_it_does(script: str) -> None:
    """And does nothing else then: whoever asks has not decided yet."""
    told = _help(*_call(script), "--help")
    assert re.search(rf"^usage: {script}", told, re.IGNORECASE | re.MULTILINE), told
    assert not re.search(r"^(#|set -|\. )", told, re.MULTILINE)


def test_a_script_is_asked_from_any_folder(tmp_path: Path) -> None:
    asked = subprocess.run(
        [str(ROOT / "scripts/bench"), "-h"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "scripts/bench --peers" in asked.stdout

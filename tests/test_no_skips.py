"""A run that forbids skips passes only when every test ran."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

PASSES = "def test_passes():\n    assert True\n"
SKIPS = "import pytest\n\n\n@pytest.mark.skip(reason='no broker')\ndef test_skips():\n    pass\n"
SKIPS_INSIDE = "import pytest\n\n\ndef test_skips():\n    pytest.skip('no broker')\n"
SKIPS_MODULE = "import pytest\n\npytest.skip('no broker', allow_module_level=True)\n"
XFAILS = "import pytest\n\n\n@pytest.mark.xfail\ndef test_xfails():\n    assert False\n"
FAILS = "def test_fails():\n    assert False\n"


def run(tmp_path: Path, *modules: str) -> subprocess.CompletedProcess[str]:
    """Run pytest with this one plugin on some modules, without the repository's configuration."""
    for number, module in enumerate(modules):
        (tmp_path / f"test_{number}.py").write_text(module)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.no_skips", "--rootdir", tmp_path, tmp_path],
        cwd=ROOT,
        env={**os.environ, "PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_run_without_skips_passes(tmp_path: Path) -> None:
    result = run(tmp_path, PASSES, XFAILS)
    assert result.returncode == pytest.ExitCode.OK, result.stdout
    assert "1 passed, 1 xfailed" in result.stdout
    assert "forbids" not in result.stdout


@pytest.mark.parametrize(
    "skipping", [SKIPS, SKIPS_INSIDE, SKIPS_MODULE], ids=["marked", "while running", "module"]
)
def test_a_skip_fails_the_run_and_is_named(tmp_path: Path, skipping: str) -> None:
    result = run(tmp_path, PASSES, skipping)
    assert result.returncode == pytest.ExitCode.TESTS_FAILED, result.stdout
    assert "skipped, which this run forbids" in result.stdout
    assert "test_1.py" in result.stdout
    assert "no broker" in result.stdout
    assert "1 passed, 1 skipped" in result.stdout


def test_a_run_in_which_everything_was_skipped_fails(tmp_path: Path) -> None:
    assert run(tmp_path, SKIPS_MODULE).returncode == pytest.ExitCode.TESTS_FAILED


def test_a_failure_stays_a_failure(tmp_path: Path) -> None:
    result = run(tmp_path, FAILS, SKIPS)
    assert result.returncode == pytest.ExitCode.TESTS_FAILED
    assert "1 failed, 1 skipped" in result.stdout

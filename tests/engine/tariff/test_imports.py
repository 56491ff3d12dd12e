"""The tariff is priced in the worker process too, where there is no Home Assistant."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from custom_components.med_exporter.engine import tariff


def test_it_imports_the_standard_library_alone(tmp_path):
    # The folder above has a calendar, and more that is called like a module of Python's.
    (tmp_path / "engine").symlink_to(Path(tariff.__file__).parents[1])
    # -S leaves out installed packages.
    path = f"import sys; sys.path.insert(0, {str(tmp_path)!r})"
    code = f"{path}; from engine.tariff import price; print(price)"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    )
    assert "function price" in done.stdout

"""The tariff is priced in the worker process too, where there is no Home Assistant."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from custom_components.med_exporter.engine import tariff


def test_it_imports_the_standard_library_alone():
    engine = Path(tariff.__file__).parent.parent
    # -S leaves out installed packages.
    code = f"import sys; sys.path.insert(0, {str(engine)!r}); import tariff; print(tariff.price)"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    )
    assert "function price" in done.stdout

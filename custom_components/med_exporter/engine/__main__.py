"""Start the engine as a process: `python -I <this file> [previewer]`, the work on standard input.

The package is loaded from this file's own folder under a name of its own. The folder itself never
gets onto `sys.path`, so none of its modules can take the place of a standard one.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

PACKAGE = "med_exporter_engine"


def _load_package() -> None:
    """Make the relative imports of the engine's modules work."""
    folder = Path(__file__).resolve().parent
    spec = importlib.util.spec_from_file_location(
        PACKAGE, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(PACKAGE)
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    _load_package()
    role = "previewer" if sys.argv[1:] == ["previewer"] else "worker"
    sys.exit(importlib.import_module(f"{PACKAGE}.process.{role}").main())

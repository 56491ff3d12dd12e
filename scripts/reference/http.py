"""The description of the HTTP API, as the house itself answers with it."""

from __future__ import annotations

import json
from typing import Final

from custom_components.med_exporter.api import views
from custom_components.med_exporter.api.description import openapi
from scripts.reference.words import ROOT

OPENAPI: Final = ROOT / "docs" / "openapi.json"
"""Where it is kept for whoever reads it elsewhere."""


def openapi_text() -> str:
    """Return it as JSON."""
    return json.dumps(openapi(views()), indent=1, ensure_ascii=False) + "\n"

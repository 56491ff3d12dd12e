"""What the forms about Kasa plugs suggest and offer."""

from __future__ import annotations

from typing import Any

FRIDGE = "50c7bf000001"
WASHER = "50c7bf000002"


def suggested(flow: dict[str, Any], field: str) -> Any:
    """Return what a form suggests for a field."""
    (key,) = [key for key in flow["data_schema"].schema if key == field]
    return (key.description or {}).get("suggested_value")


def offered(flow: dict[str, Any]) -> dict[str, str]:
    """Return the hosts that a form offers, with their labels."""
    selector = flow["data_schema"].schema["hosts"]
    return {option["value"]: option["label"] for option in selector.config["options"]}

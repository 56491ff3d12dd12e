"""The published description of the HTTP API, made from what checks its requests."""

from __future__ import annotations

from .document import openapi

__all__ = ["openapi"]

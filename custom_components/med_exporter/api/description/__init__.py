"""The published description of the HTTP API of files, made from what checks its requests."""

from __future__ import annotations

from .document import openapi

__all__ = ["openapi"]

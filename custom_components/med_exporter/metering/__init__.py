"""Metering points: the plugs that are read, what they count, and their entities."""

from __future__ import annotations

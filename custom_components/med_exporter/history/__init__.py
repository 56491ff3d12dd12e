"""The history of exports, in tables of its own in the recorder's database."""

from __future__ import annotations

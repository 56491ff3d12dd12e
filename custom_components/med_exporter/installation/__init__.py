"""What belongs to the whole installation and to no single entry."""

from __future__ import annotations

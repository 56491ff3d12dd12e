"""The fixture of the plug emulator."""

from __future__ import annotations

from tests.plug_emulator.fixtures import plug_network

__all__ = ["plug_network"]

"""Tempo and EcoWatt: the colour of the day and the state of the grid."""

from __future__ import annotations

"""Tariff periods and tiers as files show them: what they are called, in which order and colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..words.phrases import Words

_TEMPO = {
    "blue_peak": "1f5fb4",
    "blue_off_peak": "9cc2ee",
    "white_peak": "b4bac2",
    "white_off_peak": "e3e6ea",
    "red_peak": "b3121d",
    "red_off_peak": "ee9195",
    "unknown_peak": "7a5c99",
    "unknown_off_peak": "c9b8da",
}
"""Hours of a Tempo day, the peak darker; white is a grey that paper shows."""
_RANKS = {period: rank for rank, period in enumerate(_TEMPO)}


def tariff_label(words: Words, period: str, tier: int) -> str:
    """Return what a tariff period and tier are called."""
    parts = [words.tariff_period(period)] if period else []
    if tier:
        parts.append(f"{words.column('rate_tier')} {tier}")
    return ", ".join(parts) or words.text("one_price")


def tariff_order(kind: tuple[str, int]) -> tuple[int, str, int]:
    """Return by what tariff periods and tiers are sorted: Tempo's as its calendar, others by name.

    Args:
        kind: the period and the tier.

    """
    period, tier = kind
    return _RANKS.get(period, -1), period, tier


def tariff_colour(period: str) -> str:
    """Return the colour (`rrggbb`) of a tariff period that has one, as those of Tempo; else ""."""
    return _TEMPO.get(period, "")

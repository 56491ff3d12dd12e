"""Which of a plug's readings to believe, and how much energy they prove.

A plug has several counters, and each of them is a *witness*: it may forget, so what it shows is
the least that was used; it may also say something false. `Evidence` weighs the witnesses of one
reading against what was believed before. `SteadyClock` does the same for the machine's clock.
Nothing in here knows Home Assistant.
"""

from __future__ import annotations

from .clock import SteadyClock
from .evidence import Evidence
from .outcome import Outcome
from .reading import Reading, Reason, Refusal, to_kwh, to_mwh

__all__ = [
    "Evidence",
    "Outcome",
    "Reading",
    "Reason",
    "Refusal",
    "SteadyClock",
    "to_kwh",
    "to_mwh",
]

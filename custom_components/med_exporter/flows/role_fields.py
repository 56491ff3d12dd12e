"""What the fields of each plug or meter are called in the form that asks for all roles."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def distinct(*namings: Sequence[str], beside: Sequence[str] = ()) -> list[str]:
    """Name plugs or meters so that no two fields are called alike.

    Args:
        namings: what each is called, the shorter ways before the longer ones; the longest of them
            names each by something that no other has.
        beside: what other fields of the form are called.

    Returns:
        The name of each: that of the field for its role.

    """
    labels = list(namings[0])
    for names in namings[1:]:
        count = Counter((*beside, *(field for one in labels for field in (one, watts(one)))))
        labels = [
            names[at] if count[label] > 1 or count[watts(label)] > 1 else label
            for at, label in enumerate(labels)
        ]
    return labels


def watts(label: str) -> str:
    """Return what the field for the rated power is called."""
    return f"{label} (W)"

"""The contract kinds: each is one file here, and its line below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..kind import Dialogue
from . import flat, sensor_price, tempo, tiers, time_of_use

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..kind import ContractKind, Need, Page

KINDS: Final[dict[str, ContractKind]] = {
    kind.name: kind
    for kind in (flat.KIND, time_of_use.KIND, tempo.KIND, tiers.KIND, sensor_price.KIND)
}
"""By name, in the order in which they are offered."""


def forms() -> dict[str, tuple[ContractKind, Page | Dialogue]]:
    """Return all forms by name, in the order in which they are offered, with their kind."""
    return {form.name: (kind, form) for kind in KINDS.values() for form in kind.forms}


def needs(pricing: Mapping[str, Any], need: Need) -> bool:
    """Tell whether prices, as they are stored with their `kind`, depend on something."""
    return need in KINDS[pricing["kind"]].needs


def form_of(pricing: Mapping[str, Any]) -> Page | Dialogue:
    """Return the plainest form that can show prices, as they are stored with their `kind`."""
    return next(
        form
        for form in KINDS[pricing["kind"]].forms
        if isinstance(form, Dialogue) or form.shown(pricing)
    )

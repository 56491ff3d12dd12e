"""What all metering points are asked for: a name, and an id that no other has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from homeassistant.const import CONF_NAME

from ..const import CONF_PDL
from ..engine.outside import LONGEST_NAME, clean
from ..entries.finding import metering_point_entries, point_slug, slug_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

# The French name of a metering point's id; a French one has 14 digits.
_PDL: Final = re.compile(r"(?=.*[A-Za-z0-9])[A-Za-z0-9_-]{1,32}")


def check_point(
    hass: HomeAssistant,
    user_input: Mapping[str, Any],
    errors: dict[str, str],
    own: ConfigEntry | None = None,
) -> None:
    """Note an error where a metering point is given no name, or an id that it cannot have.

    `own` is the metering point that is to go by them, None for a new one.
    """
    if not point_name(user_input):
        errors[CONF_NAME] = "name_missing"
    if error := _pdl_error(hass, user_input[CONF_PDL], own):
        errors[CONF_PDL] = error


def _pdl_error(hass: HomeAssistant, pdl: str, own: ConfigEntry | None) -> str | None:
    if not _PDL.fullmatch(pdl):
        return "invalid_pdl"
    taken = {point_slug(entry) for entry in metering_point_entries(hass) if entry is not own}
    return "pdl_taken" if slug_of(pdl) in taken else None


def point_name(user_input: Mapping[str, Any]) -> str:
    """Return the name that a metering point is given, as it is kept."""
    return clean(user_input[CONF_NAME], LONGEST_NAME)

"""Fields that several forms have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol
from homeassistant.const import CONF_PASSWORD, CONF_TOKEN, CONF_USERNAME
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from .object_reader import NotANumberError, typed_number, typed_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from homeassistant.helpers.selector import Selector


# How a token stands in a request, from where it is copied. It has no spaces itself.
_BEFORE_TOKEN: Final = re.compile(r"^(authorization\s*:\s*)?(bearer|token)\s+", re.IGNORECASE)


class YesNoSelector(BooleanSelector):
    """True or false; Home Assistant's own takes anything for one of them, "no" for true."""

    def __call__(self, data: object) -> bool:
        """Return it."""
        if not isinstance(data, bool):
            raise vol.Invalid("neither true nor false")
        return data


class FiniteSelector(NumberSelector):
    """A number; Home Assistant's own takes true for one, and `NaN`, which is within any bounds."""

    def __call__(self, data: object) -> float:
        """Return it."""
        try:
            return super().__call__(typed_number(data))
        except NotANumberError as err:
            raise vol.Invalid("no number") from err


class WholeSelector(FiniteSelector):
    """A whole number within both bounds; one with decimals is refused, and never cut."""

    def __init__(self, low: int, high: int, unit: str = "") -> None:
        config = NumberSelectorConfig(min=low, max=high, step=1, mode=NumberSelectorMode.BOX)
        if unit:
            config["unit_of_measurement"] = unit
        super().__init__(config)

    def __call__(self, data: object) -> int:
        """Return it."""
        try:
            return typed_whole(super().__call__(data))
        except NotANumberError as err:
            raise vol.Invalid("no whole number") from err


def choice(name: str, options: list[str], *, multiple: bool = False) -> SelectSelector:
    """Return a list to choose from, whose words are `selector.{name}.options`."""
    return SelectSelector(
        SelectSelectorConfig(
            options=options,
            multiple=multiple,
            mode=SelectSelectorMode.LIST if multiple else SelectSelectorMode.DROPDOWN,
            translation_key=name,
        )
    )


def secret_text(autocomplete: str = "off") -> TextSelector:
    """Return a text field that shows dots."""
    return TextSelector(
        TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete=autocomplete)
    )


LOGIN: Final[dict[vol.Marker, Selector[Any]]] = {
    vol.Optional(CONF_USERNAME): TextSelector(TextSelectorConfig(autocomplete="username")),
    vol.Optional(CONF_PASSWORD): secret_text("current-password"),
}
"""The fields `username` and `password`, where a server may do without them."""


def entered(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was entered in a form, without what was left empty.

    Texts lose the spaces around them, but for a password, and a token the word before it.
    """
    values = {
        key: value.strip() if isinstance(value, str) and key != CONF_PASSWORD else value
        for key, value in given.items()
    }
    if isinstance(token := values.get(CONF_TOKEN), str):
        values[CONF_TOKEN] = _BEFORE_TOKEN.sub("", token, count=1)
    return {key: value for key, value in values.items() if value is not None and value != ""}


def secrets_in(fields: Iterable[tuple[vol.Marker, object]]) -> frozenset[str]:
    """Return the names of the fields that show dots."""
    return frozenset(
        str(marker)
        for marker, selector in fields
        if isinstance(selector, TextSelector)
        and selector.config.get("type") == TextSelectorType.PASSWORD
    )

"""A contract kind: everything that is asked about it, in one record."""

from __future__ import annotations

from dataclasses import field
from enum import Enum, StrEnum, auto
from typing import TYPE_CHECKING, Any

from ..lazy_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .rates import Pricing
    from .reader import Reader


class Need(Enum):
    """What pricing depends on besides the clock and the energy itself."""

    COLOURS = auto()
    """Tempo colours."""
    PRICES = auto()
    """What an entity shows: the pricing has its id as `entity_id`."""
    MONTH = auto()
    """The consumption of the calendar month so far."""


class Holds(StrEnum):
    """What a field of a form holds."""

    PRICE = "price"
    """Money per kWh, which is asked back where it is unusual."""
    SURCHARGE = "surcharge"
    """Money per kWh on top of another price; may be negative."""
    ENERGY = "energy"
    """kWh."""
    NUMBER = "number"
    PERCENT = "percent"
    TIME = "time"
    PRICE_SENSOR = "price_sensor"
    """An entity that shows a price per unit of energy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """A field of a form; `suggested` stands in it where nothing is known."""

    name: str
    holds: Holds
    required: bool = True
    suggested: Any = None


def _as_entered(values: Mapping[str, Any], words: Callable[[str], str]) -> dict[str, Any]:
    del words
    return dict(values)


def _as_stored(pricing: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in pricing.items() if name != "kind"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A form of one page.

    Attributes:
        name: by which the user chooses it, and the key of its words.
        fields: in their order.
        entered: makes the pricing's fields of what was entered. It is given words in the user's
            language, and leaves out what was left empty.
        shown: the reverse; empty where a pricing does not fit in this form.
        places: the field for a place in the contract, where they differ.
        check: what else is wrong, by field.

    """

    name: str
    fields: tuple[FormField, ...]
    entered: Callable[[Mapping[str, Any], Callable[[str], str]], dict[str, Any]] = _as_entered
    shown: Callable[[Mapping[str, Any]], dict[str, Any]] = _as_stored
    places: Mapping[str, str] = field(default_factory=dict)
    check: Callable[[Mapping[str, Any]], dict[str, str]] = lambda _: {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """A form of several steps, of which `step` is the first one's name in the options flow."""

    name: str
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractKind:
    """A way in which a contract prices energy.

    Attributes:
        name: as in the options, and the key of its words there.
        title: in documents, in English and French.
        parse: reads the pricing's fields. Raises TariffError.
        forms: in which it is entered; those that come first are suggested where they fit.
        needs: what its pricing depends on.

    """

    name: str
    title: tuple[str, str]
    parse: Callable[[Reader], Pricing]
    forms: tuple[Page | Dialogue, ...]
    needs: frozenset[Need] = frozenset()

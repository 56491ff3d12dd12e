"""Contracts that a past is priced under for comparison: ready-made ones, and those of any kind.

Of the ready-made ones the hours and colours are known; prices are always the user's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..lazy_dataclass import dataclass
from .contracts import Tariff
from .errors import TariffError, TariffErrorCode
from .hours import with_rest
from .kinds import KINDS
from .parsing import read_contract
from .reader import MAX_AMOUNT, Reader, items
from .week import DAYS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

OWN: Final = "own"
"""Name of the contract that a metering point has."""
_MOST_NAME: Final = 64
# Before any energy that anybody has counted.
_ALWAYS: Final = "1970-01-01"


@dataclass(frozen=True, slots=True)
class Offer:
    """A contract that could have been.

    Attributes:
        name: by which it is told apart; that of its kind where the user gave none.
        kind: one of `offer_kinds()`.
        is_named: whether the name is the user's.
        priced_on: the day (`YYYY-MM-DD`) on which its prices were valid, None where nobody said.
        tariff: one contract, which holds at all times.

    """

    name: str
    kind: str
    is_named: bool
    priced_on: str | None
    tariff: Tariff

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {
            "name": self.name,
            "kind": self.kind,
            "is_named": self.is_named,
            "priced_on": self.priced_on,
            "contract": self.tariff.contracts[0].to_dict(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Offer:
        """Return what `to_dict` gave."""
        contract = read_contract(Reader(values["contract"], "contract"))
        rest = {key: values[key] for key in ("name", "kind", "is_named", "priced_on")}
        return cls(**rest, tariff=Tariff((contract,)))


def _base(reader: Reader) -> dict[str, Any]:
    return {"kind": "flat", "price": reader.amount("price")}


def _peak_off_peak(reader: Reader) -> dict[str, Any]:
    """Return off-peak hours, each day, and all others as peak."""
    off_peak = {"name": "off_peak", "price": reader.amount("off_peak_price"), "days": list(DAYS)}
    rest = {"name": "peak", "price": reader.amount("peak_price")}
    periods: list[dict[str, Any]] = []
    for hours in reader.objects("off_peak_hours"):
        edges = {edge: hours.time(edge).strftime("%H:%M") for edge in ("start", "end")}
        hours.finish()
        periods.append({**off_peak, **edges})
    return {"kind": "time_of_use", "periods": with_rest(periods, rest)}


@dataclass(frozen=True, slots=True)
class _ReadyMade:
    """A contract whose hours are known; `title` in English and French."""

    title: tuple[str, str]
    read: Callable[[Reader], dict[str, Any]]


_READY_MADE: Final = {
    "base": _ReadyMade(("Base", "Base"), _base),
    "peak_off_peak": _ReadyMade(
        ("Peak and off-peak", "Heures pleines / heures creuses"), _peak_off_peak
    ),
}


def offer_kinds() -> dict[str, tuple[str, str]]:
    """Return the kinds that an offer may have, with their titles in English and French."""
    ready_made = {name: one.title for name, one in _READY_MADE.items()}
    return {**ready_made, **{name: kind.title for name, kind in KINDS.items()}}


_AMOUNT: Final = {"type": "number", "minimum": 0, "maximum": MAX_AMOUNT}
_OPTIONAL: Final = {
    "name": {"type": "string"},
    "priced_on": {"type": "string", "format": "date"},
    "standing_charge": _AMOUNT,
    "feed_in": _AMOUNT,
}
OFFER_SCHEMA: Final = {
    "type": "object",
    "properties": {
        "kind": {"type": "string", "enum": list(offer_kinds())},
        **{name: {"anyOf": [shape, {"type": "null"}]} for name, shape in _OPTIONAL.items()},
    },
    "required": ["kind"],
    # What else there is depends on the kind.
    "additionalProperties": True,
}
"""The JSON Schema of an offer."""


def read_offers(value: object, field: str = "contracts") -> tuple[Offer, ...]:
    """Return the contracts that a list of plain dicts describes.

    Each has `kind`, optionally `name`, `standing_charge` (per month), `feed_in` (per kWh) and
    `priced_on` (the day on which its prices were valid), and by kind:

    - `base`: `price`;
    - `peak_off_peak`: `peak_price`, `off_peak_price` and `off_peak_hours`, a list of `start` and
      `end` (`HH:MM`) that hold each day;
    - any kind of `parse_contracts`, with its fields.

    Raises TariffError for the first mistake; `field` names the list in it.
    """
    return tuple(
        _offer(item, f"{field}[{index}]") for index, item in enumerate(items(value, field))
    )


def _offer(value: object, field: str) -> Offer:
    reader = Reader(value, field)
    kind = reader.text("kind")
    if kind not in offer_kinds():
        raise TariffError(
            reader.name("kind"),
            TariffErrorCode.UNKNOWN_KIND,
            f"must be one of {', '.join(offer_kinds())}",
        )
    name = reader.label("name") if reader.has("name") else ""
    if len(name) > _MOST_NAME:
        raise TariffError(
            reader.name("name"), TariffErrorCode.TOO_LONG, f"at most {_MOST_NAME} characters"
        )
    priced_on = reader.date("priced_on").isoformat() if reader.has("priced_on") else None
    if kind in _READY_MADE:
        general = {key: reader.amount(key, default=0.0) for key in ("standing_charge", "feed_in")}
        pricing = _READY_MADE[kind].read(reader)
        reader.finish()
    else:
        general, pricing = {}, {"kind": kind, **reader.rest()}
        if "valid_from" in pricing:
            raise TariffError(
                reader.name("valid_from"), TariffErrorCode.UNKNOWN_KEY, "is not known here"
            )
    try:
        contract = read_contract(Reader({"valid_from": _ALWAYS, **general, **pricing}, field))
    except TariffError as err:
        if kind not in _READY_MADE:
            raise
        # Only the hours can still be at fault, which have another name here.
        place = f"{field}.off_peak_hours"
        raise TariffError(place, err.code, str(err).partition(": ")[2], err.details) from err
    return Offer(name or kind, kind, bool(name), priced_on, Tariff((contract,)))

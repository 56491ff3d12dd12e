"""What a metering point's past would have cost under several contracts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ...object_reader import INVALID_REQUEST, INVALID_VALUE, shown
from ...tariff.errors import TariffError, TariffErrorCode
from ...tariff.offers import OFFER_SCHEMA, OWN, offer_kinds, read_offers
from ...tariff.reader import MAX_AMOUNT
from ..export_type import ExportType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...object_reader import ObjectReader

MOST_CONTRACTS: Final = 10
THREE_YEARS: Final = 3 * 366
"""Days."""

_KEYS: Final = {
    TariffErrorCode.REQUIRED: (INVALID_REQUEST, "required"),
    TariffErrorCode.UNKNOWN_KEY: (INVALID_REQUEST, "unknown_field"),
    TariffErrorCode.NOT_AN_OBJECT: (INVALID_REQUEST, "not_an_object"),
    TariffErrorCode.NOT_A_LIST: (INVALID_REQUEST, "not_a_list"),
    TariffErrorCode.NOT_TEXT: (INVALID_REQUEST, "not_a_text"),
    TariffErrorCode.NOT_A_NUMBER: (INVALID_REQUEST, "not_a_number"),
    TariffErrorCode.EMPTY: (INVALID_REQUEST, "empty_list"),
    TariffErrorCode.INVALID_TIME: (INVALID_VALUE, "not_a_time_of_day"),
    TariffErrorCode.INVALID_DATE: (INVALID_VALUE, "not_a_date"),
    TariffErrorCode.NOT_FINITE: (INVALID_VALUE, "out_of_range"),
    TariffErrorCode.NEGATIVE: (INVALID_VALUE, "out_of_range"),
    TariffErrorCode.TOO_LARGE: (INVALID_VALUE, "out_of_range"),
}
"""What a mistake in a contract is among those of requests; all others are `invalid_contract`."""


def _own(reader: ObjectReader) -> Mapping[str, Any]:
    """Return the metering point's id, None where none is named, and the contracts."""
    pdl = reader.text("pdl")
    values = reader.items("contracts")
    field = reader.name("contracts")
    if values is None:
        raise reader.error(INVALID_REQUEST, "required", field=field)
    if len(values) > MOST_CONTRACTS:
        raise reader.error(INVALID_VALUE, "too_many_items", field=field, limit=MOST_CONTRACTS)
    try:
        offers = read_offers(values, field)
    except TariffError as err:
        code, key = _KEYS.get(err.code, (INVALID_VALUE, "invalid_contract"))
        raise reader.error(
            code, key, field=shown(err.field), low=0, high=f"{MAX_AMOUNT:.0f}",
            problem=str(err).partition(": ")[2],
        ) from err  # fmt: skip
    names: set[str] = {OWN}
    for place, offer in enumerate(offers):
        if offer.name in names:
            name = shown(offer.name)
            raise reader.error(
                INVALID_VALUE, "given_twice", field=f"{field}[{place}].name", value=name
            )
        names.add(offer.name)
    return {"pdl": pdl, "contracts": [offer.to_dict() for offer in offers]}


EXPORT_TYPE = ExportType(
    id="contract_comparison",
    title=("Contract comparison", "Comparaison de contrats"),
    folder=__name__,
    takes=frozenset({"date_range", "include_charts"}),
    own={
        "pdl": {"type": "string"},
        "contracts": {
            "type": "array",
            "items": OFFER_SCHEMA,
            "minItems": 1,
            "maxItems": MOST_CONTRACTS,
        },
    },
    read_own=_own,
    about_one_point=True,
    about_money=True,
    most_days=THREE_YEARS,
    tables=lambda _request: 2,
    words={
        "contracts": ("Contracts", "Contrats"),
        "contract_months": ("Month by month", "Mois par mois"),
        "contract": ("Contract", "Contrat"),
        "priced_on": ("Prices as of", "Prix au"),
        "difference": ("Dearer by", "Plus cher de"),
        "shift_saving": ("Saved by shifting 10%", "Gain en décalant 10\N{NO-BREAK SPACE}%"),
        "unpriced_kwh": ("Without a price", "Sans prix"),
        "produced_kwh": ("Production", "Production"),
        "cheapest": ("Cheapest", "Le moins cher"),
        "cheapest_total": ("It would have cost", "Il aurait coûté"),
        "own_total": ("Your contract cost", "Votre contrat a coûté"),
        "possible_saving": ("You would have saved", "Vous auriez économisé"),
        "contract_totals": ("Total by contract", "Total par contrat"),
        "cost_by_contract": ("Total of each month", "Total de chaque mois"),
        OWN: ("Your contract", "Votre contrat"),
        **offer_kinds(),
    },
)

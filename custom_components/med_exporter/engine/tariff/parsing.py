"""Read contracts as they stand in the options of a metering point, naming every mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .contracts import VAT, Contract, Tariff
from .errors import TariffError, TariffErrorCode
from .kinds import KINDS
from .reader import Reader, items

if TYPE_CHECKING:
    from datetime import date


def parse_contracts(value: object, field: str = "contracts") -> Tariff:
    """Return the tariff that a list of plain dicts describes, in any order.

    Each contract has `valid_from` (`YYYY-MM-DD`), `kind`, optionally `standing_charge` (per month)
    and `feed_in` (per kWh), both 0 when absent, `vat` and `standing_charge_vat` (the tax that is in
    the amounts, in percent), `supplier` (its name), and by kind:

    - `flat`: `price`;
    - `time_of_use`: `periods`, each with `name`, `price`, `start`, `end` (`HH:MM`) and optionally
      `days` (of `mon` … `sun`; all when absent), those on which the hours start. An end at or
      before the start lies on the next day, equal ones make 24 hours. Periods of one name have one
      price. Every minute of the week belongs to exactly one period;
    - `tempo`: `prices`, `{"blue": {"peak", "off_peak"}, "white": …, "red": …}`;
    - `tiers`: `tiers`, each with `price` and, except the last, `up_to` (kWh in the month);
    - `sensor_price`: `entity_id`, and optionally `factor`, `fixed` (per kWh) and `tax` (percent).

    Prices are numbers from 0 to 1,000,000,000. An empty list is a tariff that knows no cost.

    Raises TariffError for the first mistake; `field` names the list in it.
    """
    contracts: dict[date, Contract] = {}
    for index, item in enumerate(items(value, field)):
        contract = read_contract(Reader(item, f"{field}[{index}]"))
        if contract.valid_from in contracts:
            raise TariffError(
                f"{field}[{index}].valid_from",
                TariffErrorCode.DUPLICATE_VALID_FROM,
                f"another contract is valid from {contract.valid_from} too",
            )
        contracts[contract.valid_from] = contract
    return Tariff(tuple(contracts[day] for day in sorted(contracts)))


def read_contract(reader: Reader) -> Contract:
    """Return one contract as `parse_contracts` describes it. Raises TariffError."""
    kind = KINDS.get(reader.text("kind"))
    if kind is None:
        raise TariffError(
            reader.name("kind"),
            TariffErrorCode.UNKNOWN_KIND,
            f"must be one of {', '.join(KINDS)}",
        )
    contract = Contract(
        valid_from=reader.date("valid_from"),
        pricing=kind.parse(reader),
        standing_charge=reader.amount("standing_charge", default=0.0),
        feed_in=reader.amount("feed_in", default=0.0),
        **{name: reader.percent(name) for name in VAT if reader.has(name)},
        supplier=reader.label("supplier") if reader.has("supplier") else "",
    )
    reader.finish()
    return contract

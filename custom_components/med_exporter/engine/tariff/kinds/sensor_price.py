"""The price of an entity: what a sensor showed in each quarter-hour, with what comes on top."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ...lazy_dataclass import dataclass
from ..kind import ContractKind, FormField, Holds, Need, Page
from ..rates import PRICE_SECONDS, PriceLine, Rate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..rates import Known, LocalDay
    from ..reader import Reader


@dataclass(frozen=True, slots=True)
class SensorPrice:
    """A sensor's price times `factor`, plus `fixed` per kWh, plus `tax` percent of both."""

    entity_id: str
    factor: float = 1.0
    fixed: float = 0.0
    tax: float = 0.0

    def rates(self, day: LocalDay, known: Known) -> Iterator[tuple[int, int, Rate]]:
        """Yield stretches in which the sensor showed one price, or none."""
        shown: Mapping[int, float] = known.prices.get(self.entity_id, {})
        begin, before = day.start, shown.get(day.start - day.start % PRICE_SECONDS)
        for quarter in range(
            day.start - day.start % PRICE_SECONDS + PRICE_SECONDS, day.end, PRICE_SECONDS
        ):
            price = shown.get(quarter)
            if price != before:
                yield begin, quarter, self._rate(before)
                begin, before = quarter, price
        yield begin, day.end, self._rate(before)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields of a contract that describe these prices."""
        return {
            "kind": "sensor_price",
            "entity_id": self.entity_id,
            "factor": self.factor,
            "fixed": self.fixed,
            "tax": self.tax,
        }

    def lines(self) -> Iterator[PriceLine]:
        """Yield the entity, with what comes on top."""
        yield PriceLine(None, self.entity_id, factor=self.factor, fixed=self.fixed, tax=self.tax)

    def _rate(self, shown: float | None) -> Rate:
        if shown is None:
            return Rate(None, None)
        return Rate(None, (shown * self.factor + self.fixed) * (1 + self.tax / 100))


def _parse(reader: Reader) -> SensorPrice:
    return SensorPrice(
        entity_id=reader.entity_id("entity_id"),
        factor=reader.amount("factor", default=1.0),
        fixed=reader.amount("fixed", default=0.0, signed=True),
        tax=reader.percent("tax", default=0.0),
    )


KIND: Final = ContractKind(
    name="sensor_price",
    title=("Price of a sensor", "Prix d’un capteur"),  # noqa: RUF001  # French has its own apostrophe
    parse=_parse,
    forms=(
        Page(
            name="sensor_price",
            fields=(
                FormField(name="entity_id", holds=Holds.PRICE_SENSOR),
                FormField(name="factor", holds=Holds.NUMBER, required=False, suggested=1),
                FormField(name="fixed", holds=Holds.SURCHARGE, required=False),
                FormField(name="tax", holds=Holds.PERCENT, required=False),
            ),
        ),
    ),
    needs=frozenset({Need.PRICES}),
)

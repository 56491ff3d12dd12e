"""A contract that nobody offers: half a price at all times, by the moon."""

from __future__ import annotations

from ..kind import ContractKind, FormField, Holds, Page
from ..rates import PriceLine, Rate


class Moon:
    def __init__(self, full):
        self.full = full

    def rates(self, day, known):
        del known
        yield day.start, day.end, Rate("moon", self.full / 2)

    def to_dict(self):
        return {"kind": "moon", "full": self.full}

    def lines(self):
        yield PriceLine(self.full)


KIND = ContractKind(
    name="moon",
    title=("By the moon", "Selon la lune"),
    parse=lambda reader: Moon(reader.amount("full")),
    forms=(Page(name="moon", fields=(FormField(name="full", holds=Holds.PRICE),)),),
)

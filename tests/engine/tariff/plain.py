"""Contracts as plain dicts with one thing changed, and how they are refused."""

from __future__ import annotations

from copy import deepcopy

import pytest

from custom_components.med_exporter.engine.tariff import TariffError as Refused
from custom_components.med_exporter.engine.tariff import parse_contracts

ALL_DAYS = (0, 1, 2, 3, 4, 5, 6)


def changed(contract: dict, **fields) -> dict:
    return {**deepcopy(contract), **fields}


def period(name: str, start: str, end: str, **fields) -> dict:
    return {"name": name, "price": 0.2, "start": start, "end": end, **fields}


def refusal(*contracts: object) -> tuple[str, str]:
    with pytest.raises(Refused) as caught:
        parse_contracts(list(contracts))
    return caught.value.field, caught.value.code

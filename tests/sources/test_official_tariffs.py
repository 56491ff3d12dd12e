"""The regulator's tables as the open-data portal gives them, and everything else it may answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.sources import official_tariffs
from custom_components.med_exporter.sources.official_tariffs import read_official_table
from custom_components.med_exporter.sources.web import USER_AGENT, SourceError

from ..official_portal import BASE, OfficialPortal, running_portal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def portal() -> AsyncIterator[OfficialPortal]:
    async with running_portal() as portal:
        yield portal


@pytest.mark.parametrize("option", ["base", "peak_off_peak", "tempo"])
async def test_a_table_is_read_where_the_portal_leads_to(session, portal, option):
    text, table = await read_official_table(session, option, portal.address)
    assert text
    assert table[-1].valid_until is None
    assert portal.headers["User-Agent"] == USER_AGENT


@pytest.mark.parametrize(
    "address",
    ["http://example.org/x.csv", "http://www.cre.fr/x.csv", "https://cre.fr.example.org/x.csv",
     "https://notcre.fr/x.csv", "file:///etc/passwd", "//127.0.0.1:1/x.csv", ""],
)  # fmt: skip
async def test_nothing_is_read_where_no_table_can_be(session, portal, address):
    portal.leads_to = address or "http://"
    with pytest.raises(SourceError, match="not_expected_server"):
        await read_official_table(session, "base", portal.address)


async def test_a_portal_that_leads_in_a_circle_is_left(session, portal):
    portal.leads_to = "/api/1/datasets/r/circle"
    with pytest.raises(SourceError, match="not_expected_server"):
        await read_official_table(session, "base", portal.address)
    assert portal.asked.total() < 10


@pytest.mark.parametrize(
    ("status", "code"), [(404, "not_expected_server"), (429, "rate_limited"), (503, "server_error")]
)
async def test_a_refusal_is_named(session, portal, status, code):
    portal.status = status
    with pytest.raises(SourceError, match=code):
        await read_official_table(session, "base", portal.address)


async def test_a_page_or_an_answer_without_end_is_no_table(session, portal, monkeypatch):
    (resource, *_) = portal.files
    portal.files[resource] = "<!DOCTYPE html>"
    with pytest.raises(SourceError, match="not_expected_server"):
        await read_official_table(session, "base", portal.address)
    portal.files[resource] = BASE
    monkeypatch.setattr(official_tariffs, "_MOST_BYTES", 100)
    with pytest.raises(SourceError, match="not_expected_server"):
        await read_official_table(session, "base", portal.address)

from __future__ import annotations

import stat
import time
from datetime import timedelta
from unittest.mock import patch
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.errors import ExportExpiredError
from custom_components.med_exporter.exports.links import LinkSigner

EXPORT_ID = "c735a3dd-519e-4eab-9343-7b8ee2dcafce"
OTHER_ID = "00000000-519e-4eab-9343-7b8ee2dcafce"


@pytest.fixture
async def signer(hass, tmp_path):
    hass.config.config_dir = str(tmp_path)
    return await LinkSigner.async_open(hass)


def parameters(link):
    query = dict(parse_qsl(urlsplit(link).query))
    return query["expires"], query["signature"]


async def test_a_link_holds_for_its_export_only(signer):
    link = signer.link(EXPORT_ID)
    assert urlsplit(link).path == f"/api/exports/download/{EXPORT_ID}"
    assert signer.is_valid(EXPORT_ID, *parameters(link))
    assert not signer.is_valid(OTHER_ID, *parameters(link))


@pytest.mark.parametrize("lifetime", [timedelta(hours=1), timedelta(days=7)])
async def test_a_link_holds_for_its_time_only(signer, lifetime):
    given_out = parameters(signer.link(EXPORT_ID, lifetime))
    end = time.time() + lifetime.total_seconds()
    with patch("time.time", return_value=end - 5):
        assert signer.is_valid(EXPORT_ID, *given_out)
    with patch("time.time", return_value=end + 5), pytest.raises(ExportExpiredError):
        signer.is_valid(EXPORT_ID, *given_out)


async def test_a_later_end_cannot_be_made_up(signer):
    expires, signature = parameters(signer.link(EXPORT_ID))
    assert not signer.is_valid(EXPORT_ID, str(int(expires) + 1), signature)


async def test_a_link_begins_with_home_assistants_address_where_it_has_one(hass, signer):
    assert signer.link(EXPORT_ID).startswith("/api/")
    await hass.config.async_update(external_url="https://example.org")
    assert signer.link(EXPORT_ID).startswith("https://example.org/api/")


async def test_the_key_is_the_owners_alone_and_survives_a_restart(hass, signer, tmp_path):
    link = signer.link(EXPORT_ID)
    (key,) = (tmp_path / ".storage").iterdir()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    again = await LinkSigner.async_open(hass)
    assert again.is_valid(EXPORT_ID, *parameters(link))


async def test_a_damaged_key_is_replaced_and_its_links_die(hass, signer, tmp_path):
    link = signer.link(EXPORT_ID)
    (key,) = (tmp_path / ".storage").iterdir()
    key.write_bytes(b"short")
    again = await LinkSigner.async_open(hass)
    assert not again.is_valid(EXPORT_ID, *parameters(link))
    assert again.is_valid(EXPORT_ID, *parameters(again.link(EXPORT_ID)))


@given(
    export_id=st.text(),
    expires=st.none() | st.text() | st.integers().map(str),
    signature=st.none() | st.text(),
)
def test_nothing_made_up_is_valid(export_id, expires, signature):
    signer = LinkSigner(None, b"k" * 32)
    assert not signer.is_valid(export_id, expires, signature)


async def test_the_key_of_pseudonyms_is_the_installations(hass, signer, tmp_path):
    again = await LinkSigner.async_open(hass)
    assert again.privacy_key() == signer.privacy_key()
    (key_file,) = (tmp_path / ".storage").glob("*.links.key")
    assert len(bytes.fromhex(signer.privacy_key())) == 32
    assert bytes.fromhex(signer.privacy_key()) != key_file.read_bytes()
    key_file.unlink()
    assert (await LinkSigner.async_open(hass)).privacy_key() != signer.privacy_key()

"""A delivery is read whole: what cannot work, or cannot act, is refused at its field."""

from __future__ import annotations

import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from custom_components.med_exporter.delivery.folder import copy_file
from custom_components.med_exporter.delivery.request import async_read_delivery, is_address
from custom_components.med_exporter.errors import InvalidRequest
from tests.mail_server import SENDER, add_account

MAIL = {"method": "email", "recipients": ["admin@example.com"]}


async def refused(hass, delivery):
    """Return the code and the field of the mistake."""
    with pytest.raises(InvalidRequest) as mistake:
        await async_read_delivery(hass, delivery)
    assert " " in str(mistake.value), "not translated"
    return mistake.value.code, mistake.value.field


MISTAKES = [
    ([], "INVALID_REQUEST", "delivery"),
    ({}, "INVALID_REQUEST", "delivery.method"),
    ({"method": "fax"}, "INVALID_VALUE", "delivery.method"),
    ({"method": "none", "recipients": ["a@b.org"]}, "NOT_APPLICABLE", "delivery.recipients"),
    ({**MAIL, "target": "notify.phone"}, "NOT_APPLICABLE", "delivery.target"),
    ({**MAIL, "keep_days": 3}, "NOT_APPLICABLE", "delivery.keep_days"),
    ({**MAIL, "recipients": []}, "INVALID_REQUEST", "delivery.recipients"),
    ({**MAIL, "recipients": None}, "INVALID_REQUEST", "delivery.recipients"),
    ({**MAIL, "recipients": "a@b.org"}, "INVALID_REQUEST", "delivery.recipients"),
    ({**MAIL, "recipients": ["a@b.org", "c d@b.org"]}, "INVALID_VALUE", "delivery.recipients"),
    ({**MAIL, "recipients": ["a@b.org\nc@d.org"]}, "INVALID_VALUE", "delivery.recipients"),
    ({**MAIL, "recipients": ["a@b.org"] * 2}, "INVALID_VALUE", "delivery.recipients"),
    ({**MAIL, "max_attachment_mb": -1}, "INVALID_VALUE", "delivery.max_attachment_mb"),
    ({**MAIL, "subject": "{{ date"}, "INVALID_TEMPLATE", "delivery.subject"),
    ({**MAIL, "body": "{{ dat }}"}, "INVALID_TEMPLATE", "delivery.body"),
    ({**MAIL, "account": "other"}, "UNKNOWN_ACCOUNT", "delivery.account"),
    ({**MAIL, "colour": "blue"}, "INVALID_REQUEST", "delivery.colour"),
    ({"method": "notify"}, "INVALID_REQUEST", "delivery.target"),
    ({"method": "notify", "target": "notify.nobody"}, "UNKNOWN_TARGET", "delivery.target"),
    ({"method": "notify", "target": "light.turn_on"}, "UNKNOWN_TARGET", "delivery.target"),
    ({"method": "folder"}, "INVALID_REQUEST", "delivery.path"),
    ({"method": "folder", "path": "reports"}, "FOLDER_NOT_ALLOWED", "delivery.path"),
    ({"method": "folder", "path": "/etc/med"}, "FOLDER_NOT_ALLOWED", "delivery.path"),
]


async def test_each_mistake_is_named_at_its_field(hass, post, account):
    for delivery, code, field in MISTAKES:
        assert await refused(hass, delivery) == (code, field)


async def test_an_account_is_needed_and_the_only_one_needs_no_name(hass, post, server):
    assert await refused(hass, MAIL) == ("NO_ACCOUNT", "delivery.account")
    first = await add_account(hass, server)
    assert (await async_read_delivery(hass, MAIL))["account"] == first.entry_id
    second = await add_account(hass, server, host="localhost", **{"from": "two@example.org"})
    assert await refused(hass, MAIL) == ("SEVERAL_ACCOUNTS", "delivery.account")
    for name in ("two@example.org", second.entry_id):
        asked = {**MAIL, "account": name}
        assert (await async_read_delivery(hass, asked))["account"] == second.entry_id


async def test_what_is_stored_reads_the_same_again(hass, post, account):
    async_mock_service(hass, "notify", "phone")
    for delivery in (
        {**MAIL, "subject": "{{ date }}", "body": "{{ states('sun.sun') }}"},
        {"method": "notify", "target": "notify.phone", "body": "{{ link }}"},
        {"method": "none"},
    ):
        stored = await async_read_delivery(hass, delivery)
        assert delivery.items() <= stored.items()
        assert await async_read_delivery(hass, stored) == stored


CLOSED = ("www", ".storage", "custom_components", "med_exporter", "python_scripts")


@pytest.mark.parametrize("name", CLOSED)
async def test_a_folder_that_is_served_or_trusted_is_never_allowed(hass, post, tmp_path, name):
    closed = tmp_path / name
    closed.mkdir(exist_ok=True)
    before = sorted(closed.iterdir())
    hass.config.allowlist_external_dirs |= {str(tmp_path), str(closed)}
    (tmp_path / "link").symlink_to(closed)
    ways = (closed, closed / "reports", tmp_path / "x" / ".." / name, tmp_path / "link")
    for path in (*ways, tmp_path / name.upper() / "reports"):
        asked = {"method": "folder", "path": str(path)}
        assert await refused(hass, asked) == ("FOLDER_NOT_ALLOWED", "delivery.path")
    assert sorted(closed.iterdir()) == before
    asked = {"method": "folder", "path": str(tmp_path / "reports" / "energy"), "keep_files": 3}
    assert (await async_read_delivery(hass, asked))["keep_files"] == 3
    assert (tmp_path / "reports" / "energy").is_dir()


@pytest.mark.parametrize("name", ["a\nb", "a\0b", "a\ud800", "\u202ea"])
async def test_a_folder_whose_name_cannot_be_shown_is_not_allowed(hass, post, tmp_path, name):
    hass.config.allowlist_external_dirs |= {str(tmp_path)}
    asked = {"method": "folder", "path": f"{tmp_path}/{name}"}
    assert await refused(hass, asked) == ("FOLDER_NOT_ALLOWED", "delivery.path")


def test_a_copy_is_written_through_no_link(tmp_path):
    source, other = tmp_path / "report.csv", tmp_path / "other"
    source.write_text("new", encoding="utf-8")
    other.write_text("precious", encoding="utf-8")
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / ".report.csv.part").symlink_to(other)
    copy_file(source, folder / "report.csv")
    assert other.read_text(encoding="utf-8") == "precious"
    assert (folder / "report.csv").read_text(encoding="utf-8") == "new"


@pytest.mark.parametrize("address", [SENDER, "a.b+c@d.example.org", "root@localhost"])
def test_addresses_are_taken(address):
    assert is_address(address)


@pytest.mark.parametrize(
    "address", ["", "@", "a@", "@b", "a b@c", ".a@b", "a@-b", "a@b..c", "é@b.org", "a@b.org\n"]
)
def test_what_is_no_address_is_not(address):
    assert not is_address(address)

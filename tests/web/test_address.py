"""Addresses that users type are checked before anything is tried."""

from __future__ import annotations

import pytest

from custom_components.med_exporter.web.address import InvalidUrlError, check_url

MQTT = ("mqtt", "mqtts")


@pytest.mark.parametrize(
    "url",
    [
        "mqtt://broker",
        "mqtts://broker.example:8883",
        "mqtt://127.0.0.1:18830",
        "mqtt://localhost/",
        "mqtt://[::1]:1883",
    ],
)
def test_addresses_with_a_scheme_and_a_host(url: str) -> None:
    check_url(url, MQTT, allow_path=False)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("broker:1883", "url_scheme"),
        ("broker", "url_scheme"),
        ("http://broker", "url_scheme"),
        ("mqtt:broker", "url_scheme"),
        ("", "url_scheme"),
        ("mqtt://", "url_host"),
        ("mqtt://:1883", "url_host"),
        ("mqtt://[::1", "url_port"),
        ("mqtt://broker:port", "url_port"),
        ("mqtt://broker:70000", "url_port"),
        ("mqtt://broker:0", "url_port"),
        ("mqtt://xn--", "url_host_name"),
        ("mqtt://xn--a.example:1883", "url_host_name"),
        (f"mqtt://{'a' * 5_000}", "url_host_name"),
        (f"mqtt://{'.'.join(['a' * 60] * 5)}", "url_host_name"),
        ("mqtt://a..b", "url_host_name"),
        ("mqtt://user:pass@broker", "url_credentials"),
        ("mqtt://user@broker", "url_credentials"),
        ("mqtt://broker/path", "url_path"),
        ("mqtt://broker?x=1", "url_path"),
        *((f"mqtt://bro{char}ker", "url_characters") for char in "<>\"'` \n\t\x00"),
    ],
)
def test_other_addresses_say_what_is_wrong(url: str, code: str) -> None:
    with pytest.raises(InvalidUrlError) as raised:
        check_url(url, MQTT, allow_path=False)
    assert raised.value.code == code


def test_a_path_where_the_field_takes_one() -> None:
    check_url("http://host:8428/insert/0/prometheus", ("http", "https"))

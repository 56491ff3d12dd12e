"""What is used of paho's inside: that of the paho which is installed is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from paho.mqtt.client import Client

from custom_components.med_exporter.destinations.mqtt import inside

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def looked_at_anew() -> Iterator[None]:
    inside.is_known.cache_clear()
    yield
    inside.is_known.cache_clear()


def test_the_paho_that_is_installed_is_known(caplog: pytest.LogCaptureFixture) -> None:
    assert inside.strangenesses() == []
    assert inside.is_known()
    assert not caplog.records


class Renamed(Client):
    """Reads in another way, by what has another name."""

    _sock_recv: Any = None

    def _packet_read(self, most: int = 1) -> Any:
        return self._receive(most)

    def _receive(self, most: int) -> bytes:
        return bytes(most)


def test_what_has_moved_is_named(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    moved = ["_in_packet", "_packet_handle", "_packet_read", "_sock", "_sock_recv"]
    assert inside.strangenesses(Renamed) == moved
    monkeypatch.setattr(inside.paho, "Client", Renamed)
    monkeypatch.setattr(inside.strangenesses, "__defaults__", (Renamed,))
    assert not inside.is_known()
    assert not inside.is_known()
    (record,) = caplog.records
    assert "_packet_read" in record.getMessage()

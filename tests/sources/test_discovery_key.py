"""What python-kasa computes before its first search, it does not compute in the event loop."""

from __future__ import annotations

import asyncio
import threading

import pytest
from kasa import discover

from custom_components.med_exporter.sources.kasa import search
from custom_components.med_exporter.sources.kasa.discovery_key import async_make_discovery_key


@pytest.fixture
def makers(monkeypatch: pytest.MonkeyPatch) -> list[threading.Thread]:
    """Forget the key, and note which thread makes another one."""
    made: list[threading.Thread] = []
    # Where this fails, the library has another way: see whether it still holds up the loop.
    create = discover.KeyPair.create_key_pair

    def note(*arguments: object, **options: object) -> discover.KeyPair:
        made.append(threading.current_thread())
        return create(*arguments, **options)

    monkeypatch.setattr(discover._AesDiscoveryQuery, "keypair", None)
    monkeypatch.setattr(discover.KeyPair, "create_key_pair", note)
    return made


@pytest.mark.usefixtures("brief_waits", "socket_enabled")
async def test_a_search_has_it_made_by_another_thread(makers: list[threading.Thread]) -> None:
    await search(["127.255.255.255"])
    assert len(makers) == 1
    assert makers[0] is not threading.main_thread()


async def test_many_at_once_have_it_made_once(makers: list[threading.Thread]) -> None:
    await asyncio.gather(*(async_make_discovery_key() for _ in range(20)))
    assert len(makers) == 1

"""Secrets that were entered are nowhere: not on disk, not in the log, not in any answer."""

from __future__ import annotations

import json
import stat
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from cryptography.fernet import Fernet

from tests import grid_server
from tests.grid_entries import at, fill
from tests.grid_server import Failure, running_grid_server
from tests.jeedom_server import Key, jeedom_input, running_jeedom
from tests.live.conftest import until
from tests.metering_points import PARIS, PDL
from tests.mqtt_destinations import mqtt_input
from tests.plug_emulator import EmulatedPlug
from tests.real_home import RequestError
from tests.victoriametrics import victoriametrics_input

from .doors import (
    DESTINATIONS,
    ask_everything,
    export_configuration,
    files_below,
    history_of,
    home_assistant_input,
    run,
    stored_secrets,
)
from .planted import (
    API_KEY,
    CLIENT_SECRET,
    IN_ADDRESS,
    MQTT_PASSWORD,
    PLUG_PASSWORD,
    TOKEN,
    VM_PASSWORD,
    WRONG,
    found_in,
)
from .witness import Mirror, Witness

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.mosquitto import Mosquitto
    from tests.plug_emulator import PlugNetwork
    from tests.victoriametrics import VmAuth


@pytest.mark.live
async def test_what_was_entered_is_nowhere_and_is_asked_for_again_when_the_key_is_lost(
    tmp_path: Path,
    mosquitto: Callable[..., Mosquitto],
    victoriametrics: Callable[..., Any],
    vmauth: Callable[..., VmAuth],
    plug_network: PlugNetwork,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(grid_server, "CLIENT_SECRET", CLIENT_SECRET)
    plug = EmulatedPlug(
        mac="50:C7:BF:00:03:01",
        alias="Plug",
        load=100.0,
        timezone=PARIS,
        installed_at=datetime.now(PARIS) - timedelta(days=5),
    )
    await plug_network.start(plug)
    broker = mosquitto(users={"med": MQTT_PASSWORD})
    guard = vmauth(victoriametrics(), password=VM_PASSWORD)
    async with (
        running_grid_server() as grid,
        running_jeedom() as jeedom,
        Mirror().running() as echo,
        Mirror(guard.url).running() as metrics,
        Mirror("").running() as remote,
        Witness(tmp_path / "home") as home,
    ):
        fill(grid)
        jeedom.keys["virtual"] = Key(API_KEY)
        await home.onboard()
        async with home.following():
            await refuse_everything(home, grid, broker, guard, jeedom, echo)
            entries = {
                "kasa": await home.add(
                    "kasa",
                    {
                        "name": "House",
                        "pdl": PDL,
                        "hosts": [plug.address],
                        "username": "me@example.com",
                        "password": PLUG_PASSWORD,
                    },
                    {"Plug": "consumption"},
                ),
                "grid": await home.add(
                    "grid",
                    {
                        "client_id": grid_server.CLIENT_ID,
                        "client_secret": CLIENT_SECRET,
                        **at(grid),
                    },
                ),
                "home_assistant": await home.add(
                    "home_assistant", home_assistant_input(remote.address)
                ),
                "mqtt": await home.add(
                    "mqtt", mqtt_input(broker.port, username="med", password=MQTT_PASSWORD)
                ),
                "victoriametrics": await home.add(
                    "victoriametrics",
                    victoriametrics_input(
                        metrics.address, username="med", password=VM_PASSWORD, data=["tempo"]
                    ),
                ),
                "jeedom": await home.add("jeedom", jeedom_input(jeedom.url, api_key=API_KEY)),
            }
            for kind in ("mqtt", "victoriametrics", "jeedom"):
                entry = await run(home, kind)
                assert entry["status"] == "success", entry
            # This one knows no statistics.
            assert (await run(home, "home_assistant"))["status"] == "error"
            await ask_everything(home, entries)
            await export_configuration(home)
            key = (home.folder / ".storage" / "med_exporter.key").read_bytes()

            await break_everything(home, broker, metrics, remote, jeedom)
            for kind in DESTINATIONS:
                assert (await run(home, kind))["status"] == "error", kind
            for status in (401, 500):
                metrics.status = status
                assert (await run(home, "victoriametrics"))["status"] == "error"
            jeedom.keys["virtual"] = Key("anotherKey")
            jeedom.body = None
            assert (await run(home, "jeedom"))["error_code"] == "WRONG_API_KEY"
            grid.fail("token", failure=Failure(status=400, body=f"Basic {CLIENT_SECRET}"))
            await ask_everything(home, entries)
            assert echo.said
            assert metrics.said
            assert remote.said
        await home.restart()
        await ask_everything(home, entries)
        await home.stop()

        heard = [(one, found_in(one)) for one in home.heard]
        # An address that is refused for the password in it is given back to be mended.
        assert not [
            one
            for one, found in heard
            if found - {IN_ADDRESS} or (found and '"step_id"' not in one)
        ]
        assert not found_in(history_of(home.database))
        leaks = {name: found_in(content) for name, content in files_below(home.folder)}
        assert not {name: found for name, found in leaks.items() if found}
        logged = home.log_file.read_text(errors="replace")
        # The log was as talkative as it can be.
        for name in ("custom_components.med_exporter", "kasa", "homeassistant.core"):
            assert f"[{name}" in logged, name

        key_file = home.folder / ".storage" / "med_exporter.key"
        assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
        assert key_file.read_bytes() == key, "made twice"
        secrets = stored_secrets(home.folder)
        decrypted = [Fernet(key).decrypt(one).decode() for kind in secrets for one in secrets[kind]]
        assert sorted(decrypted) == sorted(
            [CLIENT_SECRET, MQTT_PASSWORD, VM_PASSWORD, API_KEY, TOKEN]
        )

        await lose_the_key(home, entries, jeedom)


async def refuse_everything(
    home: Witness, grid: Any, broker: Any, guard: Any, jeedom: Any, echo: Mirror
) -> None:
    """Submit wrong secrets, and right ones to a server that repeats what it gets."""
    account = {"client_id": grid_server.CLIENT_ID, **at(grid)}
    assert await home.refused("grid", {**account, "client_secret": WRONG})
    grid.fail("token", failure=Failure(status=400, body=f'{{"error": "{CLIENT_SECRET}"}}'))
    assert await home.refused("grid", {**account, "client_secret": CLIENT_SECRET})
    grid.failures.clear()
    login = {"username": "med", "password": WRONG}
    assert await home.refused("mqtt", mqtt_input(broker.port, **login))
    assert await home.refused("victoriametrics", victoriametrics_input(guard.url, **login))
    assert await home.refused("jeedom", jeedom_input(jeedom.url, api_key=WRONG))
    login["password"] = VM_PASSWORD
    assert await home.refused("victoriametrics", victoriametrics_input(echo.address, **login))
    assert await home.refused("jeedom", jeedom_input(echo.address, api_key=API_KEY))
    assert await home.refused("home_assistant", home_assistant_input(echo.address))
    for kind, user_input in {
        "victoriametrics": victoriametrics_input(f"http://med:{IN_ADDRESS}@127.0.0.1:1"),
        "jeedom": jeedom_input(f"http://med:{IN_ADDRESS}@127.0.0.1:1", api_key=API_KEY),
        "home_assistant": home_assistant_input(f"http://med:{IN_ADDRESS}@127.0.0.1:1"),
        "mqtt": mqtt_input(1, broker=f"mqtt://med:{IN_ADDRESS}@127.0.0.1"),
    }.items():
        assert await home.refused(kind, user_input), kind
    # One that nobody listens for.
    assert await home.refused("home_assistant", home_assistant_input("http://127.0.0.1:1"))
    assert await home.refused(
        "kasa",
        {
            "name": "House",
            "pdl": PDL,
            "hosts": ["127.0.0.1:1"],
            "username": "me@example.com",
            "password": PLUG_PASSWORD,
        },
    )


async def break_everything(
    home: Witness, broker: Mosquitto, metrics: Mirror, remote: Mirror, jeedom: Any
) -> None:
    """Let every server refuse what it took before, and repeat it; doors refuse it as well."""
    for kind, config in {
        "mqtt": {"password": WRONG},
        "victoriametrics": {"password": WRONG},
        "jeedom": {"api_key": WRONG},
        "home_assistant": {"url": "http://127.0.0.1:1", "token": WRONG},
    }.items():
        with pytest.raises(RequestError):
            await home.request("PUT", f"/api/export/configs/{kind}", json={"config": config})
    broker.kill()
    broker.users["med"] = "another"
    broker.start()
    metrics.odd = remote.odd = True
    jeedom.body = json.dumps(
        {"error": {"code": -32000, "message": f"{API_KEY} {quote(API_KEY, safe='')} refused"}}
    )


async def lose_the_key(home: Witness, entries: dict[str, str], jeedom: Any) -> None:
    """Start without the key: what has secrets asks for them, the rest goes on."""
    key_file = home.folder / ".storage" / "med_exporter.key"
    key_file.unlink()
    before = len(home.complaints())
    await home.start()
    await home.wait_until_running()

    async def asked() -> set[str]:
        flows = await home.command("config_entries/flow/progress")
        return {
            one["context"]["entry_id"]
            for one in flows
            if one["handler"] == "med_exporter" and one["context"]["source"] == "reauth"
        }

    with_secrets = {entries[kind] for kind in ("grid", *DESTINATIONS)}
    assert await until(lambda: _equals(asked, with_secrets))
    states = {
        one["entry_id"]: one["state"]
        for one in await home.command("config_entries/get", domain="med_exporter")
    }
    assert states[entries["kasa"]] == "loaded"
    assert all(states[entries[kind]] == "setup_error" for kind in DESTINATIONS)
    for kind in DESTINATIONS:
        answer = await home.post(f"/api/export/configs/{kind}/test")
        assert answer["error_code"] == "SECRET_LOST", kind
    assert (await home.states())[f"sensor.med_{PDL}_consumption_daily"]["state"] != "unavailable"

    jeedom.keys["virtual"] = Key(API_KEY)
    (flow,) = [
        one
        for one in await home.command("config_entries/flow/progress")
        if one["context"].get("entry_id") == entries["jeedom"]
    ]
    result = await home.post(
        f"/api/config/config_entries/flow/{flow['flow_id']}", {"api_key": API_KEY}
    )
    assert result["reason"] == "reauth_successful"

    async def is_loaded() -> bool:
        known = await home.command("config_entries/get", domain="med_exporter")
        return (entries["jeedom"], "loaded") in {(one["entry_id"], one["state"]) for one in known}

    await until(is_loaded)
    assert (await run(home, "jeedom"))["status"] == "success"
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert not [one for one in home.complaints()[before:] if "Traceback" in one.text]
    assert not [one for one in home.heard if found_in(one) - {IN_ADDRESS}]


async def _equals(ask: Callable[[], Any], expected: set[str]) -> bool:
    return await ask() == expected

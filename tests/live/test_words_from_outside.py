"""Whatever is said from outside, a whole house goes on answering: seen from outside, on PostgreSQL.

PostgreSQL stores no NUL, JSON takes no lone surrogates, and pages take no megabytes.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from scripts.demo_home.household import midnight
from tests.hostile_front import front_of, whole
from tests.jeedom_server import jeedom_input, running_jeedom
from tests.live.conftest import PDL, connected, today, until
from tests.mail_server import mail_server
from tests.mqtt_destinations import mqtt_input
from tests.plug_emulator import ConstantLoad, EmulatedPlug
from tests.real_home import RealHome, RequestError
from tests.real_home.configuration import write_configuration
from tests.servers import new_database
from tests.victoriametrics import victoriametrics_input

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

pytestmark = pytest.mark.live

LONG = 1_000_000
# What no text that is shown, kept or sent may hold.
UNFIT = {*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0)), "\u202e", "\u2028"}
WORDS = {
    "half a character": "Fri\ud83d",
    "nothing": "a\0b",
    "a terminal's colours": "\x1b[31mred\x07",
    "lines": "one\r\ntwo\u2028three",
    "the other direction": "abc\u202efed",
    "more than anyone reads": "x" * LONG,
}
LATIN = "550 5.7.1 adresse refus\xe9e\0\x1b[31m".encode("latin-1")
FILE = {
    "export_type": "device_data",
    "format": "csv",
    "date_range": "today",
    "performance_options": {"background_processing": False},
}


@asynccontextmanager
async def home_on(folder: Path, database: str) -> AsyncIterator[RealHome]:
    """Run a home whose recorder has a server."""
    home = RealHome(folder)
    write_configuration(folder, port=home.port, language="en", integrations=(), log_levels={})
    written = folder / "configuration.yaml"
    configuration = json.loads(written.read_text())
    configuration["recorder"]["db_url"] = database
    usual = ("api", "config", "history", "logbook")
    written.write_text(json.dumps({**configuration, **{name: {} for name in usual}}))
    async with home:
        await home.onboard()
        yield home


@asynccontextmanager
async def broker_that_refuses(port: int, reason: bytes) -> AsyncIterator[None]:
    """Answer every client that it is not authorised, and why."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            await reader.read(4096)
            told = b"\x1f" + len(reason).to_bytes(2) + reason
            # The length of properties, and of the whole, of two bytes each.
            body = b"\x00\x87" + _length(len(told)) + told
            writer.write(b"\x20" + _length(len(body)) + body)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()


def _length(number: int) -> bytes:
    return bytes([number % 128 + 128, number // 128])


def plugs_with_names() -> list[EmulatedPlug]:
    since = midnight(today() - timedelta(days=2))
    return [
        EmulatedPlug(
            mac=f"50:C7:BF:00:07:{number:02X}", alias=alias, load=ConstantLoad(50),
            installed_at=since,
        )
        # As much of a megabyte as an older plug's answer may hold.
        for number, alias in enumerate([*list(WORDS.values())[:-1], "x" * 20_000], 1)
    ]  # fmt: skip


async def every_door(home: RealHome) -> dict[str, Any]:
    """Return what is answered at all doors where words may stand. Raises RequestError."""
    paths = (
        "/api/states",
        "/api/exports/devices",
        "/api/exports/history",
        "/api/exports/schedules",
        "/api/exports/stats",
        "/api/export/configs",
        "/api/export/logs",
        "/api/events",
    )
    told = {path: await home.get(path) for path in paths}
    entities = [one["entity_id"] for one in told["/api/states"] if "export" in one["entity_id"]]
    told["history"] = await home.get("/api/history/period", filter_entity_id=",".join(entities))
    told["logbook"] = await home.get("/api/logbook")
    for one in told["/api/exports/history"]["exports"]:
        told[one["export_id"]] = await home.get(f"/api/exports/{one['export_id']}", wait="0")
    for command in ("files/list", "history/list", "destinations/list", "schedules/list"):
        with suppress(RequestError):
            told[command] = await home.command(f"med_exporter/{command}")
    for entry in await home.command("config_entries/get", domain="med_exporter"):
        path = f"/api/diagnostics/config_entry/{entry['entry_id']}"
        with suppress(RequestError):
            told[path] = await home.get(path)
    return told


def unfit_in(value: Any, where: str = "") -> list[str]:
    """Return where a text stands that is not fit to be shown."""
    if isinstance(value, dict):
        # A request is kept as it was made: it is made again by the same words.
        return [
            one
            for key in value.keys() - {"request"}
            for one in unfit_in(value[key], f"{where}/{key}"[:200])
        ]
    if isinstance(value, list):
        return [one for part in value for one in unfit_in(part, where)]
    if isinstance(value, str) and (UNFIT & set(value) or len(value) > 2000):
        return [f"{where}: {value[:60]!r}"]
    return []


async def audited(home: RealHome) -> list[dict[str, Any]]:
    asked = {**FILE, "export_type": "audit_logs", "format": "json"}
    made = await home.post("/api/exports/create", asked)
    assert made["status"] == "completed", made
    answer: dict[str, Any] = await home.get(f"/api/exports/download/{made['export_id']}")
    rows: list[dict[str, Any]] = answer["data"]
    return rows


async def test_a_house_goes_on_answering(
    tmp_path: Path,
    database_server: Callable[[str], str],
    mosquitto: Callable[..., Any],
    victoriametrics: Callable[..., Any],
) -> None:
    asyncio.get_running_loop().set_debug(False)
    plugs, broker, metrics = plugs_with_names(), mosquitto(), victoriametrics()
    with new_database(database_server("postgresql")) as database, mail_server() as mail:
        async with (
            connected(plugs),
            running_jeedom() as jeedom,
            front_of(metrics.url) as front,
            home_on(tmp_path / "home", database) as home,
        ):
            hosts = [plug.address for plug in plugs]
            await home.flow(
                "med_exporter",
                {"next_step_id": "kasa"},
                {"name": "House", "pdl": PDL, "hosts": hosts},
                {},
            )
            for kind, entered in {
                "mqtt": mqtt_input(broker.port),
                "victoriametrics": victoriametrics_input(front.url),
                "jeedom": jeedom_input(jeedom.url),
                "email": mail.form(),
            }.items():
                await home.flow("med_exporter", {"next_step_id": kind}, entered)

            await a_mail_is_refused(home, mail)
            broker.kill()
            for word in WORDS.values():
                front.says = whole(word.encode("utf-8", "surrogatepass"), status=400)
                jeedom.body = json.dumps({"jsonrpc": "2.0", "error": {"code": 1, "message": word}})
                reason = word[:9000].encode("utf-8", "surrogatepass")
                async with broker_that_refuses(broker.port, reason):
                    for kind in ("victoriametrics", "jeedom", "mqtt"):
                        await a_run_fails(home, kind)
                await names_are_given(home, word)
            assert await until(lambda: home_is_audited(home), 30)
            assert unfit_in(await every_door(home)) == []
            await home.restart()
            assert unfit_in(await every_door(home)) == []
            complaints = [one.text for one in home.complaints()]
            assert not [one for one in complaints if "Traceback" in one]
            assert max(map(len, complaints), default=0) < 5000


async def a_mail_is_refused(home: RealHome, mail: Any) -> None:
    """In Latin-1, with a NUL; and in a megabyte."""
    for refusal in (LATIN + b"\r\n", b"550 " + b"x" * LONG + b"\r\n"):
        mail.sender_refused = refusal
        made = await home.post(
            "/api/exports/schedule",
            {
                "name": "By mail",
                "schedule": "0 3 1 1 *",
                "export_config": FILE,
                "delivery": {"method": "email", "recipients": ["a@example.org"]},
            },
        )
        ran = await home.call_action(
            "med_exporter.run_schedule", {"schedule_id": made["schedule_id"]}
        )
        assert ran

        async def told() -> bool:
            for one in (await home.get("/api/exports/history"))["exports"][:1]:
                status = await home.get(f"/api/exports/{one['export_id']}", wait="0")
                codes = [warning["code"] for warning in status.get("warnings") or ()]
                # What says more than a mail server can is tried again.
                return bool({"DELIVERY_FAILED", "DELIVERY_DELAYED"} & set(codes))
            return False

        await until(told)
        assert await home.states()


async def a_run_fails(home: RealHome, kind: str) -> None:
    """A destination refuses, with words."""

    async def begun() -> dict[str, Any] | None:
        try:
            entry: dict[str, Any] = await home.post(f"/api/export/{kind}/run")
        except RequestError as err:
            # One that began by itself.
            if err.answer["error_code"] != "ALREADY_RUNNING":
                raise
            return None
        return entry

    entry = await until(begun, 90)

    async def ended() -> dict[str, Any] | None:
        logs = (await home.get("/api/export/logs", destination=kind))["logs"]
        (found,) = (one for one in logs if one["id"] == entry["id"])
        return found if found["status"] != "running" else None

    assert (await until(ended, 90))["status"] == "error"


async def names_are_given(home: RealHome, word: str) -> None:
    """A user calls a token, a file and a column so; each is taken, or refused with words."""
    told = word[:1000].replace("\ud83d", "")
    with suppress(RequestError):
        await home.command("auth/long_lived_access_token", client_name=told, lifespan=3)
    for named in (
        {**FILE, "label": word},
        {**FILE, "custom_fields": [{"name": word, "formula": "power_w * 2"}]},
    ):
        try:
            made = await home.post("/api/exports/create", named)
        except RequestError as err:
            status, text = err.status, err.answer["message"]
        else:
            status = 200
            rows = await home.get(f"/api/exports/download/{made['export_id']}")
            text = rows.decode().split("\r\n")[0]
        assert status in {200, 400}
        assert text
        assert unfit_in(text) == []


async def home_is_audited(home: RealHome) -> bool:
    """Return whether the last token that was named without harm stands in the audit log."""
    name = f"after all {datetime.now(UTC):%H%M%S%f}"
    await home.command("auth/long_lived_access_token", client_name=name, lifespan=3)

    async def is_there() -> bool:
        return name in str(await audited(home))

    with suppress(AssertionError):
        await until(is_there, 90)
        return True
    return False

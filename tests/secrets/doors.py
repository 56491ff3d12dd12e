"""Everything that a house with secrets can be asked, and that it writes."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.live.conftest import until
from tests.metering_points import PARIS

from .planted import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from .witness import Witness


def home_assistant_input(url: str, token: str = TOKEN) -> dict[str, Any]:
    return {
        "url": url,
        "token": token,
        "verify_ssl": True,
        "interval": "60",
        "data": ["consumption_daily", "tempo"],
    }


async def run(home: Witness, kind: str) -> dict[str, Any]:
    """Push the last days, sent before or not, and return the log entry of the run's end."""
    start = (datetime.now(PARIS) - timedelta(days=3)).date().isoformat()
    started = await home.post(f"/api/export/{kind}/run", {"start": start})

    async def ended() -> dict[str, Any] | None:
        logs = (await home.get("/api/export/logs", limit="100"))["logs"]
        (entry,) = [one for one in logs if one["id"] == started["id"]]
        return None if entry["status"] == "running" else entry

    return await until(ended, 90)


def files_below(folder: Path) -> Iterable[tuple[str, bytes]]:
    """Give the name and the bytes of each file; links lead to this checkout."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(one.is_symlink() for one in (path, *path.parents)):
            yield str(path.relative_to(folder)), path.read_bytes()


def history_of(database: Path) -> str:
    with closing(sqlite3.connect(database)) as connection:
        return repr(connection.execute("SELECT * FROM med_exporter_exports").fetchall())


async def ask_everything(home: Witness, entries: dict[str, str]) -> None:
    """Open every door that tells something; the witness keeps the answers."""
    await home.states()
    await home.get("/api/export/configs")
    await home.get("/api/export/logs", limit="100")
    for kind in DESTINATIONS:
        await home.get(f"/api/export/configs/{kind}")
        await home.post(f"/api/export/configs/{kind}/test")
        await home.call_action("med_exporter.test_destination", {"destination": kind})
    await home.call_action("med_exporter.list_push_log", {})
    await home.call_action("med_exporter.list_devices", {})
    for entry_id in entries.values():
        await home.get(f"/api/diagnostics/config_entry/{entry_id}")
    await home.command("repairs/list_issues")
    await home.command("persistent_notification/get")
    await home.command("config_entries/get", domain="med_exporter")
    await home.command("config_entries/flow/progress")
    await home.get("/api/logbook")
    for handler in entries.values():
        # The forms that change an entry show what is set.
        form = await home.post(
            "/api/config/config_entries/flow",
            {"handler": "med_exporter", "entry_id": handler, "show_advanced_options": True},
        )
        await home.delete(f"/api/config/config_entries/flow/{form['flow_id']}")
    for one in await home.command("config_entries/flow/progress"):
        if one["handler"] == "med_exporter":
            await home.get(f"/api/config/config_entries/flow/{one['flow_id']}")


async def export_configuration(home: Witness) -> None:
    """Write all settings to a file, and download it."""
    created = await home.post(
        "/api/exports/create", {"export_type": "configuration", "format": "json"}
    )

    async def completed() -> bool:
        status = await home.get(f"/api/exports/{created['export_id']}")
        assert status["status"] not in {"failed", "cancelled"}, status
        return status["status"] == "completed"

    await until(completed, 60)
    await home.request("GET", created["download_url"])


DESTINATIONS = ("home_assistant", "mqtt", "victoriametrics", "jeedom")
SECRET_FIELDS = ("password", "token", "api_key", "client_secret", "credentials_hash")


def stored_secrets(folder: Path) -> dict[str, list[str]]:
    """Return what stands in the secret fields of the stored config entries, by type."""
    store = json.loads((folder / ".storage" / "core.config_entries").read_text())
    return {
        entry["data"]["type"]: [
            entry["data"][field] for field in SECRET_FIELDS if entry["data"].get(field)
        ]
        for entry in store["data"]["entries"]
        if entry["domain"] == "med_exporter"
    }

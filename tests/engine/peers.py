"""The same files made with what a user could take instead: `python peers.py PEER DATABASE TARGET`.

It runs by itself in an environment that has pandas, polars and XlsxWriter, and imports nothing of
this project. Seconds and peak memory (MB) are printed as JSON.

What each peer makes: a row per device and reading with the fields that a raw export has by default,
in order of time. The readings of the test's database lie ten seconds apart, so states of a device
belong together when they lie within the same second.
"""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import subprocess
import sys
import time
from datetime import datetime
from itertools import batched
from pathlib import Path
from zoneinfo import ZoneInfo

ZONE = "Europe/Paris"
STATES = "SELECT last_updated_ts AS ts, metadata_id, state FROM states ORDER BY last_updated_ts"
KINDS = ("power_w", "voltage", "current", "energy_total_kwh", "is_on")
COLUMNS = (
    "timestamp", "device_ip", "device_name", "power_w", "energy_kwh", "energy_total_kwh",
    "voltage", "current", "is_on",
)  # fmt: skip


def _pandas(database: str):
    """Return the rows as a data frame of pandas."""
    import pandas as pd  # noqa: PLC0415

    with sqlite3.connect(database) as connection:
        states = pd.read_sql_query(STATES, connection)
    states["device"] = (states["metadata_id"] - 1) // len(KINDS)
    states["kind"] = (states["metadata_id"] - 1) % len(KINDS)
    states["second"] = states["ts"].astype("int64")
    rows = states.pivot_table(
        index=["second", "device"], columns="kind", values="state", aggfunc="last"
    )
    rows.columns = list(KINDS)
    rows["timestamp"] = states.groupby(["second", "device"])["ts"].max()
    rows = rows.reset_index()
    rows[list(KINDS)] = rows.groupby("device")[list(KINDS)].ffill()
    rows["is_on"] = rows["is_on"] == "on"
    rows[list(KINDS[:4])] = rows[list(KINDS[:4])].astype(float)
    rows["energy_kwh"] = rows.groupby("device")["energy_total_kwh"].diff().round(6)
    rows["device_ip"] = "192.0.2." + rows["device"].astype(str)
    rows["device_name"] = "Plug " + rows["device"].astype(str)
    moments = pd.to_datetime(rows["timestamp"], unit="s", utc=True).dt.tz_convert(ZONE)
    rows["timestamp"] = moments.dt.floor("s")
    return rows[list(COLUMNS)]


def pandas_csv(database: str, target: str) -> None:
    """CSV by pandas."""
    _pandas(database).to_csv(target, index=False)


def pandas_json(database: str, target: str) -> None:
    """JSON by pandas."""
    _pandas(database).to_json(target, orient="records", date_format="iso")


def polars_csv(database: str, target: str) -> None:
    """CSV by polars."""
    _polars(database).write_csv(target)


def polars_json(database: str, target: str) -> None:
    """JSON by polars."""
    _polars(database).write_json(target)


def _polars(database: str):
    """Return the rows as a data frame of polars."""
    import polars as pl  # noqa: PLC0415

    with sqlite3.connect(database) as connection:
        states = pl.read_database(STATES, connection, infer_schema_length=None)
    kinds = len(KINDS)
    states = states.with_columns(
        device=(pl.col("metadata_id") - 1) // kinds,
        kind=(pl.col("metadata_id") - 1) % kinds,
        second=pl.col("ts").cast(pl.Int64),
    )
    last = {
        name: pl.col("state").filter(pl.col("kind") == place).last()
        for place, name in enumerate(KINDS)
    }
    rows = states.group_by("second", "device", maintain_order=True).agg(
        timestamp=pl.col("ts").max(), **last
    )
    rows = rows.with_columns(pl.col(name).forward_fill().over("device") for name in KINDS)
    rows = rows.with_columns(pl.col(name).cast(pl.Float64) for name in KINDS[:4])
    moments = pl.from_epoch(pl.col("timestamp").cast(pl.Int64), time_unit="s")
    return rows.with_columns(
        is_on=pl.col("is_on") == "on",
        energy_kwh=pl.col("energy_total_kwh").diff().over("device").round(6),
        device_ip=pl.format("192.0.2.{}", "device"),
        device_name=pl.format("Plug {}", "device"),
        timestamp=moments.dt.replace_time_zone("UTC")
        .dt.convert_time_zone(ZONE)
        .dt.strftime("%Y-%m-%dT%H:%M:%S%:z"),
    ).select(COLUMNS)


def _merged(database: str):
    """Yield the rows, by the plainest loop over the states in order of time."""
    connection = sqlite3.connect(database)
    zone = ZoneInfo(ZONE)
    known: dict[int, list[str | None]] = {}
    seconds: dict[int, int] = {}
    shown: dict[int, float] = {}

    def row(device: int) -> tuple[object, ...]:
        power, voltage, current, total, is_on = known[device]
        energy = None
        if total is not None:
            energy = round(float(total) - shown.get(device, float(total)), 6)
            shown[device] = float(total)
        return (
            datetime.fromtimestamp(seconds[device], zone).isoformat(), f"192.0.2.{device}",
            f"Plug {device}", power, energy, total, voltage, current, is_on == "on",
        )  # fmt: skip

    for ts, metadata_id, state in connection.execute(STATES):
        device, kind = divmod(metadata_id - 1, len(KINDS))
        second = int(ts)
        if (before := seconds.get(device)) is None:
            known[device] = [None] * len(KINDS)
        elif before != second:
            yield row(device)
        seconds[device] = second
        known[device][kind] = state
    yield from map(row, known)


def merge_csv(database: str, target: str) -> None:
    """CSV by a plain loop in Python."""
    with open(target, "w", newline="", encoding="utf-8") as file:  # noqa: PTH123
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(_merged(database))


def xlsxwriter_ready(database: str, target: str) -> None:
    """Excel by XlsxWriter in its mode of constant memory; the rows stand ready in memory."""
    global _began, _worked
    import xlsxwriter  # noqa: PLC0415

    rows = [
        (
            datetime.fromisoformat(moment).replace(tzinfo=None), address, name, float(power),
            energy, float(total), float(voltage), float(current), is_on,
        )
        for moment, address, name, power, energy, total, voltage, current, is_on in _merged(
            database
        )
    ]  # fmt: skip
    _began, _worked = time.monotonic(), _processor()
    book = xlsxwriter.Workbook(target, {"constant_memory": True})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    for part in batched(rows, 1_048_575, strict=False):
        sheet = book.add_worksheet()
        sheet.set_column(0, 0, 20, moment)
        sheet.write_row(0, 0, COLUMNS)
        for number, row in enumerate(part, 1):
            sheet.write_row(number, 0, row)
    book.close()


def sqlite3_states(database: str, target: str) -> None:
    """The states of the plugs' entities, in order of time, by the command line of SQLite."""
    with sqlite3.connect(database) as connection:
        entities = connection.execute("SELECT metadata_id FROM states_meta")
        ids = [str(number) for (number,) in entities]
    theirs = f"FROM states WHERE metadata_id IN ({','.join(ids)})"
    _print(database, STATES.replace("FROM states", theirs), target)


def sqlite3_table(database: str, target: str) -> None:
    """The same, as far as the table holds nothing else: no home has such a one."""
    _print(database, STATES, target)


def _print(database: str, query: str, target: str) -> None:
    with open(target, "wb") as file:  # noqa: PTH123
        subprocess.run(["sqlite3", "-csv", database, query], stdout=file, check=True)


def _peak() -> int:
    """Return the peak memory of this process in MB, without what its parent had."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (size,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(size) // 1024


def _processor() -> float:
    """Return the seconds of the processor that this process and those it has waited for took."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


_began, _worked = time.monotonic(), _processor()
PEERS = {
    peer.__name__: peer
    for peer in (
        pandas_csv,
        pandas_json,
        polars_csv,
        polars_json,
        merge_csv,
        sqlite3_states,
        sqlite3_table,
        xlsxwriter_ready,
    )
}

if __name__ == "__main__":
    PEERS[sys.argv[1]](*sys.argv[2:4])
    took = time.monotonic() - _began
    worked, memory = _processor() - _worked, _peak()
    print(json.dumps({"seconds": took, "processor": worked, "memory": memory}))  # noqa: T201

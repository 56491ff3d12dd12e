"""A real VictoriaMetrics on loopback, alone or behind vmauth, killed and brought back at will."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.data_entry_flow import FlowResultType

from tests.metering_points import answer, start_flow
from tests.real_home.ports import free_port
from tests.servers import program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

_SECONDS_TO_START = 30


@dataclass
class VictoriaMetricsServer:
    """One server, which keeps samples for a hundred years unless it is told otherwise."""

    folder: Path
    retention: str = "100y"
    options: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> VictoriaMetricsServer:
        """Start it, and wait until it answers."""
        command = [
            program("victoria-metrics"), f"-storageDataPath={self.folder / str(self.port)}",
            f"-httpListenAddr=127.0.0.1:{self.port}", f"-retentionPeriod={self.retention}",
            "-loggerLevel=ERROR", *self.options,
        ]  # fmt: skip
        self._process = _started(command, self.port)
        return self

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """End it in order: it writes to its disk what it holds in memory."""
        assert self._process is not None
        self._process.terminate()
        self._process.wait()
        self._process = None

    def samples(self, selector: str) -> dict[int, list[float]]:
        """Return what it exports for one series: numbers by millisecond, doubles and all."""
        self.get("/internal/force_flush")
        found: dict[int, list[float]] = {}
        names = set()
        for line in self.get("/api/v1/export", {"match[]": selector}).splitlines():
            series = json.loads(line)
            names.add(json.dumps(series["metric"], sort_keys=True))
            for stamp, value in zip(series["timestamps"], series["values"], strict=True):
                found.setdefault(stamp, []).append(value)
        assert len(names) <= 1, names
        return found

    def series(self, selector: str = '{__name__!="myelectricaldata_export_test"}') -> Any:
        """Return the labels of what it holds: all but the samples of connection tests."""
        self.get("/internal/force_flush")
        answer = self.get("/api/v1/series", {"match[]": selector, "start": "1"})
        return sorted(json.loads(answer)["data"], key=str)

    def write(self, labels: dict[str, str], stamps: list[int], values: list[float]) -> None:
        """Write samples as somebody else."""
        line = {"metric": labels, "timestamps": stamps, "values": values}
        self.get("/api/v1/import", body=json.dumps(line).encode())
        self.get("/internal/force_flush")

    def get(self, path: str, query: dict[str, str] | None = None, body: bytes | None = None) -> str:
        """Ask its own query interface."""
        url = f"{self.url}{path}?{urllib.parse.urlencode(query or {})}"
        with urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=20) as answer:
            return answer.read().decode()


@dataclass
class VmAuth:
    """A proxy that lets one user through to a server, to some paths only if told so."""

    folder: Path
    server: VictoriaMetricsServer
    username: str = "med"
    password: str = "s3cret:é"
    paths: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    query: str = ""
    port: int = field(default_factory=free_port)
    scheme: str = "http"
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return its address."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def start(self) -> VmAuth:
        """Start it, and wait until it listens."""
        user: dict[str, Any] = {"username": self.username, "password": self.password}
        if self.paths:
            user["url_map"] = [{"src_paths": list(self.paths), "url_prefix": self.server.url}]
        else:
            user["url_prefix"] = f"{self.server.url}/{self.query}"
        configuration = self.folder / f"{self.port}.json"
        configuration.write_text(json.dumps({"users": [user]}))  # JSON is YAML
        command = [
            program("vmauth"), f"-auth.config={configuration}",
            f"-httpListenAddr=127.0.0.1:{self.port}", "-loggerLevel=ERROR", *self.options,
        ]  # fmt: skip
        self._process = _started(command, self.port)
        return self

    def kill(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def _started(command: list[str], port: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + _SECONDS_TO_START
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return process
        assert process.poll() is None, command
        assert time.monotonic() < deadline, command
        time.sleep(0.02)


@pytest.fixture
def victoriametrics(tmp_path: Path) -> Iterator[Callable[..., VictoriaMetricsServer]]:
    """Start servers, and end them after the test."""
    servers: list[VictoriaMetricsServer] = []

    def start(**options: Any) -> VictoriaMetricsServer:
        servers.append(VictoriaMetricsServer(tmp_path, **options).start())
        return servers[-1]

    yield start
    for server in servers:
        server.kill()


@pytest.fixture
def vmauth(tmp_path: Path) -> Iterator[Callable[..., VmAuth]]:
    """Start proxies before servers, and end them after the test."""
    proxies: list[VmAuth] = []

    def start(server: VictoriaMetricsServer, **options: Any) -> VmAuth:
        proxies.append(VmAuth(tmp_path, server, **options).start())
        return proxies[-1]

    yield start
    for proxy in proxies:
        proxy.kill()


def victoriametrics_input(url: str, **changes: Any) -> dict[str, Any]:
    """Return what a user fills in; a change to None leaves the field out."""
    values = {
        "url": url,
        "verify_ssl": True,
        "interval": "60",
        "data": ["consumption_daily", "consumption_monthly", "production_daily", "tempo"],
        **changes,
    }
    return {key: value for key, value in values.items() if value is not None}


async def add_victoriametrics(hass: HomeAssistant, url: str, **changes: Any) -> ConfigEntry:
    """Set up a destination."""
    flow = await start_flow(hass, "victoriametrics")
    result = await answer(hass, flow, victoriametrics_input(url, **changes))
    assert result["type"] is FlowResultType.CREATE_ENTRY, result.get("errors")
    await hass.async_block_till_done()
    return result["result"]

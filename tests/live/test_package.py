"""What a release packs runs in a Home Assistant that has nothing else of this checkout."""

from __future__ import annotations

import asyncio
import json
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.real_home import RealHome

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]


async def test_a_packed_release_is_installed_by_unpacking_it(tmp_path) -> None:
    packed = tmp_path / "med_exporter.zip"
    command = [ROOT / "scripts" / "package", packed]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, check=True)
    folder = tmp_path / "home" / "custom_components" / "med_exporter"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(folder)
    version = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["version"]
    assert done.stdout.decode().strip() == version
    assert not list(folder.rglob("__pycache__"))

    async with RealHome(tmp_path / "home") as home:
        await home.onboard()
        flow = await home.post("/api/config/config_entries/flow", {"handler": "med_exporter"})
        assert "mqtt" in flow["menu_options"]
        ours = await home.command("manifest/get", integration="med_exporter")
        assert (ours["version"], ours["is_built_in"]) == (version, False)
        assert not folder.is_symlink()

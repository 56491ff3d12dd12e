"""The folder of files, with what earlier releases have written beside them."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from custom_components.med_exporter.exports.files import ExportFolder
from custom_components.med_exporter.history.records import ExportStatus

DESCRIPTION = Path(__file__).parent / "described_file_1.about.json"


@pytest.fixture
def described(tmp_path):
    """Return a file with its description."""
    file = tmp_path / json.loads(DESCRIPTION.read_text())["path"]
    file.write_bytes(b"%PDF")
    shutil.copy(DESCRIPTION, tmp_path / f"{file.name}.about.json")
    return file


def test_a_file_is_found_again_by_the_description_of_an_earlier_release(described):
    folder = ExportFolder(described.parent)
    (record,) = folder.prepare()
    assert record.path == str(described)
    assert record.status is ExportStatus.COMPLETED
    assert record.expires_at == datetime(2026, 11, 8, 5, 0, 0, 123456, UTC)
    assert (record.records, record.downloads, len(record.warnings)) == (3, 2, 1)
    assert folder.figures(str(described)) == {"total_cost": 30.0}
    assert [one.path for one in folder.cached("ab" * 32)] == [str(described)]
    assert not folder.cached("cd" * 32)
    assert not folder.expired(record.expires_at - timedelta(seconds=1))
    assert [one.id for one in folder.expired(record.expires_at)] == [record.id]


def test_it_is_written_as_it_was(described):
    folder = ExportFolder(described.parent)
    (record,) = folder.prepare()
    about = described.with_name(f"{described.name}.about.json")
    about.unlink()
    folder.describe(record, cache_key="ab" * 32, figures={"total_cost": 30.0})
    assert json.loads(about.read_text()) == json.loads(DESCRIPTION.read_text())


def test_a_description_of_before_figures_will_do(described):
    about = described.with_name(f"{described.name}.about.json")
    values = json.loads(about.read_text())
    del values["figures"], values["cache_key"]
    about.write_text(json.dumps(values))
    assert ExportFolder(described.parent).figures(str(described)) == {}


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"kind": "file"}'])
def test_a_damaged_description_tells_nothing(described, text):
    described.with_name(f"{described.name}.about.json").write_text(text)
    folder = ExportFolder(described.parent)
    assert not folder.prepare()
    assert not described.exists()

"""What was to be removed is nowhere in a file: no cell, no heading, no metadata, no warning."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.med_exporter.engine.formats import FORMATS
from custom_components.med_exporter.engine.job import (
    CustomField,
    GivenTable,
    JobDevice,
    MeteringPoint,
    Privacy,
)
from custom_components.med_exporter.engine.privacy import Mask
from custom_components.med_exporter.engine.pseudonyms import Pseudonyms
from custom_components.med_exporter.engine.readings.fields import Kind
from custom_components.med_exporter.engine.rows.content import (
    Chart,
    ChartKind,
    Content,
    Figure,
    Series,
)
from custom_components.med_exporter.engine.rows.tables import Column, Holds, Table

from .conftest import at

KEY = "00112233445566778899aabbccddeeff"
WHEN = "2026-01-10T00:00:00Z"
START = at("2026-01-10 00:00")
ALL = (
    "anonymize_ip_addresses",
    "exclude_user_data",
    "hash_device_identifiers",
    "remove_location_data",
)

ADDRESSES = ("203.0.113.77", "203.0.113.78:9997", "fd00::beef:77", "Plug-Host.Example")
IDS = (
    "d3v1ce1dzzz",
    "d3v1ce2dyyy",
    "50C7BF00AA77",
    "50:c7:bf:00:aa:78",
    "50c7bf00aa77_childqq",
    "PDL-77-Q",
)
NAMES = ("Zorglub's Fridge", "Quenottes, «été» 🧊", "Villa Xanadu")
ENTITIES = ("sensor.zorglub_power", "sensor.quenottes_power", "villa_xanadu_slug")
USERS = ("Ermintrude", "us3r1dxxx")
PLACES = ("Europe/Paris", "Attic of Wonders", "48.8584")

DEVICES = (
    JobDevice(
        device_id=IDS[0],
        device_name=NAMES[0],
        device_ip=ADDRESSES[0],
        mac=IDS[2],
        plug_id=IDS[4],
        metering_point=ENTITIES[2],
        entities={"power_w": ENTITIES[0]},
    ),
    JobDevice(
        device_id=IDS[1],
        device_name=NAMES[1],
        device_ip=ADDRESSES[1],
        mac=IDS[3],
        entities={"power_w": ENTITIES[1]},
    ),
)
POINTS = (MeteringPoint(slug=ENTITIES[2], pdl=IDS[5], name=NAMES[2]),)
REMARK = (
    f"{USERS[0]} ({USERS[1]}) at {ADDRESSES[2]} moved {NAMES[0]} ({IDS[0]}, {IDS[3]}) "
    f"of {NAMES[2]}/{IDS[5]}, {ADDRESSES[1]}, from {PLACES[1]}, {PLACES[2]} to {NAMES[1]}; "
    f"{ADDRESSES[3]}, {ADDRESSES[0]}, {IDS[4]}, {IDS[1]}, {IDS[2]}, {', '.join(ENTITIES)}: "
    f"{PLACES[0]}"
)
WARNING = {"code": "NO_READINGS", "message": REMARK, "start": WHEN, "end": WHEN, "count": 1}
CELLS = {
    Holds.ADDRESS: (ADDRESSES[2], ADDRESSES[3], None),
    Holds.DEVICE_ID: (IDS[2], IDS[5], IDS[0]),
    Holds.DEVICE_NAME: (NAMES[0], NAMES[1], None),
    Holds.POINT_NAME: (NAMES[2], None, None),
    Holds.USER: (*USERS, None),
    Holds.LOCATION: PLACES,
    Holds.TEXT: (REMARK, None, NAMES[1]),
}
COLUMNS = tuple(Column(holds.value, Kind.TEXT, holds=holds) for holds in CELLS)
FORMULA = (
    f"CASE WHEN device_name = '{NAMES[0].replace("'", "''")}' THEN 'it''s {NAMES[1]}'"
    " ELSE device_id END"
)
ROWS = tuple(zip(*CELLS.values(), strict=True))
METADATA = {
    "export_type": "device_data",
    "start": "2026-01-10T00:00:00+01:00",
    "timezone": PLACES[0],
    "devices": [*IDS, *NAMES, *ADDRESSES],
    "requested_by": USERS[0],
    "remark": {"of": [REMARK]},
}


@pytest.fixture
def job(exports):
    def job_with(file_format: str = "json", *options: str, **changes):
        return exports.job(
            format=file_format,
            devices=DEVICES,
            points=POINTS,
            timezone=PLACES[0],
            fields=("timestamp", "device_id", "device_ip", "device_name", "power_w", "who"),
            custom_fields=(CustomField(name="who", formula=FORMULA, unit=NAMES[0]),),
            metadata=METADATA,
            privacy=Privacy(**dict.fromkeys(options, True), key=KEY),
            given=(GivenTable(name="remarks", columns=COLUMNS, rows=ROWS),),
            **changes,
        )

    return job_with


def everything(data: bytes, folder: Path) -> str:
    """Return all text of a file of any format: what containers hold, what streams unpack to."""
    found = [data]
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = [*map(archive.read, archive.namelist()), "".join(archive.namelist()).encode()]
    elif data.startswith(b"%PDF"):
        if shutil.which("pdftotext") is None:
            pytest.skip("pdftotext is not installed")
        path = folder / "seen.pdf"
        path.write_bytes(data)
        for command in (["pdftotext", "-raw", str(path), "-"], ["pdfinfo", str(path)]):
            found.append(subprocess.run(command, capture_output=True, check=True).stdout)
        for stream in re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL):
            try:
                found.append(zlib.decompress(stream))
            except zlib.error:
                continue
    text = b"\n".join(found).decode("utf-8", "ignore")
    # Escapes of JSON, XML and CSV, and lines that a page breaks.
    for written, meant in (("&apos;", "'"), ("&#39;", "'"), ("&amp;", "&"), ("\n", " ")):
        text = text.replace(written, meant)
    return text.casefold()


def content_of(job) -> Content:
    """Return content with every door through which a name may come."""
    rows = [list(cells) for cells in CELLS.values()]
    (given_table,) = job.given
    return Content(
        tables=[
            Table("read", COLUMNS, 3, iter([rows]), warnings=[WARNING]),
            Table(
                given_table.name,
                given_table.columns,
                3,
                iter([[list(cells) for cells in zip(*given_table.rows, strict=True)]]),
            ),
        ],
        warnings=[WARNING],
        figures=[Figure(name="total", value=REMARK)],
        charts=[
            Chart(
                kind=ChartKind.BAR,
                title=REMARK,
                unit="kWh",
                decimals=1,
                categories=[NAMES[0], "Monday"],
                series=[Series(NAMES[1], [1.0, 2.0])],
            )
        ],
    )


@pytest.mark.parametrize("file_format", FORMATS)
def test_nothing_that_was_to_be_removed_is_in_a_file(job, exports, recorder, tmp_path, file_format):
    recorder.add(ENTITIES[0], [(START + 60 * n, n) for n in range(3)])
    wanted = job(file_format, *ALL)
    result = exports.run(wanted)
    assert result.records == 3
    shown = everything(Path(wanted.path).read_bytes(), tmp_path) + json.dumps(result.to_json())
    assert "device-1" in shown
    for planted in (*ADDRESSES, *IDS, *NAMES, *ENTITIES, *USERS, *PLACES):
        assert planted.casefold() not in shown


@pytest.mark.parametrize("file_format", FORMATS)
def test_nothing_is_left_in_tables_figures_charts_and_warnings(job, tmp_path, file_format):
    mask = Mask(job(file_format, *ALL))
    masked = mask.job()
    content = mask.content(content_of(masked))
    warnings = [warning for table in content.tables for warning in table.warnings]
    warnings += content.warnings
    stream = io.BytesIO()
    metadata = {**masked.metadata, "record_count": 6, "warnings": warnings}
    FORMATS[file_format].writer().write(content, stream, masked, metadata)
    shown = everything(stream.getvalue(), tmp_path) + json.dumps(metadata)
    for planted in (*ADDRESSES, *IDS, *NAMES, *ENTITIES, *USERS, *PLACES):
        assert planted.casefold() not in shown


@pytest.mark.parametrize(
    ("option", "removed", "kept"),
    [
        ("anonymize_ip_addresses", ADDRESSES, (*IDS, *NAMES, *USERS, *PLACES)),
        ("exclude_user_data", (*USERS, *NAMES, *ENTITIES), (*ADDRESSES, *IDS, *PLACES)),
        ("hash_device_identifiers", (*IDS, *NAMES, *ENTITIES), (*ADDRESSES, *USERS, *PLACES)),
        ("remove_location_data", (*PLACES, *NAMES, *ENTITIES), (*ADDRESSES, *IDS, *USERS)),
    ],
)
def test_each_option_removes_its_own_and_keeps_the_rest(job, tmp_path, option, removed, kept):
    mask = Mask(job("json", option))
    masked = mask.job()
    content = mask.content(content_of(masked))
    stream = io.BytesIO()
    FORMATS["json"].writer().write(content, stream, masked, masked.metadata)
    shown = everything(stream.getvalue(), tmp_path)
    assert [value for value in removed if value.casefold() in shown] == []
    assert [value for value in kept if value.casefold() not in shown] == []


def test_without_options_nothing_changes(job):
    plain = job()
    mask = Mask(plain)
    assert mask.job() is plain
    content = content_of(plain)
    assert mask.content(content) is content
    assert content.figures[0].value == REMARK


def test_the_same_value_has_the_same_pseudonym_in_every_file_of_one_key(job):
    files = [Pseudonyms(job("json", *ALL)) for _ in range(2)]
    others = Pseudonyms(
        replace(job("json", *ALL), privacy=Privacy(**dict.fromkeys(ALL, True), key="ff" * 16))
    )
    for holds, value in ((Holds.ADDRESS, ADDRESSES[0]), (Holds.DEVICE_ID, IDS[5])):
        first, second = (shown.value(holds, value) for shown in files)
        assert first == second != others.value(holds, value)
    assert re.fullmatch(r"address-[0-9a-f]{10}", files[0].value(Holds.ADDRESS, ADDRESSES[0]))
    assert re.fullmatch(r"[0-9a-f]{16}", files[0].value(Holds.DEVICE_ID, IDS[0]))


def test_one_device_is_called_the_same_everywhere(job):
    wanted = job("json", *ALL)
    shown, masked = Pseudonyms(wanted), Mask(wanted).job()
    assert [device.device_name for device in masked.devices] == ["device-1", "device-2"]
    assert masked.points[0].name == "metering-point-1"
    assert shown.value(Holds.DEVICE_NAME, NAMES[1]) == "device-2"
    assert shown.value(Holds.DEVICE_NAME, "Another") == "device-3"
    assert shown.text(f"see {NAMES[0].upper()}.") == "see device-1."
    assert shown.value(Holds.DEVICE_ID, IDS[2]) == shown.value(Holds.DEVICE_ID, "50:C7:bf:00-AA:77")
    assert masked.devices[0].mac == shown.value(Holds.DEVICE_ID, IDS[2])
    assert shown.value(Holds.ADDRESS, "FD00::beef:77") == shown.value(
        Holds.ADDRESS, "fd00:0::beef:77"
    )


def test_a_formula_still_finds_its_device(job, exports, recorder):
    recorder.add(ENTITIES[0], [(START, 1)])
    recorder.add(ENTITIES[1], [(START, 1)])
    wanted = job("json", *ALL)
    exports.run(wanted)
    rows = json.loads(Path(wanted.path).read_text())["data"]
    assert [row["who"] for row in rows] == ["it's device-2", rows[1]["device_id"]]


def test_offsets_stay_where_the_zone_is_removed(job, exports, recorder):
    recorder.add(ENTITIES[0], [(START, 1)])
    wanted = job("json", "remove_location_data")
    exports.run(wanted)
    file = json.loads(Path(wanted.path).read_text())
    assert "timezone" not in file["metadata"]
    assert file["data"][0]["timestamp"] == "2026-01-10T01:00:00+01:00"


@given(
    name=st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=4),
    around=st.tuples(*[st.sampled_from(("", " ", ", ", "(", "'", "\n", "/"))] * 2),
)
@settings(max_examples=200, deadline=None)
def test_a_name_of_any_script_is_found_in_a_text(name, around):
    name = f"q{name.strip()}q"
    job = _smallest(name)
    text = Pseudonyms(job).text(around[0] + name + around[1])
    assert name not in text
    assert "device-1" in text


def _smallest(name: str):
    from custom_components.med_exporter.engine.job import Job  # noqa: PLC0415

    return Job(
        export_type="device_data",
        format="json",
        devices=(JobDevice(device_id="id", device_name=name, entities={}),),
        start=0.0,
        end=1.0,
        timezone="UTC",
        aggregation="raw",
        fields=("timestamp",),
        privacy=Privacy(exclude_user_data=True, key=KEY),
    )

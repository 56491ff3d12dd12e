"""The engine as a process that makes previews: a line in, a line out."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from custom_components.med_exporter.engine.codec import to_json

from ..conftest import FRIDGE, at
from .test_worker import WORKER

START = at("2025-01-10 00:00")


def answers(*lines: object) -> tuple[list[dict], int, str]:
    """Hand lines to a previewer and return what it says, its exit status and standard error."""
    done = subprocess.run(
        [sys.executable, "-I", WORKER, "previewer"],
        input=b"".join(json.dumps(line).encode() + b"\n" for line in lines),
        capture_output=True,
        check=False,
        timeout=60,
    )
    said = [json.loads(line) for line in done.stdout.splitlines()]
    return said, done.returncode, done.stderr.decode()


def test_each_question_gets_its_answer_also_after_one_that_fails(recorder, exports):
    recorder.add(FRIDGE.entities["power_w"], [(START + n, n) for n in range(100)])
    job = to_json(exports.job(path="", start=START, end=START + 100))
    said, status, errors = answers(
        {"database_url": exports.recorder.url, "sys_path": sys.path},
        {"job": job, "limit": 3},
        {"job": {}, "limit": 3},
        {"limit": 3},
        {"job": job, "limit": 1},
    )
    assert (status, errors) == (0, "")
    first, no_job, no_key, last = said
    assert [row["power_w"] for row in first["preview"]["rows"]] == [0, 1, 2]
    assert no_job["error"]["code"] == no_key["error"]["code"] == "INVALID_JOB"
    assert len(last["preview"]["rows"]) == 1


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ([], "INVALID_JOB"),
        ({"database_url": "", "sys_path": []}, "INVALID_JOB"),
        ({"database_url": "no such thing", "sys_path": sys.path}, "DATABASE_ERROR"),
    ],
)
def test_a_beginning_that_is_no_good_ends_it(first, code):
    said, status, _ = answers(first)
    assert (said[0]["error"]["code"], status) == (code, 1)


def test_a_password_is_not_told(exports):
    job = to_json(exports.job(path="", start=START, end=START + 100))
    url = "postgresql://house:geheim@127.0.0.1:1/home"
    said, _, errors = answers({"database_url": url, "sys_path": sys.path}, {"job": job, "limit": 1})
    assert said[0]["error"]["code"] == "DATABASE_ERROR"
    assert "geheim" not in json.dumps(said) + errors

"""No way of writing a secret gets past."""

from __future__ import annotations

import html
import json
from base64 import b64encode
from urllib.parse import quote, quote_plus

import pytest

from custom_components.med_exporter.destinations.redaction import without_secrets

SECRET = 'p/ä ss"w<örd>+&=\\'


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote(SECRET, safe="").lower(),
        quote_plus(SECRET),
        html.escape(SECRET),
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        json.dumps(SECRET)[1:-1].replace("/", "\\/"),
        b64encode(SECRET.encode()).decode(),
    ],
)
def test_a_secret_is_taken_out_however_it_is_written(written: str) -> None:
    text = without_secrets(f"You sent {written}, twice {written}.", SECRET)
    assert text.replace("=", "") == "You sent ***, twice ***."


def test_one_secret_may_begin_another() -> None:
    assert without_secrets("key and keyhole", "key", "keyhole") == "*** and ***"


@pytest.mark.parametrize("secret", [None, ""])
def test_without_secrets_nothing_changes(secret: str | None) -> None:
    assert without_secrets("All is said.", secret) == "All is said."

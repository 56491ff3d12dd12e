"""The cipher."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from kasa.transports.xortransport import XorEncryption

from tests.plug_emulator.cipher import decrypt, encrypt


@given(st.text())
def test_is_the_one_of_the_library(text: str) -> None:
    assert encrypt(text.encode()) == XorEncryption.encrypt(text)[4:]


@given(st.binary())
def test_undoes_itself(plain: bytes) -> None:
    assert decrypt(encrypt(plain)) == plain

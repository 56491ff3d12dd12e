"""A message goes over the line piece by piece, as it is, and no server holds anybody up."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress

import pytest
from homeassistant.util.ssl import client_context

from custom_components.med_exporter.delivery import mail
from custom_components.med_exporter.delivery.errors import DeliveryError
from custom_components.med_exporter.delivery.message import compose
from tests.mail_server import PASSWORD, SENDER, USER, mail_server

TO = ["me@example.com"]
LARGEST_PIECE = 100_000


def account(port, **changes):
    known = {"security": mail.Security.NONE, "username": USER, "password": PASSWORD, **changes}
    return mail.Account(host="127.0.0.1", port=port, sender=SENDER, **known)


def message(body="Here it is.", attachment=None):
    return compose(
        sender=SENDER,
        recipients=TO,
        subject="A file",
        body=body,
        message_id="1",
        attachment=attachment,
    )


@pytest.mark.parametrize("size", [0, 1, 56, 57, 58, 57_000, 57_001, 5_000_000])
async def test_a_file_arrives_as_it_is_however_large(hass, server, tmp_path, size):
    file = tmp_path / "costs.pdf"
    file.write_bytes(os.urandom(size))
    sent = message(attachment=file)
    pieces = list(sent.pieces())
    assert sum(map(len, pieces)) == sent.size
    assert max(map(len, pieces)) < LARGEST_PIECE
    assert await mail.async_send(hass, account(server.port), sent, TO) == {}
    (arrived,) = server.inbox
    (attached,) = arrived.iter_attachments()
    assert attached.get_content() == file.read_bytes()
    assert attached.get_filename() == "costs.pdf"
    assert arrived.get_body().get_content().strip() == "Here it is."


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_file_arrives_over_tls(hass, authority, tmp_path, security):
    file = tmp_path / "costs.pdf"
    file.write_bytes(os.urandom(1_000_000))
    client_context().load_verify_locations(cadata=authority.pem)
    with mail_server(security=security, authority=authority) as server:
        known = account(server.port, security=mail.Security(security))
        assert await mail.async_send(hass, known, message(attachment=file), TO) == {}
    (attached,) = server.inbox[0].iter_attachments()
    assert attached.get_content() == file.read_bytes()


DOTS = [".", "..", "a\n.\nb\n..\n.c", "\n.\n\n.\n", ".\r\n" * 50_000]


@pytest.mark.parametrize("body", DOTS, ids=range(len(DOTS)))
async def test_lines_of_dots_end_nothing(hass, server, body):
    assert await mail.async_send(hass, account(server.port), message(body), TO) == {}
    (arrived,) = server.inbox
    assert arrived.get_content().splitlines() == body.splitlines()


async def test_a_file_that_went_meanwhile_is_told(hass, server, tmp_path):
    file = tmp_path / "costs.pdf"
    file.write_bytes(b"x")
    sent = message(attachment=file)
    file.unlink()
    with pytest.raises(FileNotFoundError):
        await mail.async_send(hass, account(server.port), sent, TO)


@pytest.mark.parametrize("silent_at", [b"MAIL", b"RCPT", b"DATA", b"."])
async def test_a_server_that_falls_silent_is_left(hass, monkeypatch, silent_at):
    monkeypatch.setattr(mail, "LONGEST", 0.3)

    async def talk(reader, writer):
        writer.write(b"220 mail\r\n")
        with suppress(OSError):
            while line := await reader.readline():
                if line.startswith(silent_at):
                    await reader.read()
                    break
                in_message = not line.split()[:1] or line.split()[0] not in KNOWN
                writer.write(b"" if in_message else KNOWN[line.split()[0]])
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as silent:
        port = silent.sockets[0].getsockname()[1]
        with pytest.raises(DeliveryError) as error:
            await mail.async_send(hass, account(port, username=None), message(), TO)
    assert error.value.code == "TIMED_OUT"


KNOWN = {
    b"EHLO": b"250 mail\r\n",
    b"MAIL": b"250 OK\r\n",
    b"RCPT": b"250 OK\r\n",
    b"DATA": b"354 go on\r\n",
}

"""A message with a file, which is read and packed while it is sent: no more of it is held."""

from __future__ import annotations

import mimetypes
from base64 import b64encode
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING, Final

from homeassistant.util import dt as dt_util

from ..engine.lazy_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

# Any server takes seven bits.
_POLICY: Final = SMTP_POLICY.clone(cte_type="7bit")
_LINE_BYTES: Final = 57
_LINES: Final = 1_000
_END: Final = b"\r\n"
# What the library packs in the file's place, and what it makes of that.
_PLACE: Final = b"\0\0 the file \0\0"
_PACKED_PLACE: Final = b64encode(_PLACE) + _END


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it goes over the line, its lines ending in CR and LF.

    `before` and `after` stand around the file; `size` is in bytes, the packed file among them.
    """

    before: bytes
    after: bytes
    attachment: Path | None
    size: int

    def pieces(self) -> Iterator[bytes]:
        """Give it piece by piece, each of whole lines. Reads the file: take each in an executor.

        Raises OSError for a file that cannot be read.
        """
        yield self.before
        if self.attachment is not None:
            with self.attachment.open("rb") as file:
                while part := file.read(_LINE_BYTES * _LINES):
                    yield _packed(part)
        yield self.after


def compose(
    *,
    sender: str,
    recipients: Sequence[str],
    subject: str,
    body: str,
    message_id: str,
    attachment: Path | None = None,
) -> Message:
    """Return a message with a plain text and a file. Asks for the file's size: blocks.

    The message carries no name of a machine or a user beside the addresses. `message_id` is the
    same for each try, so that a repeat can be told.

    Raises FileNotFoundError where the file is gone.
    """
    message = EmailMessage(policy=_POLICY)
    message["From"] = sender
    message["To"] = ", ".join(recipients)
    message["Subject"] = " ".join(subject.split())
    message["Date"] = format_datetime(dt_util.now())
    domain = parseaddr(sender)[1].rpartition("@")[2]
    message["Message-ID"] = f"<{message_id}@{domain or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body)
    packed = 0
    if attachment is not None:
        kind, encoding = mimetypes.guess_type(attachment.name)
        if kind is None or encoding is not None:
            kind = "application/gzip" if encoding == "gzip" else "application/octet-stream"
        main, _, sub = kind.partition("/")
        message.add_attachment(_PLACE, maintype=main, subtype=sub, filename=attachment.name)
        packed = _packed_size(attachment.stat().st_size)
    before, _, after = message.as_bytes().partition(_PACKED_PLACE)
    return Message(before, after, attachment, len(before) + packed + len(after))


def _packed(part: bytes) -> bytes:
    lines = (part[at : at + _LINE_BYTES] for at in range(0, len(part), _LINE_BYTES))
    return b"".join(b64encode(line) + _END for line in lines)


def _packed_size(size: int) -> int:
    lines = -(-size // _LINE_BYTES)
    return 4 * -(-size // 3) + lines * len(_END)

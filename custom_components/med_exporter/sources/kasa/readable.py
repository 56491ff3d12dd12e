"""What a plug says, made a text: python-kasa takes no answer with half a character in it.

Firmwares cut names by bytes, so that the last emoji of one is no character any more.
"""

from __future__ import annotations

import base64
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from kasa import DeviceEncryptionType
from kasa.transports import KlapTransport, KlapTransportV2
from kasa.transports.klaptransport import KlapEncryptionSession

if TYPE_CHECKING:
    from kasa import Device, DeviceConfig

_FIRST_KEY: Final = b"\xab"
# One escaped half is no character; two that belong together are. Small letters and large ones are
# named: to ignore their difference takes half a hundredth of a second to compile, at each start.
_ESCAPED: Final = re.compile(
    rb"(\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)


def readable(answer: bytes) -> bytes:
    """Return a JSON text of which every half of a character is U+FFFD."""
    text = answer.decode(errors="replace").encode()
    return _ESCAPED.sub(lambda found: found[1] or rb"\ufffd", text)


def readable_of_old(answer: bytes) -> bytes:
    """Return the encrypted answer of an older plug with a readable text in it."""
    # Each byte was XORed with the encrypted one before it: all of them at once, as one number.
    before = int.from_bytes(_FIRST_KEY + answer[:-1])
    clear = (int.from_bytes(answer) ^ before).to_bytes(len(answer)) if answer else answer
    if (text := readable(clear)) == clear:
        return answer
    encrypted = bytearray(_FIRST_KEY)
    for byte in text:
        encrypted.append(byte ^ encrypted[-1])
    return bytes(encrypted[1:])


def klap_transport(config: DeviceConfig) -> KlapTransport | None:
    """Return the transport of a plug that tells its name as it is over HTTP; None for others."""
    kind = config.connection_type
    if kind.encryption_type is not DeviceEncryptionType.Klap:
        return None
    return (_KlapV2 if (kind.login_version or 0) > 1 else _Klap)(config=config)


def make_name_readable(device: Device) -> None:
    """Mend what a newer plug or socket is called, told in base64, in what was read of it."""
    info = device.sys_info
    with suppress(KeyError, TypeError, ValueError):
        name = base64.b64decode(info["nickname"]).decode(errors="replace")
        info["nickname"] = base64.b64encode(name.encode()).decode()


class _Session(KlapEncryptionSession):
    def decrypt(self, msg: bytes) -> str:
        try:
            text = super().decrypt(msg).encode()
        except UnicodeDecodeError as err:
            text = err.object
        return readable(text).decode()


class _Klap(KlapTransport):
    async def perform_handshake2(self, *agreed: Any) -> KlapEncryptionSession:  # noqa: ANN401
        await super().perform_handshake2(*agreed)
        return _Session(*agreed)


class _KlapV2(_Klap, KlapTransportV2):
    pass

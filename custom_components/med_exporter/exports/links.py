"""Download links that need no login: signed, for one export's file, for a limited time."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from homeassistant.helpers.network import NoURLAvailableError, get_url
from homeassistant.helpers.storage import STORAGE_DIR

from ..const import DOMAIN
from ..errors import ExportExpiredError

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

DEFAULT_LIFETIME: Final = timedelta(hours=1)
DOWNLOAD_PATH: Final = "/api/exports/download/{export_id}"
PARAM_EXPIRES: Final = "expires"
PARAM_SIGNATURE: Final = "signature"

_KEY_FILE: Final = f"{DOMAIN}.links.key"
_KEY_BYTES: Final = 32


class LinkSigner:
    """Make and check signed download links.

    Home Assistant's own signed paths die at a restart, as their secret is held in memory. This
    key stands in a file of its own in Home Assistant's storage, readable by its owner only.
    """

    def __init__(self, hass: HomeAssistant, key: bytes) -> None:
        self._hass = hass
        self._key = key

    @classmethod
    async def async_open(cls, hass: HomeAssistant) -> LinkSigner:
        """Return the signer of this installation, with a new key where there is none."""
        path = Path(hass.config.path(STORAGE_DIR, _KEY_FILE))
        return cls(hass, await hass.async_add_executor_job(_load_key, path))

    def link(self, export_id: str, lifetime: timedelta = DEFAULT_LIFETIME) -> str:
        """Return a link to an export's file.

        It begins with Home Assistant's own address, where Home Assistant knows one, and is a
        path below it otherwise.
        """
        expires = int(time.time() + lifetime.total_seconds())
        path = DOWNLOAD_PATH.format(export_id=export_id)
        path += f"?{PARAM_EXPIRES}={expires}&{PARAM_SIGNATURE}={self._sign(export_id, expires)}"
        return self.absolute(path)

    def absolute(self, path: str) -> str:
        """Return a path behind Home Assistant's own address, as it is where none is known."""
        try:
            return get_url(self._hass, prefer_external=True) + path
        except NoURLAvailableError:
            return path

    def is_valid(self, export_id: str, expires: str | None, signature: str | None) -> bool:
        """Return whether a link's parameters were signed here for this export.

        Raises ExportExpiredError where they were, and hold no longer: an old mail is no attack.
        """
        if expires is None or signature is None:
            return False
        # Only what `link` itself writes is looked at: no signs, blanks or other scripts' digits.
        if not (expires.isascii() and expires.isdecimal() and len(expires) <= 12):
            return False
        if not hmac.compare_digest(
            self._sign(export_id, int(expires)).encode(), signature.encode("utf-8", "replace")
        ):
            return False
        if time.time() >= int(expires):
            raise ExportExpiredError(export_id)
        return True

    def privacy_key(self) -> str:
        """Return the key behind the pseudonyms in files, in hexadecimal.

        It comes from the links' key, and neither tells the other.
        """
        return hmac.new(self._key, b"privacy", hashlib.sha256).hexdigest()

    def _sign(self, export_id: str, expires: int) -> str:
        message = f"{export_id}\n{expires}".encode("utf-8", "replace")
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()


def _load_key(path: Path) -> bytes:
    """Read the key, or make one where it is missing or cut short (links made before then die)."""
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        key = b""
    if len(key) == _KEY_BYTES:
        return key
    key = secrets.token_bytes(_KEY_BYTES)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key)
        os.fsync(file.fileno())
    part.replace(path)
    return key

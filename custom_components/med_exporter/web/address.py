"""The check of the addresses that users type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from yarl import URL

if TYPE_CHECKING:
    from collections.abc import Collection

_LONGEST_HOST: Final = 253
_FORBIDDEN: Final = frozenset("<>\"'`")


class InvalidUrlError(ValueError):
    """An address that cannot be used; `code` is the key of the error below `config.error`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def is_host(name: str) -> bool:
    """Return whether a host can have this name: nothing that looks it up breaks on it."""
    try:
        # As the resolver takes it, and as the client shows it.
        name.encode("idna")
        return bool(URL.build(scheme="http", host=name).host) and len(name) <= _LONGEST_HOST
    except ValueError:
        return False


def check_url(url: str, schemes: Collection[str], *, allow_path: bool = True) -> None:
    """Raise InvalidUrlError for anything but an address with one of the schemes and a host.

    The rule is that of the source document: no `< > " '`, and no credentials inside, which have
    fields of their own. Without `allow_path` nothing may follow the port.
    """
    if any(char in _FORBIDDEN or char.isspace() or not char.isprintable() for char in url):
        raise InvalidUrlError("url_characters")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidUrlError("url_port" if url.count(":") > 1 else "url_host") from None
    if parts.scheme not in schemes or "://" not in url:
        raise InvalidUrlError("url_scheme")
    if "@" in parts.netloc:
        raise InvalidUrlError("url_credentials")
    if not parts.hostname:
        raise InvalidUrlError("url_host")
    if not is_host(parts.hostname):
        raise InvalidUrlError("url_host_name")
    if port == 0:
        raise InvalidUrlError("url_port")
    if not allow_path and (parts.path not in {"", "/"} or parts.query or parts.fragment):
        raise InvalidUrlError("url_path")

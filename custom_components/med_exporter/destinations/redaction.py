"""Takes secrets out of what a server says, since some repeat what they were sent."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterator

_REDACTED: Final = "***"


def without_secrets(text: str, *secrets: str | None) -> str:
    """Return a server's words without secrets, in whatever way it has written them.

    Plain, percent-encoded, escaped for JSON or HTML, and base64 are known.
    """
    forms = {form for secret in secrets if secret for form in _forms(secret)}
    if not forms:
        return text
    # The longest first, since one may begin another.
    pattern = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    return re.sub(pattern, _REDACTED, text, flags=re.IGNORECASE)


def _forms(secret: str) -> Iterator[str]:
    encoded = secret.encode()
    yield secret
    yield quote(secret)
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield html.escape(secret)
    for is_ascii in (True, False):
        escaped = json.dumps(secret, ensure_ascii=is_ascii)[1:-1]
        yield escaped
        yield escaped.replace("/", "\\/")
    yield b64encode(encoded).decode().rstrip("=")
    yield urlsafe_b64encode(encoded).decode().rstrip("=")

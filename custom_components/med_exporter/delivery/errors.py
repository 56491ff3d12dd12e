"""Why a file could not be delivered."""

from __future__ import annotations

from typing import Final

from ..errors import MedError

# Another try would meet the same: somebody has to change something first.
_LASTING: Final = frozenset(
    {
        "ACCOUNT_GONE",
        "EXPORT_EXPIRED",
        "FOLDER_NOT_ALLOWED",
        "GROWING_TEMPLATE",
        "HEAVY_TEMPLATE",
        "INVALID_TEMPLATE",
        "MESSAGE_TOO_LARGE",
        "NO_ADDRESS",
        "RECIPIENT_REFUSED",
        "SENDER_REFUSED",
    }
)


class DeliveryError(MedError):
    """A file that did not reach its reader.

    `code` names the mistake in capitals, such as `WRONG_PASSWORD`; the message is
    `exceptions.delivery_wrong_password` of the translations. `field` is the field of the account's
    flow that is at fault, where one is.
    """

    def __init__(self, code: str, *, field: str | None = None, **placeholders: object) -> None:
        super().__init__(code.upper(), f"delivery_{code}", field=field, **placeholders)

    @property
    def is_lasting(self) -> bool:
        """Return whether another try would fail likewise."""
        return self.code in _LASTING

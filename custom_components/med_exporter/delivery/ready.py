"""What the house knows of mail accounts before one is set up."""

from __future__ import annotations

from typing import Final

from homeassistant.const import CONF_PASSWORD

from ..const import DOMAIN

SECRETS: Final = frozenset({CONF_PASSWORD})
"""The fields of an account that are stored encrypted, and shown to nobody."""

SIGNAL_ACCOUNT_READY: Final = f"{DOMAIN}_account_ready"
"""Sent with the id of its entry when an account has been set up, perhaps with a new password."""

"""Accounts that files are mailed from."""

from __future__ import annotations

from typing import Final

from ..const import EntryType
from ..delivery.account import SECRETS, async_setup_account
from ..entries.kind import EntryKind
from .dialogs import dialogs

EMAIL: Final = EntryKind(
    type=EntryType.EMAIL.value,
    async_setup=async_setup_account,
    steps=dialogs("email", "EmailSteps"),
    secrets=SECRETS,
)

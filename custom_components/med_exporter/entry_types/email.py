"""Accounts that files are mailed from."""

from __future__ import annotations

from typing import Final

from ..const import EntryType
from ..delivery.ready import SECRETS
from ..entries.kind import EntryKind
from ..later import later
from .dialogs import dialogs

EMAIL: Final = EntryKind(
    type=EntryType.EMAIL.value,
    async_setup=later(__package__.rpartition(".")[0], "delivery.account", "async_setup_account"),
    steps=dialogs("email", "EmailSteps"),
    secrets=SECRETS,
)

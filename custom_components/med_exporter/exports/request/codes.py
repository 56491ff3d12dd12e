"""Why a part of a request is refused, beside those of `object_reader`."""

from __future__ import annotations

from typing import Final

NOT_SUPPORTED: Final = "NOT_SUPPORTED"
NOT_APPLICABLE: Final = "NOT_APPLICABLE"
UNKNOWN_FIELD: Final = "UNKNOWN_FIELD"
INVALID_FORMULA: Final = "INVALID_FORMULA"

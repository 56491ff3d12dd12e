"""Why a run ended as it did, in the language of the house."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..texts import text_of
from .records import ERROR_INTERRUPTED, ExportKind

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

    from ..errors import MedError
    from .records import ExportRecord


def noted(err: MedError) -> dict[str, Any]:
    """Return what a record says of an error, so that it can be told in any language."""
    return {
        "code": err.code,
        "message": str(err),
        "key": err.key,
        "placeholders": dict(err.translation_placeholders or {}),
    }


def reason_of(hass: HomeAssistant, record: ExportRecord) -> str | None:
    """Return why a run failed; None for one that did not."""
    if record.error_code is None:
        return None
    if record.error_code == ERROR_INTERRUPTED:
        key = "push_interrupted" if record.kind is ExportKind.PUSH else "file_interrupted"
        return text_of(hass, key, {}) or record.error_message
    for failure in record.warnings:
        if failure.get("message") == record.error_message and "key" in failure:
            text = text_of(hass, failure["key"], failure["placeholders"])
            return text or record.error_message
    if record.kind is ExportKind.FILE:
        said = {"reason": record.error_message or record.error_code}
        text = text_of(hass, f"file_{record.error_code.lower()}", said)
        return text or said["reason"]
    return record.error_message or record.error_code

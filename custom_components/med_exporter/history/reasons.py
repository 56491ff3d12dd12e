"""Why a run ended as it did, in the language of the house."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..errors import ExportFailedError
from ..texts import text_of
from .records import ExportKind

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant
    from homeassistant.exceptions import HomeAssistantError

    from ..errors import MedError
    from .records import ExportRecord

_MADE_OF: Final = frozenset({"key", "placeholders"})
"""What a record keeps of an error beside what it says, so that it can be said in any language."""


def noted(err: MedError) -> dict[str, Any]:
    """Return what a record says of an error, so that it can be told in any language."""
    return noted_as(err.code, err)


def noted_as(code: str, err: HomeAssistantError) -> dict[str, Any]:
    """Return the same of an error that has no code, or is known under another one."""
    return {
        "code": code,
        "message": str(err),
        "key": err.translation_key,
        "placeholders": dict(err.translation_placeholders or {}),
    }


def warnings_of(record: ExportRecord) -> list[dict[str, Any]]:
    """Return what a run warns of, for programs: codes and English, without what words are made of.

    Each has `code` and `message`, and where it is known what it is about: `data`, `pdl`, `start`,
    `end`, `count`.
    """
    return [_told(one) for one in record.warnings]


def warnings_beside_reason(record: ExportRecord) -> list[dict[str, Any]]:
    """Return what a run warns of beside why it failed, for programs: as `warnings_of`."""
    return [_told(one) for one in record.warnings if not _is_reason(record, one)]


def remarks_of(hass: HomeAssistant, record: ExportRecord) -> list[dict[str, Any]]:
    """Return what a run warns of beside why it failed, for people: as `warnings_of`."""
    return [
        {**_told(one), "message": _in_words(hass, one) or one.get("message")}
        for one in record.warnings
        if not _is_reason(record, one)
    ]


def reason_of(hass: HomeAssistant, record: ExportRecord) -> str | None:
    """Return why a run failed; None for one that did not."""
    if record.error_code is None:
        return None
    key, placeholders = _words_of(record)
    return text_of(hass, key, placeholders) or record.error_message or record.error_code


def failure_of(hass: HomeAssistant, record: ExportRecord) -> ExportFailedError:
    """Return why a run failed as the error of whoever has waited for it.

    It has words, and no text, so that everybody reads it in a language of his own.
    """
    code = record.error_code or record.status.value.upper()
    key, placeholders = _words_of(record)
    if text_of(hass, key, placeholders) is None:
        return ExportFailedError(code, reason=record.error_message or code)
    return ExportFailedError(code, key, **placeholders)


def _words_of(record: ExportRecord) -> tuple[str, dict[str, Any]]:
    """Return the key and placeholders of why a run failed; not every code has words."""
    for failure in record.warnings:
        if _is_reason(record, failure) and "key" in failure:
            return failure["key"], failure["placeholders"]
    code = record.error_code or record.status.value
    prefix = "push" if record.kind is ExportKind.PUSH else "file"
    return f"{prefix}_{code.lower()}", {"reason": record.error_message or code}


def _told(warning: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in warning.items() if name not in _MADE_OF}


def _is_reason(record: ExportRecord, warning: dict[str, Any]) -> bool:
    """Tell whether it is noted so that why a run failed can be said in any language."""
    return record.error_code is not None and warning.get("message") == record.error_message


def _in_words(hass: HomeAssistant, failure: dict[str, Any]) -> str | None:
    return text_of(hass, failure["key"], failure["placeholders"]) if "key" in failure else None

"""What callers are told: errors with a code for programs and a translated message for people."""

from __future__ import annotations

from typing import Final, Self

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .const import DOMAIN
from .engine.outside import clean

INVALID_DATE_RANGE: Final = "INVALID_DATE_RANGE"
# A list of the names that are known, say.
_LONGEST: Final = 2_000


class MedError(HomeAssistantError):
    """An error that goes back to the caller of an action or of the HTTP API.

    `code` is the machine-readable `error_code`, `field` the part of the request that is at fault,
    dotted (`date_range.start`), where one is. The message is `exceptions.{key}` of the
    translations; its placeholders are `field` and those given here. `str()` is the English one.
    """

    def __init__(
        self, code: str, key: str, *, field: str | None = None, **placeholders: object
    ) -> None:
        # Here, so that nothing that is said to anybody can carry what a server or a user made up.
        texts = {name: clean(str(value), _LONGEST) for name, value in placeholders.items()}
        if field is not None:
            texts["field"] = field
        super().__init__(
            translation_domain=DOMAIN, translation_key=key, translation_placeholders=texts
        )
        self.code = code
        self.key = key
        self.field = field
        self._placeholders = placeholders

    def at(self, field: str) -> Self:
        """Return the same error at a field of another name, for a door that has its own names."""
        moved = type(self).__new__(type(self))
        MedError.__init__(moved, self.code, self.key, field=field, **self._placeholders)
        return moved


class InvalidRequest(MedError, ServiceValidationError):  # noqa: N818
    """The caller's mistake, found before any work starts."""


class ExportNotFoundError(InvalidRequest):
    """No export has this id, or it is another user's, which is told the same way."""

    def __init__(self, export_id: str) -> None:
        super().__init__("EXPORT_NOT_FOUND", "export_not_found", export_id=export_id)


class ExportNotReadyError(InvalidRequest):
    """The export has no file: it is not finished, or ended without one."""

    def __init__(self, export_id: str, status: str) -> None:
        super().__init__("EXPORT_NOT_READY", "export_not_ready", export_id=export_id, status=status)


class ExportExpiredError(InvalidRequest):
    """The export's file has been deleted after its time."""

    def __init__(self, export_id: str) -> None:
        super().__init__("EXPORT_EXPIRED", "export_expired", export_id=export_id)


class ExportFinishedError(InvalidRequest):
    """There is nothing to cancel any more."""

    def __init__(self, export_id: str, status: str) -> None:
        super().__init__("EXPORT_FINISHED", "export_finished", export_id=export_id, status=status)


class TooManyExportsError(InvalidRequest):
    """As many exports of one caller as allowed are running and waiting."""

    def __init__(self, limit: int) -> None:
        key = "too_many_exports" if limit > 1 else "too_many_exports_one"
        super().__init__("TOO_MANY_EXPORTS", key, limit=limit)


class TooManyPreviewsError(InvalidRequest):
    """As many previews of one caller as allowed are being made and waiting."""

    def __init__(self, limit: int) -> None:
        super().__init__("TOO_MANY_EXPORTS", "too_many_previews", limit=limit)


class TooManyFilesError(InvalidRequest):
    """The files of one user take as much of the disk as they may; `share` says how much that is."""

    def __init__(self, share: str) -> None:
        super().__init__("TOO_MANY_FILES", "too_many_files", share=share)


class NotStoredError(MedError):
    """What was asked for cannot be kept: the disk is full, or cannot be written."""

    def __init__(self) -> None:
        super().__init__("NOT_STORED", "not_stored")


class UnknownMeteringPointError(InvalidRequest):
    """No metering point has this id."""

    def __init__(self, pdl: str) -> None:
        super().__init__("UNKNOWN_METERING_POINT", "unknown_metering_point", field="pdl", pdl=pdl)


class NotAllowedError(InvalidRequest):
    """The user lacks the right; `field` names what was asked for, where a field did."""

    def __init__(self, *, field: str | None = None) -> None:
        super().__init__("NOT_ALLOWED", "not_allowed", field=field)


class ExportFailedError(MedError):
    """What a caller waited for failed; `key` are the words that say why."""

    def __init__(
        self,
        code: str,
        key: str = "export_failed",
        *,
        field: str | None = None,
        **placeholders: object,
    ) -> None:
        super().__init__(code, key, field=field, **placeholders)
        # What is at fault is a setting of the destination, which the words may name.
        self.field = None

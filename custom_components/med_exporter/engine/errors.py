"""What can go wrong with an export, as codes that a program can act on."""

from __future__ import annotations

from enum import StrEnum


class ErrorCode(StrEnum):
    """Why an export failed."""

    INVALID_JOB = "INVALID_JOB"
    CANCELLED = "CANCELLED"
    TOO_MANY_RECORDS = "TOO_MANY_RECORDS"
    TOO_MANY_PDF_ROWS = "TOO_MANY_PDF_ROWS"
    FILE_TOO_LARGE = "FILE_TOO_LARGE"
    DISK_FULL = "DISK_FULL"
    FILE_ERROR = "FILE_ERROR"
    DATABASE_ERROR = "DATABASE_ERROR"
    TIMED_OUT = "TIMED_OUT"
    FORMULA_TOO_EXPENSIVE = "FORMULA_TOO_EXPENSIVE"
    INTERNAL_ERROR = "INTERNAL_ERROR"


class ExportError(Exception):
    """An export that could not be made.

    Attributes:
        code: what went wrong, for programs.
        message: what went wrong, for people; holds no secret.

    """

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class InvalidJobError(ExportError):
    """A job that contradicts itself or names something unknown.

    Attributes:
        field: the key of the job that is wrong, dotted for nested ones.

    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(ErrorCode.INVALID_JOB, f"{field}: {message}")
        self.field = field

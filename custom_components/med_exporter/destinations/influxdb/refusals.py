"""What an InfluxDB server of any version refuses: named by its status and its words."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from ...web.answers import parsed
from ..base import DestinationError
from ..databases.server import reason_of
from ..redaction import without_secrets

if TYPE_CHECKING:
    from .place import InfluxPlace

# How servers that take line protocol, but are not InfluxDB, answer its questions.
_NOT_OFFERED: Final = frozenset({HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})
_NOT_OFFERED_WORDS: Final = ("unsupported path", "missing route")


async def reason_in(text: str) -> str:
    """Return what a refusal says."""
    try:
        told = await parsed(text)
    except ValueError:
        return text
    reason = (told.get("error") or told.get("message")) if isinstance(told, dict) else None
    return str(reason or text)


def is_too_old(reason: str) -> bool:
    """Return whether a server says that it keeps nothing as old as some points."""
    words = reason.casefold()
    return "retention policy" in words and ("beyond" in words or "outside" in words)


def is_not_there_yet(reason: str) -> bool:
    """Return whether version 3 says that no point was ever written with this table or tag."""
    words = reason.casefold()
    return ("table" in words and "not found" in words) or "no field named" in words


def named(place: InfluxPlace, status: int, reason: str, path: str) -> DestinationError:
    """Return the error that a refusal is: what was asked at a path, by a status and a reason."""
    words = reason.casefold()
    said = reason_of(status, without_secrets(reason, place.password, place.token))
    if status == HTTPStatus.UNAUTHORIZED:
        return _refused_login(place)
    if status == HTTPStatus.FORBIDDEN:
        return DestinationError(
            "unauthorized",
            variant="influxdb_rights",
            field="username" if place.version == 1 else "token",
            host=place.host,
            name=place.database,
            reason=said,
        )
    if ("not found" in words or "could not find" in words) and (
        unknown := _unknown(place, words)
    ) is not None:
        return unknown
    is_missing = status == HTTPStatus.NOT_FOUND or status in _NOT_OFFERED
    if is_missing or any(word in words for word in _NOT_OFFERED_WORDS):
        return DestinationError(
            "wrong_path", variant="influxdb", field="url", host=place.host, path=path
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return DestinationError("server_error", field="url", host=place.host, status=status)
    return DestinationError(
        "bad_request",
        variant="influxdb",
        field="url",
        host=place.host,
        status=status,
        reason=said,
    )


def _refused_login(place: InfluxPlace) -> DestinationError:
    if place.version != 1:
        return DestinationError("unauthorized", variant="influxdb", field="token", host=place.host)
    if place.username is None:
        return DestinationError("unauthorized", variant="login", field="username", host=place.host)
    return DestinationError("wrong_credentials", field="password", host=place.host)


def _unknown(place: InfluxPlace, words: str) -> DestinationError | None:
    """Name a place where points go that is not there, by the field in which it stands."""
    if "organization" in words:
        kind, name = "organisation", place.organisation
    elif "bucket" in words or "database" in words:
        kind, name = ("bucket" if place.version == 2 else "database"), place.database
    else:
        return None
    return DestinationError(f"unknown_{kind}", field=kind, host=place.host, name=name)

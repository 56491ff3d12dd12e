"""The users whose events an audit log is asked for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ...errors import InvalidRequest
from ...object_reader import INVALID_VALUE, ObjectReader, shown

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

# A user who has been deleted is still in the log.
_USER_ID: Final = re.compile(r"[0-9a-f]{32}")


async def async_read_users(hass: HomeAssistant, request: ObjectReader) -> tuple[str, ...]:
    """Return the ids of `users`, which are named by id, name or login name; empty for all.

    Raises InvalidRequest for a name that nobody has.
    """
    names = request.texts("users")
    if names is None:
        return ()
    by_name: dict[str, list[str]] = {}
    for user in await hass.auth.async_get_users():
        logins = (credential.data.get("username") for credential in user.credentials)
        for name in {user.id, user.name, *logins}:
            if isinstance(name, str):
                by_name.setdefault(name.casefold(), []).append(user.id)
    found: dict[str, None] = {}
    for name in names:
        ids = by_name.get(name.casefold())
        if ids is None and _USER_ID.fullmatch(name):
            ids = [name]
        if ids is None:
            raise InvalidRequest(INVALID_VALUE, "unknown_user", field="users", name=shown(name))
        found.update(dict.fromkeys(ids))
    return tuple(found)

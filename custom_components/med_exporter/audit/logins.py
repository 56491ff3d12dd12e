"""Logins, as Home Assistant shows them: a new token is one, a notification is a failed one.

No event tells of either, and nothing of Home Assistant is patched.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from homeassistant.auth.models import TOKEN_TYPE_SYSTEM
from homeassistant.components import persistent_notification
from homeassistant.components.http.ban import NOTIFICATION_ID_LOGIN
from homeassistant.core import callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..database import DatabaseUnavailableError
from .events import EventType

if TYPE_CHECKING:
    from datetime import datetime

    from homeassistant.auth.models import RefreshToken, User
    from homeassistant.components.persistent_notification import Notification, UpdateType
    from homeassistant.core import CALLBACK_TYPE, HomeAssistant

    from .log import AuditLog

_EVERY: Final = timedelta(seconds=30)
# Longer than a restart takes.
_RECENT: Final = timedelta(hours=1)
_MOST: Final = 10_000
# The notification names the host, and behind it the address in brackets.
_ADDRESS: Final = re.compile(r"\(([0-9a-fA-F:.%]+)\)")


async def async_watch_successes(hass: HomeAssistant, log: AuditLog) -> CALLBACK_TYPE:
    """Record each new login token within half a minute; return what ends this.

    Logins that Home Assistant has met as it stopped or started are found once it runs.
    """
    known = await _async_known(hass, log)

    async def look(_: datetime) -> None:
        nonlocal known
        now = await _async_tokens(hass)
        for token_id, (user, token) in now.items():
            if token_id in known:
                continue
            log.record(
                EventType.LOGIN_SUCCESS,
                user=user,
                subject=token.client_name or token.client_id,
                details={"token_type": token.token_type},
                address=token.last_used_ip,
                time=token.created_at,
            )
        known = frozenset(now)

    return async_track_time_interval(
        hass, look, _EVERY, name=f"{DOMAIN} logins", cancel_on_shutdown=True
    )


@callback
def async_watch_failures(hass: HomeAssistant, log: AuditLog) -> CALLBACK_TYPE:
    """Record each failed login; return what ends this."""
    seen: datetime | None = None

    @callback
    def on_notification(update: UpdateType, notifications: dict[str, Notification]) -> None:
        nonlocal seen
        notification = notifications.get(NOTIFICATION_ID_LOGIN)
        if notification is None or update == persistent_notification.UpdateType.REMOVED:
            return
        if notification["created_at"] == seen:
            return
        seen = notification["created_at"]
        log.record(
            EventType.LOGIN_FAILURE,
            address=_address(notification["message"]),
            time=dt_util.as_utc(seen),
        )

    return persistent_notification.async_register_callback(hass, on_notification)


async def _async_known(hass: HomeAssistant, log: AuditLog) -> frozenset[str]:
    """Return the ids of tokens that need no record: the old ones, and those that have one."""
    since = dt_util.utcnow() - _RECENT
    tokens = await _async_tokens(hass)
    recent = {key for key, (_, token) in tokens.items() if token.created_at >= since}
    if not recent:
        return frozenset(tokens)
    try:
        events, _ = await log.async_list(
            start=since, event_types=[EventType.LOGIN_SUCCESS], limit=_MOST
        )
    except DatabaseUnavailableError:
        return frozenset(tokens)
    recorded = {(event.user_id, event.time) for event in events}
    return frozenset(
        key
        for key, (user, token) in tokens.items()
        if key not in recent or (user.id, token.created_at) in recorded
    )


async def _async_tokens(hass: HomeAssistant) -> dict[str, tuple[User, RefreshToken]]:
    return {
        token.id: (user, token)
        for user in await hass.auth.async_get_users()
        for token in user.refresh_tokens.values()
        if token.token_type != TOKEN_TYPE_SYSTEM
    }


def _address(message: str) -> str | None:
    """Return the last address in brackets of a notification."""
    for found in reversed(_ADDRESS.findall(message)):
        try:
            return str(ipaddress.ip_address(found))
        except ValueError:
            continue
    return None

"""Who may do what with files: one answer for every door.

A caller without a user is an automation or a schedule and has an administrator's rights.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.core import valid_entity_id

from .errors import NotAllowedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from homeassistant.auth.models import User
    from homeassistant.core import Context, HomeAssistant

    from .history.records import ExportRecord
    from .metering.devices import ExportDevice


class Right(Enum):
    """Who may come through a door at all. Every door names one, and asks before it reads anything.

    What there is behind a door for a user is judged by what he asks for.
    """

    LINK = "link"
    """Also without a login, for whoever has a signed link."""
    USER = "user"
    """Whoever is logged in."""
    ADMINISTRATOR = "administrator"
    """Administrators and automations."""


def require(right: Right, user: User | None) -> None:
    """Raise NotAllowedError for a caller who may not come through a door of this right."""
    if right is Right.ADMINISTRATOR:
        require_administrator(user)


async def async_user_of(hass: HomeAssistant, context: Context) -> User | None:
    """Return the user who acts in a context, None for an automation.

    Raises NotAllowedError when the context names a user who no longer exists or is not active.
    """
    if context.user_id is None:
        return None
    user = await hass.auth.async_get_user(context.user_id)
    if user is None or not user.is_active:
        raise NotAllowedError
    return user


def is_administrator(user: User | None) -> bool:
    """Return whether a caller may see everything."""
    return user is None or user.is_admin


def require_administrator(user: User | None) -> None:
    """Raise NotAllowedError for anyone who is not an administrator."""
    if not is_administrator(user):
        raise NotAllowedError


def readable_devices(user: User | None, devices: Iterable[ExportDevice]) -> list[ExportDevice]:
    """Return the devices whose readings the caller may see.

    An export shows all of a device, so each entity that tells of it has to be readable. Statistics
    that are of no entity are for those who may read all entities.
    """
    if user is None or user.is_admin:
        return list(devices)
    permissions = user.permissions

    def may_read(device: ExportDevice) -> bool:
        told_by = {*device.entities.values(), *device.statistic_ids}
        told_by.update(*(one.entities.values() for one in device.former))
        return bool(told_by) and all(
            permissions.check_entity(one, POLICY_READ)
            if valid_entity_id(one)
            else permissions.access_all_entities(POLICY_READ)
            for one in told_by
        )

    return [device for device in devices if may_read(device)]


def readable_points(
    user: User | None, devices: Iterable[ExportDevice], pdls: Iterable[str]
) -> set[str]:
    """Return the metering points (their pdl) whose sums the caller may see.

    A sum tells of all devices: each of them has to be readable, and there has to be one.
    """
    everything = list(devices)
    if is_administrator(user):
        return set(pdls)
    read = {device.device_id for device in readable_devices(user, everything)}
    hidden = {device.pdl for device in everything if device.device_id not in read}
    shown = {device.pdl for device in everything if device.device_id in read}
    return {pdl for pdl in pdls if pdl in shown and pdl not in hidden}


def may_read_entity(user: User | None, entity_id: str) -> bool:
    """Return whether the caller may see what an entity shows."""
    return is_administrator(user) or (
        user is not None and user.permissions.check_entity(entity_id, POLICY_READ)
    )


def may_see(user: User | None, record: ExportRecord) -> bool:
    """Return whether the caller may see, download and delete an export: own ones, or all."""
    return user is None or user.is_admin or record.user_id == user.id

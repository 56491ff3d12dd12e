"""What a request for a file comes to: checked whole, and planned, before its export is queued."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from homeassistant.util import dt as dt_util

from ..engine.lazy_dataclass import dataclass
from ..metering.devices import export_devices
from ..rights import is_administrator
from .caching import cache_key
from .choosing import chosen_devices, require_export_type
from .planning import file_path, house_of, plan_job
from .request import async_read_request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from homeassistant.auth.models import User
    from homeassistant.core import HomeAssistant

    from ..engine.job import GivenTable, Job, Request
    from .files import ExportFolder


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What is to be made.

    Attributes:
        export_id: of the export.
        request: what was asked for, checked.
        job: what it comes to now.
        plan: plans it again, as things are called then.
        cache_key: of a complete export that may stand for it; None for none.

    """

    export_id: str
    request: Request
    job: Job
    plan: Callable[[], Job]
    cache_key: str | None


async def async_ask(
    hass: HomeAssistant,
    request: object,
    user: User | None,
    now: datetime | None,
    *,
    given_tables: Callable[[Request, User | None], Awaitable[tuple[GivenTable, ...]]],
    folder: ExportFolder,
    privacy_key: str,
) -> Asked:
    """Check a request for a caller, and plan its file.

    Args:
        hass: where it is asked for.
        request: as it came.
        user: who asks; None for an automation.
        now: what presets mean by now; the clock's if None.
        given_tables: tells what only Home Assistant's side knows of a checked request.
        folder: where the file is to be.
        privacy_key: hexadecimal, behind pseudonyms.

    Raises InvalidRequest at the first mistake, NotAllowedError for what the caller may not have.

    """
    require_export_type(user, request)
    checked = await async_read_request(hass, request, now=now)
    devices = chosen_devices(hass, checked, user)
    given = await given_tables(checked, user)
    export_id = str(uuid.uuid4())
    path = str(file_path(export_id, checked, folder, house_of(hass, checked, devices)))
    ids = {one.device_id for one in devices}

    def plan() -> Job:
        known = [one for one in export_devices(hass) if one.device_id in ids]
        return plan_job(hass, export_id, checked, known, path, privacy_key, given)

    job = plan_job(hass, export_id, checked, devices, path, privacy_key, given)
    cached_as = None
    if checked.cache_results:
        cached_as = cache_key(job, dt_util.utcnow(), administrator=is_administrator(user))
    return Asked(export_id=export_id, request=checked, job=job, plan=plan, cache_key=cached_as)

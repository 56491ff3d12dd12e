"""One try to hand a file over, by each method. All raise DeliveryError."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol
from homeassistant.const import ATTR_ENTITY_ID, STATE_UNAVAILABLE
from homeassistant.exceptions import HomeAssistantError

from ..database import DatabaseUnavailableError
from ..errors import ExportExpiredError, ExportNotFoundError, ExportNotReadyError
from .account import loaded_account
from .errors import DeliveryError
from .folder import copy_file, free_name, prepare_folder
from .mail import async_send
from .message import compose
from .request import DEFAULT_MAX_ATTACHMENT_MB, NOTIFY, SEND_MESSAGE
from .text import async_subject_and_body

if TYPE_CHECKING:
    from pathlib import Path

    from homeassistant.core import HomeAssistant

    from ..exports.jobs import JobManager
    from .records import Delivery

LINK_LIFETIME: Final = timedelta(days=7)

_MB: Final = 1024 * 1024
_NOTIFY_SECONDS: Final = 60


async def async_file_of(jobs: JobManager, delivery: Delivery) -> Path:
    """Return the file that is to be delivered."""
    try:
        return await jobs.async_file(delivery.export_id, user=None)
    except (ExportExpiredError, ExportNotFoundError, ExportNotReadyError) as err:
        raise DeliveryError("export_expired") from err
    except DatabaseUnavailableError as err:
        raise DeliveryError("history_unavailable") from err


async def async_mail(hass: HomeAssistant, jobs: JobManager, delivery: Delivery) -> None:
    """Mail a file, attached or as a link, to all who have not got it yet.

    Who has got it then is noted in `done_for`, also when the server refuses others.
    """
    entry, account = loaded_account(hass, delivery.delivery["account"])
    file = await async_file_of(jobs, delivery)
    most = delivery.delivery.get("max_attachment_mb", DEFAULT_MAX_ATTACHMENT_MB) * _MB
    link = _link(jobs, delivery)
    try:
        attached = (await hass.async_add_executor_job(file.stat)).st_size <= most
        if not attached and not link:
            raise DeliveryError("no_address")
        subject, body = await async_subject_and_body(hass, delivery, link, show_link=not attached)
        missing = [one for one in delivery.delivery["recipients"] if one not in delivery.done_for]
        message = await hass.async_add_executor_job(
            lambda: compose(
                sender=account.sender,
                recipients=delivery.delivery["recipients"],
                subject=subject,
                body=body,
                attachment=file if attached else None,
                message_id=delivery.id,
            )
        )
    except FileNotFoundError as err:
        raise DeliveryError("export_expired") from err
    try:
        refused = await async_send(hass, account, message, missing)
    except FileNotFoundError as err:
        raise DeliveryError("export_expired") from err
    except DeliveryError as err:
        if err.code == "WRONG_PASSWORD":
            entry.async_start_reauth(hass)
        raise
    delivery.done_for += [one for one in missing if one not in refused]
    if refused:
        # One who may yet get it is worth another try; the others are refused then as well.
        raise min(refused.values(), key=lambda error: error.is_lasting)


async def async_notify(hass: HomeAssistant, jobs: JobManager, delivery: Delivery) -> None:
    """Send a notification with a link to the file."""
    await async_file_of(jobs, delivery)
    link = _link(jobs, delivery)
    if not link:
        raise DeliveryError("no_address")
    subject, body = await async_subject_and_body(hass, delivery, link, show_link=True)
    target = delivery.delivery["target"]
    data: dict[str, Any] = {"title": subject, "message": body}
    action = target.partition(".")[2]
    if not hass.services.has_service(NOTIFY, action):
        state = hass.states.get(target)
        if state is None or state.state == STATE_UNAVAILABLE:
            raise DeliveryError("target_gone", target=target)
        action, data[ATTR_ENTITY_ID] = SEND_MESSAGE, target
    try:
        async with asyncio.timeout(_NOTIFY_SECONDS):
            await hass.services.async_call(NOTIFY, action, data, blocking=True)
    except TimeoutError as err:
        raise DeliveryError("timed_out", host=target, seconds=_NOTIFY_SECONDS) from err
    except (HomeAssistantError, vol.Invalid) as err:
        raise DeliveryError("notify_failed", target=target, reason=err) from err


async def async_copy(hass: HomeAssistant, jobs: JobManager, delivery: Delivery) -> Path:
    """Copy a file into a folder and return the copy.

    Its name is the delivery's `file_name`, which `async_choose_name` has chosen.
    """
    file = await async_file_of(jobs, delivery)
    folder = await _async_folder(hass, delivery)
    target = folder / (delivery.file_name or file.name)
    await hass.async_add_executor_job(copy_file, file, target)
    return target


async def async_choose_name(hass: HomeAssistant, jobs: JobManager, delivery: Delivery) -> str:
    """Return the name of a copy: one that no file in the folder has."""
    file = await async_file_of(jobs, delivery)
    folder = await _async_folder(hass, delivery)
    return await hass.async_add_executor_job(free_name, folder, file.name)


async def _async_folder(hass: HomeAssistant, delivery: Delivery) -> Path:
    return await hass.async_add_executor_job(
        prepare_folder,
        delivery.delivery["path"],
        hass.config.config_dir,
        hass.config.is_allowed_path,
    )


def _link(jobs: JobManager, delivery: Delivery) -> str:
    """Return a link to the file; empty where Home Assistant knows no address of its own."""
    link = jobs.links.link(delivery.export_id, LINK_LIFETIME)
    return link if link.startswith("http") else ""

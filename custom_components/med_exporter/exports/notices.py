"""What becomes of a file that a person asked for, told to that person as a notification."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from homeassistant.components import persistent_notification
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from ..answers import size_text
from ..const import DOMAIN
from ..history.reasons import reason_of
from ..history.records import SIGNAL_EXPORT_FINISHED, ExportKind, ExportRecord, ExportStatus
from ..rights import may_see
from ..texts import counted, text_of
from .runner import TRIGGER_SCHEDULE

if TYPE_CHECKING:
    from .links import LinkSigner

_FILES_PAGE: Final = "/export/files"
_BY_PROGRAM: Final = frozenset({TRIGGER_SCHEDULE, "http"})
_NAME: Final = "MED Exporter"


@callback
def async_announce_files(hass: HomeAssistant, links: LinkSigner) -> None:
    """Announce the files that persons ask for as they end; programs and schedules look themselves.

    Home Assistant shows a notification to all who may log in. So its link opens the file without a
    login only where all of them may have the file, and leads to the page with the files otherwise.
    """

    async def announce(record: ExportRecord) -> None:
        if record.status is ExportStatus.COMPLETED:
            text = _ready(hass, record, links, is_for_all=await _may_all_see(hass, record))
        else:
            reason = reason_of(hass, record) or record.status.value
            text = text_of(hass, "file_failed", {"reason": reason}) or reason
        persistent_notification.async_create(
            hass, text, title=_NAME, notification_id=f"{DOMAIN}_file_{record.id}"
        )

    @callback
    def finished(record: ExportRecord) -> None:
        if (
            record.kind is ExportKind.FILE
            and record.user_id is not None
            and record.trigger not in _BY_PROGRAM
            and record.status is not ExportStatus.CANCELLED
        ):
            hass.async_create_task(announce(record), f"{DOMAIN} notice of export {record.id}")

    async_dispatcher_connect(hass, SIGNAL_EXPORT_FINISHED, finished)


async def _may_all_see(hass: HomeAssistant, record: ExportRecord) -> bool:
    users = await hass.auth.async_get_users()
    return all(
        may_see(user, record) for user in users if user.is_active and not user.system_generated
    )


def _ready(
    hass: HomeAssistant, record: ExportRecord, links: LinkSigner, *, is_for_all: bool
) -> str:
    link = links.link(record.id) if is_for_all else links.absolute(_FILES_PAGE)
    said = {
        "rows": counted(hass, "file_rows", record.records or 0),
        "size": size_text(record.size or 0),
        "link": link,
    }
    return text_of(hass, "file_ready" if is_for_all else "file_ready_own", said) or link

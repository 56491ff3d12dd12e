"""Export files in Home Assistant's media browser, for administrators."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from homeassistant.components.http.const import KEY_HASS_USER
from homeassistant.components.media_player.const import MediaClass
from homeassistant.components.media_source import (
    BrowseMediaSource,
    MediaSource,
    MediaSourceItem,
    PlayMedia,
    Unresolvable,
)
from homeassistant.components.websocket_api.connection import current_connection
from homeassistant.helpers.http import current_request

from .const import DOMAIN
from .engine.formats import mime_type_of
from .errors import MedError
from .exports.jobs import DATA_JOBS
from .exports.links import DOWNLOAD_PATH
from .history.records import ExportStatus
from .installation.entry import TITLE
from .rights import require_administrator

if TYPE_CHECKING:
    from homeassistant.auth.models import User
    from homeassistant.core import HomeAssistant

    from .exports.jobs import JobManager
    from .history.records import ExportRecord

_PAGE: Final = 100


async def async_get_media_source(hass: HomeAssistant) -> ExportMediaSource:
    """Return the source of export files."""
    return ExportMediaSource(hass)


class ExportMediaSource(MediaSource):
    """A flat list of the files that exist, newest first."""

    name = TITLE

    def __init__(self, hass: HomeAssistant) -> None:
        super().__init__(DOMAIN)
        self._hass = hass

    async def async_browse_media(self, item: MediaSourceItem) -> BrowseMediaSource:
        """List the files. Raises NotAllowedError for anyone but administrators."""
        require_administrator(_caller())
        return BrowseMediaSource(
            domain=DOMAIN,
            identifier=None,
            media_class=MediaClass.DIRECTORY,
            media_content_type="",
            title=TITLE,
            can_play=False,
            can_expand=True,
            children_media_class=MediaClass.URL,
            children=[_file(record) for record in await self._async_files()],
        )

    async def async_resolve_media(self, item: MediaSourceItem) -> PlayMedia:
        """Return where a file is fetched. Raises Unresolvable for one that is not there."""
        user = _caller()
        require_administrator(user)
        try:
            path = await self._jobs.async_file(item.identifier, user=user)
        except MedError as err:
            raise Unresolvable(str(err)) from err
        url = DOWNLOAD_PATH.format(export_id=item.identifier)
        return PlayMedia(url, mime_type_of(path.suffix) or "application/octet-stream")

    @property
    def _jobs(self) -> JobManager:
        return self._hass.data[DATA_JOBS]

    async def _async_files(self) -> list[ExportRecord]:
        found: list[ExportRecord] = []
        offset, total = 0, 1
        while offset < total:
            page, total = await self._jobs.async_list(user=None, limit=_PAGE, offset=offset)
            found += [record for record in page if record.status is ExportStatus.COMPLETED]
            offset += _PAGE
        return found


def _file(record: ExportRecord) -> BrowseMediaSource:
    return BrowseMediaSource(
        domain=DOMAIN,
        identifier=record.id,
        media_class=MediaClass.URL,
        media_content_type=mime_type_of(Path(record.path or "").suffix) or "",
        title=Path(record.path or record.id).name,
        can_play=True,
        can_expand=False,
    )


def _caller() -> User | None:
    """Return who looks, over the websocket or HTTP; None for Home Assistant itself."""
    if (connection := current_connection.get()) is not None:
        return connection.user
    request = current_request.get()
    return None if request is None else request.get(KEY_HASS_USER)

"""What becomes of finished files: found again, deleted in time, and room for more of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from homeassistant.core import callback

from ..answers import size_text
from ..clocks.lived import lived_time
from ..clocks.local import certain_now
from ..const import LOGGER
from ..database import DatabaseUnavailableError
from ..errors import NotStoredError, TooManyFilesError
from ..history.records import UNFINISHED, ExportKind, ExportRecord, ExportStatus
from ..rights import is_administrator
from ..settings import settings

if TYPE_CHECKING:
    from homeassistant.auth.models import User
    from homeassistant.core import HomeAssistant

    from ..history.history import History
    from .files import ExportFolder

_FILES_OF_A_USER: Final = 20
"""As many of the largest files as there may be, a user who is no administrator may keep."""


class KeptFiles:
    """Keeps a folder of files and the history in step."""

    def __init__(self, hass: HomeAssistant, history: History, folder: ExportFolder) -> None:
        self._hass = hass
        self._history = history
        self._folder = folder

    async def async_find_again(self) -> None:
        """Clean up, and give files back to a history that lost them or never knew them whole."""
        for described in await self._hass.async_add_executor_job(self._folder.prepare):
            try:
                record = await self._history.async_get(described.id)
            except DatabaseUnavailableError:
                LOGGER.warning("The history cannot be read; %s is not looked up", described.path)
                continue
            if record is None or record.status in {*UNFINISHED, ExportStatus.INTERRUPTED}:
                self._history.save(described)

    async def async_expire(self) -> int:
        """Delete the files whose time is over and return how many these were."""
        now = certain_now(self._hass)
        due = await self._hass.async_add_executor_job(self._folder.expired, now)
        ends = {one.id: one.expires_at.timestamp() for one in due if one.expires_at is not None}
        too_old = lived_time(self._hass).too_old("files", settings(self._hass).keep_files)
        limit = too_old.before(min(ends.values(), default=None))
        expired = [one for one in due if ends[one.id] <= limit]
        for described in expired:
            try:
                record = await self._history.async_get(described.id)
            except DatabaseUnavailableError:
                record = None
            if record is not None and record.kind is ExportKind.FILE:
                self.mark_expired(record)
            if described.path is not None:
                await self._hass.async_add_executor_job(self._folder.remove, described.path)
        return len(expired)

    async def async_size(self) -> int:
        """Return how many bytes the files take."""
        return await self._hass.async_add_executor_job(self._folder.size)

    async def async_require_room(self, user: User | None) -> None:
        """Raise NotStoredError or TooManyFilesError where there is no room for another file."""
        try:
            await self._hass.async_add_executor_job(self._folder.require_room)
        except OSError as err:
            raise NotStoredError from err
        if user is None or is_administrator(user):
            return
        share = _FILES_OF_A_USER * settings(self._hass).max_file_bytes
        if await self._hass.async_add_executor_job(self._folder.size_of, user.id) >= share:
            raise TooManyFilesError(size_text(share))

    @callback
    def mark_expired(self, record: ExportRecord) -> None:
        """Note that a file is gone."""
        record.status = ExportStatus.EXPIRED
        record.path = None
        self._history.save(record)

"""Stored formats: each has a version and a path forward, and a newer one is left alone."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any, Final

from homeassistant import exceptions
from homeassistant.core import CoreState, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.json import json_bytes
from homeassistant.helpers.storage import Store
from homeassistant.util.json import json_loads

from .const import DOMAIN, LOGGER
from .errors import MedError, NotStoredError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from homeassistant.core import HomeAssistant

    type Step = Callable[[dict[str, Any]], dict[str, Any]]
    """Takes what one version stored and returns it as the next version stores it."""


class FormatTooNewError(MedError):
    """Something was stored by a newer version of this integration; it is neither read nor written.

    `what` is the name of the format, `version` the one that was found, `known` the newest one that
    this code reads.
    """

    def __init__(self, what: str, version: int, known: int) -> None:
        super().__init__(
            "FORMAT_TOO_NEW", "format_too_new", what=what, version=version, known=known
        )
        self.version = version


# The oldest supported Home Assistant knows no such error and asks the migration instead.
_TOO_NEW: tuple[type[Exception], ...] = (
    FormatTooNewError,
    getattr(exceptions, "UnsupportedStorageVersionError", FormatTooNewError),
)


_IN_LOOP: Final = "serialize_in_event_loop" in signature(Store.__init__).parameters


@callback
def report_newer(hass: HomeAssistant, name: str, error: FormatTooNewError | None = None) -> None:
    """Tell by a repair issue, and once in the log, that something is of a newer format than known.

    Its words are `newer_{name}`, or those of the error where one is given.
    """
    issue_id = f"newer_{name}"
    if ir.async_get(hass).async_get_issue(DOMAIN, issue_id) is None:
        LOGGER.error("%s was stored by a newer version and is left alone", name)
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        is_fixable=False,
        severity=ir.IssueSeverity.ERROR,
        translation_key=issue_id if error is None else error.key,
        translation_placeholders=None if error is None else error.translation_placeholders,
    )


@callback
def report_known(hass: HomeAssistant, what: str) -> None:
    """Take the repair issue back: the format is one that this code reads."""
    ir.async_delete_issue(hass, DOMAIN, f"newer_{what}")


class VersionedStore(Store[dict[str, Any]]):
    """A file in Home Assistant's storage, which is written once it has been read, and not before.

    So what could not be read, or of which nobody came to ask since something else was of a newer
    version, is never written over.

    Args:
        hass: Home Assistant.
        name: of the file, behind the domain.
        steps: what brings each version to the next one, from version 1 on.
        is_large: whether it may be so much that it is made JSON outside the event loop; what is
            saved must not change meanwhile.

    """

    def __init__(
        self,
        hass: HomeAssistant,
        name: str,
        steps: Sequence[Step] = (),
        *,
        is_large: bool = False,
    ) -> None:
        # The oldest supported Home Assistant knows nothing else.
        options: dict[str, Any] = {}
        if is_large and _IN_LOOP:
            options["serialize_in_event_loop"] = False
        super().__init__(hass, 1 + len(steps), f"{DOMAIN}.{name}", **options)
        self._name = name
        self._steps = steps
        self._is_read = False

    async def async_load(self) -> dict[str, Any] | None:
        """Return what is stored, brought forward to the newest version; None where nothing is.

        Raises FormatTooNewError, and then nothing is written either.
        """
        try:
            stored = await super().async_load()
        except _TOO_NEW as err:
            found = int(getattr(err, "found_version", 0) or getattr(err, "version", 0))
            error = FormatTooNewError(self._name, found, self.version)
            report_newer(self.hass, self._name, error)
            raise error from err
        self._is_read = True
        report_known(self.hass, self._name)
        return stored

    async def async_save(self, data: dict[str, Any]) -> None:
        """Write the file, unless it has not been read or a newer version has written it."""
        if self._is_read:
            await super().async_save(data)

    async def async_remove(self) -> None:
        """Remove the file, whoever has written it; what comes then may be written."""
        await super().async_remove()
        self._is_read = True

    async def async_keep(self, data: dict[str, Any]) -> None:
        """Write the file as `async_save` does, for what somebody is told that it is kept.

        Home Assistant logs that a file cannot be written, and goes on: what the disk has is read
        again. Raises NotStoredError where that is something else.
        """
        if not self._is_read or self.hass.state is CoreState.stopping:
            # Home Assistant writes last of all as it stops.
            await self.async_save(data)
            return
        try:
            await self.async_save(data)
            stored = await Store[dict[str, Any]](self.hass, self.version, self.key).async_load()
        except (OSError, exceptions.HomeAssistantError) as err:
            raise NotStoredError from err
        if stored != json_loads(json_bytes(data)):
            raise NotStoredError

    async def _async_migrate_func(
        self, old_major_version: int, old_minor_version: int, old_data: dict[str, Any]
    ) -> dict[str, Any]:
        if old_major_version > self.version:
            raise FormatTooNewError(self._name, old_major_version, self.version)
        for step in self._steps[old_major_version - 1 :]:
            old_data = step(old_data)
        # Home Assistant writes it before it gives it back.
        self._is_read = True
        return old_data


async def async_load_for_entry(store: VersionedStore) -> dict[str, Any] | None:
    """Return what is stored, None where nothing is, for the set-up of a config entry.

    Raises ConfigEntryError where a newer version has stored it: trying again would not help.
    """
    try:
        return await store.async_load()
    except FormatTooNewError as err:
        raise exceptions.ConfigEntryError(
            translation_domain=DOMAIN,
            translation_key=err.translation_key,
            translation_placeholders=err.translation_placeholders,
        ) from err

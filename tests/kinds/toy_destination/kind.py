"""The record of the toy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import voluptuous as vol
from homeassistant.helpers.selector import TextSelector

from custom_components.med_exporter.destinations.kind import DestinationKind
from custom_components.med_exporter.form_fields import secret_text

from .destination import FolderDestination

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant


def _of(settings: Mapping[str, Any]) -> FolderDestination:
    return FolderDestination(Path(settings["folder"]), settings["pin"])


async def _create(
    hass: HomeAssistant, entry: ConfigEntry, settings: Mapping[str, Any]
) -> FolderDestination:
    return _of(settings)


async def _remove(hass: HomeAssistant, entry: ConfigEntry, settings: Mapping[str, Any]) -> None:
    (Path(settings["folder"]) / "gone").write_text(settings["pin"])


async def _test(hass: HomeAssistant, settings: Mapping[str, Any]) -> str | None:
    return await _of(settings).async_test()


TOY = DestinationKind(
    type="toy",
    model="Folder",
    create=_create,
    remove=_remove,
    refused_secrets=frozenset({"WRONG_PIN"}),
    fields={vol.Required("folder"): TextSelector(), vol.Required("pin"): secret_text()},
    test=_test,
    unique_id=lambda _, settings: f"toy {settings['folder']}",
    titles=lambda _, settings: (Path(settings["folder"]).name,),
    login=("pin",),
    example="/media/usb",
    exists_at="folder",
)

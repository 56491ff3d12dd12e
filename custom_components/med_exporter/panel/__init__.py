"""The page at `/export`: plain ES modules, served as they stand in `www/`."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from homeassistant.components import frontend, panel_custom
from homeassistant.components.http import StaticPathConfig  # type: ignore[attr-defined]
from homeassistant.core import callback
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

URL_PATH: Final = "export"
_ELEMENT: Final = "med-exporter-panel"
_TITLE: Final = "MED Exporter"
_ICON: Final = "mdi:home-export-outline"
_FOLDER: Final = Path(__file__).parent / "www"
_FRONTEND: Final = "frontend"


_DATA_MODULE: Final[HassKey[str]] = HassKey(f"{DOMAIN}_panel_module")
_DATA_SHOWN: Final[HassKey[bool]] = HassKey(f"{DOMAIN}_panel_shown")


async def async_serve_panel(hass: HomeAssistant) -> None:
    """Serve the page's files and show it; nothing in a house without a frontend. Called once.

    They may be cached for long: the address of their folder changes when one of them is written.
    """
    if _FRONTEND not in hass.config.components:
        return
    digest = await hass.async_add_executor_job(_digest)
    address = f"/{DOMAIN}_panel/{digest}"
    await hass.http.async_register_static_paths(
        [StaticPathConfig(address, str(_FOLDER), cache_headers=True)]
    )
    hass.data[_DATA_MODULE] = f"{address}/panel.js"
    await async_show_panel(hass)


async def async_show_panel(hass: HomeAssistant) -> None:
    """Put the page in the sidebar of everyone, where it is not yet."""
    if hass.data.get(_DATA_SHOWN) or (module := hass.data.get(_DATA_MODULE)) is None:
        return
    hass.data[_DATA_SHOWN] = True
    await panel_custom.async_register_panel(
        hass,
        frontend_url_path=URL_PATH,
        webcomponent_name=_ELEMENT,
        sidebar_title=_TITLE,
        sidebar_icon=_ICON,
        module_url=module,
        require_admin=False,
    )


@callback
def async_hide_panel(hass: HomeAssistant) -> None:
    """Take the page out of the sidebar."""
    if hass.data.pop(_DATA_SHOWN, False):
        frontend.async_remove_panel(hass, URL_PATH)


def _digest() -> str:
    # Whoever writes a file anew gives it another time; to read all of them would delay the start.
    found = [
        (str(path), (told := path.stat()).st_size, told.st_mtime_ns)
        for folder, _, names in _FOLDER.walk()
        for path in (folder / name for name in names)
    ]
    return hashlib.sha256(repr(sorted(found)).encode()).hexdigest()[:16]

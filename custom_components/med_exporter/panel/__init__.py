"""The page at `/export`: plain ES modules, served as they stand in `www/`."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from homeassistant.components import panel_custom
from homeassistant.components.http import StaticPathConfig  # type: ignore[attr-defined]

from ..const import DOMAIN

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

URL_PATH: Final = "export"
_ELEMENT: Final = "med-exporter-panel"
_TITLE: Final = "MED Exporter"
_ICON: Final = "mdi:home-export-outline"
_FOLDER: Final = Path(__file__).parent / "www"
_FRONTEND: Final = "frontend"


async def async_register_panel(hass: HomeAssistant) -> None:
    """Serve the page and put it in the sidebar of everyone; nothing in a house without a frontend.

    Its files may be cached for long: the address of their folder changes with what is in them.
    """
    if _FRONTEND not in hass.config.components:
        return
    digest = await hass.async_add_executor_job(_digest)
    address = f"/{DOMAIN}_panel/{digest}"
    await hass.http.async_register_static_paths(
        [StaticPathConfig(address, str(_FOLDER), cache_headers=True)]
    )
    await panel_custom.async_register_panel(
        hass,
        frontend_url_path=URL_PATH,
        webcomponent_name=_ELEMENT,
        sidebar_title=_TITLE,
        sidebar_icon=_ICON,
        module_url=f"{address}/panel.js",
        require_admin=False,
    )


def _digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(_FOLDER.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(_FOLDER).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]

"""TP-Link Kasa and Tapo energy plugs and strips, read with python-kasa.

The library takes longer to load than all else: whoever needs this package awaits
`loading.async_load_kasa` and imports it then, so that a home without such plugs never does.
"""

from __future__ import annotations

from .configuration import with_login
from .host import KasaHost
from .network import plain_mac, search
from .session import kasa_session

__all__ = ["KasaHost", "kasa_session", "plain_mac", "search", "with_login"]

"""TP-Link Kasa and Tapo energy plugs and strips, read with python-kasa."""

from __future__ import annotations

from .connection import (
    DEFAULT_PORT,
    LOGIN_CODES,
    OFFLINE_CODES,
    Connection,
    KasaError,
    SessionFactory,
    split_host,
    with_login,
)
from .host import KasaHost
from .network import FoundDevice, plain_mac, search

__all__ = [
    "DEFAULT_PORT",
    "LOGIN_CODES",
    "OFFLINE_CODES",
    "Connection",
    "FoundDevice",
    "KasaError",
    "KasaHost",
    "SessionFactory",
    "plain_mac",
    "search",
    "split_host",
    "with_login",
]

"""A real Home Assistant in a process of its own, steered from outside over its HTTP API.

Needs only what Home Assistant itself brings, so the live tests and the demo can both start it.
It listens on loopback alone and installs nothing.
"""

from __future__ import annotations

from .client import FlowError, HomeClient, RequestError
from .home import HomeNotStartedError, RealHome
from .log import LogRecord, complaints, read_log
from .ports import free_port

__all__ = [
    "FlowError",
    "HomeClient",
    "HomeNotStartedError",
    "LogRecord",
    "RealHome",
    "RequestError",
    "complaints",
    "free_port",
    "read_log",
]

"""What is used of paho's inside, and whether the paho that is installed still has it so."""

from __future__ import annotations

import inspect
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from paho.mqtt import client as paho

from ...const import LOGGER

if TYPE_CHECKING:
    from collections.abc import Mapping

_PARAMETERS: Final[Mapping[str, tuple[str, ...]]] = {
    "_call_socket_register_write": (),
    "_call_socket_unregister_write": ("sock",),
    "_create_socket": (),
    "_create_socket_connection": (),
    "_handle_pubackcomp": ("cmd",),
    "_loop_rc_handle": ("rc",),
    "_mid_generate": (),
    "_packet_read": (),
    "_sock_recv": ("bufsize",),
    "_sock_send": ("buf",),
}
# What is replaced acts only while those that use it still do: by the name of the method.
_USERS: Final[Mapping[str, frozenset[str]]] = {
    "loop_read": frozenset({"_packet_read"}),
    "_packet_read": frozenset({"_in_packet", "_packet_handle", "_sock_recv"}),
    "_packet_handle": frozenset({"_handle_pubackcomp"}),
    "_handle_pubackcomp": frozenset({"_in_packet"}),
    "_packet_write": frozenset({"_sock_send"}),
    "_sock_recv": frozenset({"_sock"}),
    "_sock_send": frozenset({"_sock"}),
    "reconnect": frozenset({"_create_socket"}),
    "_create_socket": frozenset({"_create_socket_connection"}),
    "publish": frozenset({"_mid_generate"}),
}
_FRAMES: Final = frozenset({"_readbuffer"})


def strangenesses(client: type[Any] = paho.Client) -> list[str]:
    """Return the names of what a paho's client does not have as it is used here, sorted."""
    strange = {name for name, known in _PARAMETERS.items() if _parameters(client, name) != known}
    for user, used in _USERS.items():
        strange |= used - _names(client, user)
    return sorted(
        strange | (_FRAMES - _names(getattr(paho, "_WebsocketWrapper", None), "_recv_impl"))
    )


@cache
def is_known() -> bool:
    """Return whether paho's inside can be relied on; say so once in the log where it cannot."""
    if strange := strangenesses():
        LOGGER.warning(
            "This paho-mqtt is another one inside (%s): brokers are spoken to more slowly, and"
            " what they send is not limited",
            ", ".join(strange),
        )
    return not strange


def _parameters(client: type[Any], name: str) -> tuple[str, ...] | None:
    method = getattr(client, name, None)
    return None if method is None else tuple(inspect.signature(method).parameters)[1:]


def _names(owner: object, name: str) -> frozenset[str]:
    """Return the names that stand in a method."""
    code = getattr(getattr(owner, name, None), "__code__", None)
    return frozenset(() if code is None else code.co_names)

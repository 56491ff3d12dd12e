"""What all commands share: the caller, the fields, and errors in the shape of all doors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import voluptuous as vol
from homeassistant.components import websocket_api
from homeassistant.components.websocket_api.const import TYPE_RESULT
from homeassistant.components.websocket_api.decorators import async_response
from homeassistant.components.websocket_api.messages import BASE_COMMAND_MESSAGE_SCHEMA
from homeassistant.core import callback
from homeassistant.helpers import config_validation as cv

from ...const import DOMAIN
from ...database import DatabaseUnavailableError
from ...errors import MedError
from ...object_reader import ObjectReader
from ...rights import Right, require

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from homeassistant.auth.models import User
    from homeassistant.components.websocket_api.connection import ActiveConnection
    from homeassistant.components.websocket_api.const import WebSocketCommandHandler
    from homeassistant.core import HomeAssistant

    from ...later import Later

    type Handler = Callable[[HomeAssistant, User, ObjectReader], Awaitable[dict[str, Any]]]

ERRORS: Final = (MedError, DatabaseUnavailableError)
TRIGGER: Final = "panel"


class Command(NamedTuple):
    """What answers a command, and who may give it."""

    right: Right
    handler: Handler


@callback
def register_command(hass: HomeAssistant, name: str, commands: Later) -> None:
    """Register `med_exporter/{name}`, which answers what its handler in `commands` returns.

    The handler gets the fields of the message unread: names, types and values are judged after
    the caller's right, by the code that all doors use.
    """

    @async_response
    async def answer(
        hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
    ) -> None:
        command: Command = (await commands.async_get(hass))[name]
        try:
            require(command.right, connection.user)
            result = await command.handler(hass, connection.user, fields_of(msg))
        except ERRORS as err:
            connection.send_message(refusal(msg["id"], err))
        else:
            connection.send_result(msg["id"], result)

    register(hass, name, answer)


@callback
def register(hass: HomeAssistant, name: str, handler: WebSocketCommandHandler) -> None:
    """Register a command whose fields are read by its handler."""
    command = f"{DOMAIN}/{name}"
    schema = BASE_COMMAND_MESSAGE_SCHEMA.extend(
        {vol.Required("type"): cv.string}, extra=vol.ALLOW_EXTRA
    )
    websocket_api.async_register_command(hass, command, handler, schema)


def fields_of(msg: dict[str, Any]) -> ObjectReader:
    """Return a reader of what a message says beside its id and type."""
    return ObjectReader({key: one for key, one in msg.items() if key not in {"id", "type"}})


def refusal(msg_id: int, err: MedError | DatabaseUnavailableError) -> Any:  # noqa: ANN401
    """Return the message that refuses: `code`, `message`, `field`, and the key of its words."""
    return {
        "id": msg_id,
        "type": TYPE_RESULT,
        "success": False,
        "error": described(err),
    }


def described(err: MedError | DatabaseUnavailableError) -> dict[str, Any]:
    """Return an error as its caller is told."""
    return {
        "code": getattr(err, "code", "HISTORY_UNAVAILABLE"),
        "message": str(err),
        "field": getattr(err, "field", None),
        "translation_domain": err.translation_domain,
        "translation_key": err.translation_key,
        "translation_placeholders": err.translation_placeholders,
    }

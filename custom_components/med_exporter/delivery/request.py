"""How a file is to be delivered: read strictly and whole before anything is kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from homeassistant.helpers import entity_registry as er

from ..errors import InvalidRequest
from ..later import later
from ..object_reader import INVALID_VALUE, ObjectReader, shown
from .account import select_account
from .errors import DeliveryError
from .folder import prepare_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.core import HomeAssistant

_async_check_template: Final = later(__package__, "text", "async_check_template")

METHODS: Final = ("none", "email", "notify", "folder")
DEFAULT_MAX_ATTACHMENT_MB: Final = 10
NOTIFY: Final = "notify"
SEND_MESSAGE: Final = "send_message"
"""The action that speaks to notify entities; it is no target itself."""

FIELDS_OF_METHOD: Final[Mapping[str, tuple[str, ...]]] = {
    "none": (),
    "email": ("account", "recipients", "subject", "body", "max_attachment_mb"),
    "notify": ("target", "subject", "body"),
    "folder": ("path", "keep_days", "keep_files"),
}
NEEDED: Final = frozenset({"path", "recipients", "target"})
"""Those of a method's fields that cannot be left out."""
BOUNDS: Final = {
    "max_attachment_mb": (0, 100),
    "keep_days": (1, 3_660),
    "keep_files": (1, 100_000),
}
_ALL_FIELDS: Final = sorted({name for names in FIELDS_OF_METHOD.values() for name in names})
_FIELD: Final = "delivery"
_ADDRESS: Final = re.compile(
    r"(?!\.)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}(?<!\.)"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*"
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
MOST_RECIPIENTS: Final = 50
LONGEST_SUBJECT: Final = 1_000
LONGEST_BODY: Final = 20_000


async def async_read_delivery(hass: HomeAssistant, value: object) -> dict[str, Any]:
    """Return a delivery as it is stored, every value checked; what is not given is missing.

    An account is stored by its id, a folder by its real path.

    Raises InvalidRequest that names the first field at fault, as `delivery.…`.
    """
    reader = ObjectReader(value, _FIELD)
    method = reader.choice("method", METHODS, required=True) or ""
    foreign = [name for name in _ALL_FIELDS if name not in FIELDS_OF_METHOD[method]]
    reader.refuse(foreign, "NOT_APPLICABLE", "not_applicable", to=method)
    reader.need([name for name in FIELDS_OF_METHOD[method] if name in NEEDED])
    found: dict[str, Any] = {"method": method}
    if method == "email":
        account = reader.text("account")
        found["account"] = select_account(hass, account, reader.name("account")).entry_id
        found["recipients"] = _recipients(reader)
        found["max_attachment_mb"] = _whole(reader, "max_attachment_mb")
    if method == "notify":
        found["target"] = _target(hass, reader)
    if method == "folder":
        found["keep_days"] = _whole(reader, "keep_days")
        found["keep_files"] = _whole(reader, "keep_files")
    if "subject" in FIELDS_OF_METHOD[method]:
        found["subject"] = await _async_template(hass, reader, "subject", LONGEST_SUBJECT)
        found["body"] = await _async_template(hass, reader, "body", LONGEST_BODY)
    path = reader.text("path")
    reader.finish()
    if path is not None:
        # Last, since it makes the folder.
        found["path"] = await _async_folder(hass, path, reader.name("path"))
    return {name: one for name, one in found.items() if one is not None}


def _whole(reader: ObjectReader, name: str) -> int | None:
    return reader.integer(name, *BOUNDS[name])


def is_address(text: str) -> bool:
    """Return whether a text is a mail address that any server takes: local@domain, ASCII."""
    return len(text) <= 254 and _ADDRESS.fullmatch(text) is not None


def _recipients(reader: ObjectReader) -> list[str]:
    given = reader.texts("recipients") or []
    name = reader.name("recipients")
    if len(given) > MOST_RECIPIENTS:
        raise InvalidRequest(INVALID_VALUE, "too_many_items", field=name, limit=MOST_RECIPIENTS)
    addresses = [one.strip() for one in given]
    for one in addresses:
        if not is_address(one):
            raise InvalidRequest(INVALID_VALUE, "not_an_address", field=name, value=shown(one))
    reader.each_once("recipients", addresses)
    return addresses


def _target(hass: HomeAssistant, reader: ObjectReader) -> str:
    target = (reader.text("target") or "").strip()
    domain, _, action = target.partition(".")
    known = domain == NOTIFY and (
        (action != SEND_MESSAGE and hass.services.has_service(NOTIFY, action))
        or hass.states.get(target) is not None
        or er.async_get(hass).async_get(target) is not None
    )
    if not known:
        raise InvalidRequest(
            "UNKNOWN_TARGET", "unknown_target", field=reader.name("target"), value=shown(target)
        )
    return target


async def _async_template(
    hass: HomeAssistant, reader: ObjectReader, key: str, longest: int
) -> str | None:
    text = reader.text(key)
    if text is None:
        return None
    name = reader.name(key)
    if len(text) > longest:
        raise InvalidRequest(INVALID_VALUE, "text_too_long", field=name, limit=longest)
    try:
        await _async_check_template(hass, text)
    except DeliveryError as err:
        raise _at(err, name) from err
    return text


async def _async_folder(hass: HomeAssistant, path: str, name: str) -> str:
    config, is_allowed = hass.config.config_dir, hass.config.is_allowed_path
    try:
        folder = await hass.async_add_executor_job(prepare_folder, path, config, is_allowed)
    except DeliveryError as err:
        raise _at(err, name) from err
    return str(folder)


def _at(err: DeliveryError, field: str) -> InvalidRequest:
    """Return a mistake in what was asked for, as one of the request's field."""
    told = {name: shown(text) for name, text in (err.translation_placeholders or {}).items()}
    return InvalidRequest(err.code, err.key.removeprefix("delivery_"), field=field, **told)

"""From a config entry to a VictoriaMetrics destination, and what its settings may be."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from homeassistant.const import CONF_ID, CONF_PASSWORD, CONF_URL, CONF_USERNAME, CONF_VERIFY_SSL
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from ...const import CONF_LABELS
from .destination import VictoriaMetricsDestination
from .metrics import InternalMetrics
from .server import (
    VictoriaMetrics,
    base_url,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

# The data model of Prometheus; what begins with two underscores is the server's own.
_LABEL_NAME: Final = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")
RESERVED_LABELS: Final = frozenset({"pdl", "type", "destination", "status"})
"""The labels that the exporter sets itself."""
# A server cuts longer values off, and leaves out labels beyond the thirtieth.
_LONGEST_NAME: Final = 128
_LONGEST_VALUE: Final = 512
_MOST_LABELS: Final = 20


class InvalidLabelsError(ValueError):
    """Labels that no series can have; `code` is the key of the error below `config.error`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def labels_from(text: str | None) -> dict[str, str]:
    """Return the user's labels, sorted by name. Raises InvalidLabelsError."""
    if not text:
        return {}
    try:
        pairs = json.loads(text, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError) as err:
        raise InvalidLabelsError("labels_not_json") from err
    if not isinstance(pairs, _Pairs):
        raise InvalidLabelsError("labels_not_object")
    labels = dict(pairs)
    if len(labels) < len(pairs):
        raise InvalidLabelsError("labels_repeated")
    if len(labels) > _MOST_LABELS:
        raise InvalidLabelsError("labels_too_many")
    for name, value in labels.items():
        if name in RESERVED_LABELS or name.startswith("__"):
            raise InvalidLabelsError("labels_reserved")
        if not _LABEL_NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
            raise InvalidLabelsError("labels_name")
        if not isinstance(value, str) or not _is_value(value):
            raise InvalidLabelsError("labels_value")
    return dict(sorted(labels.items()))


def server_of(
    hass: HomeAssistant, settings: Mapping[str, Any], *, is_known: bool
) -> VictoriaMetrics:
    """Return the server that settings in clear name; `is_known` as in `web.named_errors`."""
    return VictoriaMetrics(
        async_get_clientsession(hass, settings[CONF_VERIFY_SSL]),
        base_url(settings[CONF_URL]),
        username=settings.get(CONF_USERNAME),
        password=settings.get(CONF_PASSWORD),
        is_known=is_known,
    )


async def async_create_victoriametrics(
    hass: HomeAssistant, entry: ConfigEntry, settings: Mapping[str, Any]
) -> VictoriaMetricsDestination:
    """Make the destination of a config entry and its settings in clear."""
    server = server_of(hass, settings, is_known=True)
    labels = labels_from(settings.get(CONF_LABELS))
    metrics = InternalMetrics(
        hass, server, labels, destination_id=entry.data[CONF_ID], options=lambda: entry.options
    )
    return VictoriaMetricsDestination(server, labels, metrics=metrics)


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as it was written, with names that come twice."""


def _is_value(value: str) -> bool:
    """Return whether a server keeps a value as it is: an empty one is none."""
    try:
        return 0 < len(value.encode()) <= _LONGEST_VALUE
    except UnicodeEncodeError:
        return False

"""Details that are kept as JSON, and lists of codes, as people read them in a document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from ..formats import FORMATS
from .colon import with_colon
from .phrases import Words
from .translated import choices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

type _Pair = tuple[str, str]

_NAMES: Final[Mapping[str, _Pair]] = {
    "action": ("action", "action"),
    "account": ("account", "compte"),
    "aggregation": ("rows", "lignes"),
    "change": ("change", "changement"),
    "date_range": ("period", "période"),
    "devices": ("devices", "appareils"),
    "discovery": ("discovery", "découverte"),
    "export_type": ("export", "export"),
    "format": ("format", "format"),
    "qos": ("QoS", "QoS"),
    "reason": ("reason", "raison"),
    "retain": ("retained", "conservé"),
    "topic_prefix": ("topic prefix", "préfixe des sujets"),
    "token_type": ("kind", "nature"),
    "type": ("type", "type"),
    "verify_ssl": ("certificate checked", "certificat vérifié"),
}
_VALUES: Final[Mapping[str, _Pair]] = {
    "added": ("added", "ajout"),
    "changed": ("changed", "modification"),
    "created": ("created", "création"),
    "deleted": ("deleted", "suppression"),
    "removed": ("removed", "suppression"),
    "normal": ("session", "session"),
    "long_lived_access_token": ("long-lived token", "jeton de longue durée"),
    "home_assistant": ("Home Assistant", "Home Assistant"),
    "influxdb": ("InfluxDB", "InfluxDB"),
    "jeedom": ("Jeedom", "Jeedom"),
    "mqtt": ("MQTT", "MQTT"),
    "victoriametrics": ("VictoriaMetrics", "VictoriaMetrics"),
    "plug": ("plug", "prise"),
    "meter": ("meter", "compteur"),
    "all": ("all", "tous"),
    "none": ("none", "aucun"),
    "email": ("mail", "courriel"),
    "notify": ("notification", "notification"),
    "folder": ("folder", "dossier"),
}
_LETTERS: Final = {"excel": "Excel"}
"""Formats whose name is not spelled in capitals."""


class DetailWords:
    """Puts details and codes into words of one language, `en` or `fr`."""

    def __init__(self, locale: str) -> None:
        self._french = locale == "fr"
        self._words = Words(locale)
        self._chosen = {**choices("preset", locale), **choices("data", locale)}

    def code(self, value: str) -> str:
        """Return what a code is called, and anything else as it is."""
        if (pair := _VALUES.get(value)) is not None:
            return pair[self._french]
        if (chosen := self._chosen.get(value)) is not None:
            return chosen
        if value in FORMATS:
            return _LETTERS.get(value, value.upper())
        return self._words.title(value)

    def codes(self, value: str) -> str:
        """Return a list of codes that commas part."""
        return ", ".join(self.code(one) for one in value.split(", "))

    def details(self, value: str) -> str:
        """Return a JSON object as names and values; what is none stays as it is."""
        try:
            read = json.loads(value)
        except ValueError:
            return value
        if not isinstance(read, dict):
            return value
        return " · ".join(
            with_colon(self._name(key), self._value(one), french=self._french)
            for key, one in read.items()
        )

    def _name(self, key: str) -> str:
        pair = _NAMES.get(key)
        return key if pair is None else pair[self._french]

    def _value(self, value: Any) -> str:  # noqa: ANN401  # whatever JSON has
        ways: tuple[tuple[type, Callable[[Any], str]], ...] = (
            (bool, lambda one: self._words.text("yes" if one else "no")),
            (str, self.code),
            (list, lambda many: ", ".join(map(self._value, many))),
            (dict, lambda one: self.details(json.dumps(one, ensure_ascii=False))),
        )
        for kind, way in ways:
            if isinstance(value, kind):
                return way(value)
        return "-" if value is None else str(value)

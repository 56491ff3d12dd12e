"""The forms of all kinds of destinations, for doors that change them without a flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..const import EntryType
from .jeedom import JEEDOM_FORM
from .mqtt import MQTT_FORM

if TYPE_CHECKING:
    from .destination_form import DestinationForm

# A new kind of destination is one line here.
DESTINATION_FORMS: Final[dict[EntryType, DestinationForm]] = {
    EntryType.JEEDOM: JEEDOM_FORM,
    EntryType.MQTT: MQTT_FORM,
}

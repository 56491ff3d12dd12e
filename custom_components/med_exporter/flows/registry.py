"""The forms of all kinds of destinations, for doors that change them without a flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..const import EntryType
from .home_assistant import HOME_ASSISTANT_FORM
from .jeedom import JEEDOM_FORM
from .mqtt import MQTT_FORM
from .victoriametrics import VICTORIAMETRICS_FORM

if TYPE_CHECKING:
    from .destination_form import DestinationForm

# A new kind of destination is one line here.
DESTINATION_FORMS: Final[dict[EntryType, DestinationForm]] = {
    EntryType.HOME_ASSISTANT: HOME_ASSISTANT_FORM,
    EntryType.JEEDOM: JEEDOM_FORM,
    EntryType.MQTT: MQTT_FORM,
    EntryType.VICTORIAMETRICS: VICTORIAMETRICS_FORM,
}

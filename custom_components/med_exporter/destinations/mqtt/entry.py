"""From a config entry to an MQTT destination."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntryChange
from homeassistant.const import CONF_DISCOVERY, CONF_ID
from homeassistant.core import callback
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.issue_registry import IssueSeverity, async_create_issue
from homeassistant.helpers.translation import async_get_translations
from homeassistant.loader import async_get_integration

from ...const import CONF_DATA, CONF_INTERVAL, CONF_PDL, DOMAIN, LOGGER, DataType
from ...entries.finding import metering_point_entries
from ...later import Later
from ...texts import said
from ..base import DestinationError
from ..measurements import PointName
from ..samples import Samples
from .destination import INTAKE, MqttDestination
from .messages import Publishing, nothing
from .opening import async_open, identifier
from .probe import async_test_broker
from .settings import CONF_BROKER, CONF_QOS, CONF_RETAIN, CONF_TOPIC_PREFIX, broker_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from .discovery import MqttDiscovery
    from .trial import Trial

# What only a connection test, and a broker that is to announce sensors, need.
_DISCOVERY: Final = Later(__package__, "discovery", "MqttDiscovery")
_DISCOVERY_SETTINGS: Final = Later(__package__, "discovery", "DiscoverySettings")
_LONGEST: Final = Later(__package__, "longest", "longest_message")
_TRIAL: Final = Later(__package__, "trial", "trial_of")

# As long as the public id that a destination is given when it is saved.
_NOT_YET: Final = "0" * 36


def publishing_of(settings: Mapping[str, Any]) -> Publishing:
    """Return how values are published."""
    return Publishing(
        topic_prefix=settings[CONF_TOPIC_PREFIX],
        qos=int(settings[CONF_QOS]),
        retain=settings[CONF_RETAIN],
        discovery=settings.get(CONF_DISCOVERY, False),
    )


async def async_create_mqtt(
    hass: HomeAssistant, entry: ConfigEntry, settings: Mapping[str, Any]
) -> MqttDestination:
    """Make the destination of a config entry and its settings in clear.

    Raises ConfigEntryNotReady where Home Assistant's own MQTT integration is to be used and is
    not set up.
    """
    try:
        broker = broker_of(hass, settings)
    except DestinationError as err:
        raise ConfigEntryNotReady(translation_domain=DOMAIN, translation_key=err.key) from err
    unique, publishing = entry.data[CONF_ID], publishing_of(settings)

    def successor() -> Publishing | None:
        """Return how the entry, which may have been changed, has this broker published to."""
        now = entry.data
        return publishing_of(now) if now.get(CONF_BROKER) == settings.get(CONF_BROKER) else None

    destination = MqttDestination(
        broker,
        publishing,
        unique=unique,
        discovery=await _async_discovery(hass, settings) if publishing.discovery else None,
        pdls=partial(_pdls, hass),
        successor=successor,
        trial=await _async_trial(hass, settings),
    )

    @callback
    def forget(change: ConfigEntryChange, changed: ConfigEntry) -> None:
        if change is not ConfigEntryChange.ADDED and changed.domain == DOMAIN:
            entry.async_create_background_task(
                hass, destination.async_forget_removed(), "med_exporter mqtt tidying"
            )

    entry.async_on_unload(async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, forget))
    return destination


async def async_test_mqtt(
    hass: HomeAssistant, settings: Mapping[str, Any], *, is_new: bool
) -> str | None:
    """Try settings that may be no entry's yet, as `async_test_broker`."""
    trial = await _async_trial(hass, settings, is_new=is_new)
    return await async_test_broker(
        broker_of(hass, settings), publishing_of(settings), await trial()
    )


async def async_remove_mqtt(
    hass: HomeAssistant, entry: ConfigEntry, settings: Mapping[str, Any]
) -> None:
    """Have the broker forget what it keeps of a removed destination.

    Where it cannot be reached, a repair issue tells what stays there.
    """
    publishing = publishing_of(entry.data)
    if not publishing.keeps_status:
        return
    try:
        client = await async_open(
            broker_of(hass, settings), publishing, identifier=identifier(entry.data[CONF_ID])
        )
        try:
            if publishing.discovery:
                await (await _async_discovery(hass, settings)).withdraw_unseen(client)
            kept = publishing.retained_topics(_pdls(hass))
            await client.deliver(*map(nothing, kept), qos=client.answering_qos)
        finally:
            await client.close()
    except DestinationError as err:
        LOGGER.warning("%s: its messages and sensors stay at the broker: %s", entry.title, err)
        async_create_issue(
            hass,
            DOMAIN,
            f"retained_messages_left_{entry.entry_id}",
            is_fixable=False,
            is_persistent=False,
            severity=IssueSeverity.WARNING,
            translation_key="retained_messages_left",
            translation_placeholders={
                "name": entry.title,
                "prefix": publishing.topic_prefix,
                "reason": said(hass, err),
            },
        )


async def _async_trial(
    hass: HomeAssistant, settings: Mapping[str, Any], *, is_new: bool = False
) -> Callable[[], Awaitable[Trial]]:
    """Return what tells what a run would publish, as things stand then."""
    publishing = publishing_of(settings)
    discovery = await _async_discovery(hass, settings) if publishing.discovery else None
    data = frozenset(map(DataType, settings[CONF_DATA]))
    samples = Samples(hass, settings.get(CONF_BROKER) or "", INTAKE, data)

    async def trial() -> Trial:
        points = [
            PointName.of(each.data[CONF_PDL], each.title) for each in metering_point_entries(hass)
        ]
        longest = (await _LONGEST.async_get(hass))(publishing, data, points, discovery)
        latest = await samples.async_latest()
        trial_of = await _TRIAL.async_get(hass)
        made: Trial = trial_of(latest, publishing, discovery, longest=longest, is_new=is_new)
        return made

    return trial


def _pdls(hass: HomeAssistant) -> set[str]:
    """Return the ids of all metering points that are set up, loaded or not."""
    return {each.data[CONF_PDL] for each in metering_point_entries(hass)}


async def _async_discovery(hass: HomeAssistant, settings: Mapping[str, Any]) -> MqttDiscovery:
    texts = await async_get_translations(hass, hass.config.language, "entity", {DOMAIN})
    start, end = f"component.{DOMAIN}.entity.sensor.", ".name"
    integration = await async_get_integration(hass, DOMAIN)
    made: MqttDiscovery = (await _DISCOVERY.async_get(hass))(
        publishing_of(settings),
        (await _DISCOVERY_SETTINGS.async_get(hass))(
            node=identifier(settings.get(CONF_ID) or _NOT_YET),
            interval=timedelta(minutes=settings[CONF_INTERVAL]),
            data=frozenset(map(DataType, settings[CONF_DATA])),
            names={
                key.removeprefix(start).removesuffix(end): text
                for key, text in texts.items()
                if key.startswith(start) and key.endswith(end)
            },
            version=str(integration.version),
            pdls=partial(_pdls, hass),
        ),
    )
    return made

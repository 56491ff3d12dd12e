"""From a config entry to a VictoriaMetrics destination."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from homeassistant.const import CONF_PASSWORD, CONF_URL, CONF_USERNAME, CONF_VERIFY_SSL

from ...const import CONF_DATA, CONF_LABELS
from ...web.client import web_session
from ..internal_metrics import InternalMetrics, MetricSamples
from ..labels import labels_from
from ..samples import Samples
from .address import base_url
from .destination import INTAKE, VictoriaMetricsDestination
from .rows import line_of
from .server import VictoriaMetrics

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant


def server_of(
    hass: HomeAssistant, settings: Mapping[str, Any], *, is_known: bool
) -> VictoriaMetrics:
    """Return the server that settings in clear name; `is_known` as in `web.named_errors`."""
    return VictoriaMetrics(
        web_session(hass, verify_ssl=settings[CONF_VERIFY_SSL]),
        base_url(settings[CONF_URL]),
        username=settings.get(CONF_USERNAME),
        password=settings.get(CONF_PASSWORD),
        is_known=is_known,
    )


async def async_test_victoriametrics(
    hass: HomeAssistant, settings: Mapping[str, Any]
) -> str | None:
    """Test settings in clear as a destination tests its own."""
    server = server_of(hass, settings, is_known=False)
    labels = labels_from(settings.get(CONF_LABELS))
    samples = Samples(hass, server.url, INTAKE, settings[CONF_DATA])
    return await VictoriaMetricsDestination(server, labels, samples=samples).async_test()


async def async_create_victoriametrics(
    hass: HomeAssistant, entry: ConfigEntry, settings: Mapping[str, Any]
) -> VictoriaMetricsDestination:
    """Make the destination of a config entry and its settings in clear."""
    server = server_of(hass, settings, is_known=True)
    labels = labels_from(settings.get(CONF_LABELS))

    async def write(metrics: Sequence[MetricSamples]) -> None:
        lines = (
            line_of({"__name__": one.name, **labels, **one.labels}, one.samples) for one in metrics
        )
        await server.write(b"".join(lines))

    metrics = InternalMetrics(hass, write, entry)
    samples = Samples(hass, server.url, INTAKE, settings[CONF_DATA])
    return VictoriaMetricsDestination(server, labels, metrics=metrics, samples=samples)

"""From a config entry to an InfluxDB destination."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from homeassistant.const import CONF_PASSWORD, CONF_TOKEN, CONF_URL, CONF_USERNAME, CONF_VERIFY_SSL

from ...const import CONF_DATA, CONF_LABELS
from ...web.client import web_session
from ..internal_metrics import InternalMetrics, MetricSamples
from ..labels import labels_from
from ..samples import Samples
from .destination import INTAKE, InfluxDestination
from .kind import CONF_BUCKET, CONF_DATABASE, CONF_ORGANISATION, CONF_VERSION
from .lines import own_series
from .server import InfluxDb

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant


def server_of(hass: HomeAssistant, settings: Mapping[str, Any], *, is_known: bool) -> InfluxDb:
    """Return the server that settings in clear name; `is_known` as in `web.named_errors`."""
    return InfluxDb(
        session=web_session(hass, verify_ssl=settings[CONF_VERIFY_SSL]),
        url=settings[CONF_URL],
        version=settings[CONF_VERSION],
        database=settings.get(CONF_DATABASE) or settings.get(CONF_BUCKET) or "",
        organisation=settings.get(CONF_ORGANISATION) or "",
        username=settings.get(CONF_USERNAME) or None,
        password=settings.get(CONF_PASSWORD),
        token=settings.get(CONF_TOKEN) or None,
        is_known=is_known,
    )


async def async_test_settings(hass: HomeAssistant, settings: Mapping[str, Any]) -> str | None:
    """Test settings in clear as a destination tests its own."""
    server = server_of(hass, settings, is_known=False)
    samples = _samples(hass, server, settings)
    labels = labels_from(settings.get(CONF_LABELS))
    return await InfluxDestination(server, labels, samples=samples).async_test()


async def async_create_influxdb(
    hass: HomeAssistant, entry: ConfigEntry, settings: Mapping[str, Any]
) -> InfluxDestination:
    """Make the destination of a config entry and its settings in clear."""
    server = server_of(hass, settings, is_known=True)
    labels = labels_from(settings.get(CONF_LABELS))

    async def write(metrics: Sequence[MetricSamples]) -> None:
        lines = (
            own_series(one.name, {**labels, **one.labels}).line(stamp // 1000, value)
            for one in metrics
            for stamp, value in one.samples
        )
        await server.write(b"".join(lines))

    metrics = InternalMetrics(hass, write, entry)
    samples = _samples(hass, server, settings)
    return InfluxDestination(server, labels, metrics=metrics, samples=samples)


def _samples(hass: HomeAssistant, server: InfluxDb, settings: Mapping[str, Any]) -> Samples:
    place = f"{server.url} {server.organisation} {server.database}"
    return Samples(hass, place, INTAKE, settings[CONF_DATA])

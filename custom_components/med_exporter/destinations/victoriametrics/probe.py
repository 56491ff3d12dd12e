"""One sample that goes the way of all others: the connection test, and what labels come to."""

from __future__ import annotations

import random
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from homeassistant.util import dt as dt_util

from ..base import DestinationError
from ..web import TIMEOUT
from .rows import CONSUMPTION, NAME, line_of, selector_of
from .visibility import until_shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .server import VictoriaMetrics

PROBE: Final = "myelectricaldata_export_test"
"""The metric of that sample."""
BACKFILL: Final = timedelta(days=365)
"""How far back a new destination begins."""
REMARK_SHORT_RETENTION: Final = "destination_retention_short"

_SECONDS: Final = TIMEOUT


async def async_test_server(
    server: VictoriaMetrics, labels: Mapping[str, str], destination_id: str | None = None
) -> str | None:
    """Write and read as a run does.

    Returns None or REMARK_SHORT_RETENTION; raises DestinationError as `async_learn_labels`.
    """
    await async_learn_labels(server, labels, destination_id)
    retention = (await server.flags()).retention
    is_short = retention is not None and retention < BACKFILL
    return REMARK_SHORT_RETENTION if is_short else None


async def async_learn_labels(
    server: VictoriaMetrics,
    labels: Mapping[str, str],
    destination_id: str | None = None,
) -> dict[str, str]:
    """Write a sample as a run writes them, and return the labels that it has besides afterwards.

    `labels` are the user's. A destination that has no id yet has the same one for each try.

    Raises:
        DestinationError: `LABELS_CHANGED` where one of the labels is lost or another,
            `NOTHING_SHOWN` where the sample is, or one of those of `VictoriaMetrics`.

    """
    given = {**labels, "pdl": "test", "type": "test"}
    own_id = destination_id or str(uuid.uuid5(uuid.NAMESPACE_URL, f"{server.url} {given}"))
    sent = {NAME: PROBE, **given, "destination": own_id}
    # The number tells this sample from all others of this moment, whatever its labels are now.
    stamp = round(dt_util.utcnow().timestamp() * 1000)
    number = random.randrange(1, 10**9)  # noqa: S311 (no secret)
    shown: list[Mapping[str, str]] = []

    async def look() -> bool:
        lines = server.read(selector_of({NAME: PROBE}), stamp, stamp, seconds=_SECONDS)
        shown.extend([line["metric"] async for line in lines if number in line["values"]])
        return bool(shown)

    await server.write(line_of(sent, [(stamp, number)]), seconds=_SECONDS)
    if not await until_shown(server, look):
        raise DestinationError("nothing_shown", field="url", host=server.host, metric=PROBE)
    for name, text in sent.items():
        now = shown[0].get(name)
        if now != text:
            raise DestinationError(
                "labels_changed",
                variant="lost" if now is None else None,
                field="labels" if name in labels else "url",
                host=server.host,
                label=name,
                value=text,
                now=now,
            )
    return {name: text for name, text in shown[0].items() if name not in sent}


async def async_read_nothing(server: VictoriaMetrics, labels: Mapping[str, str]) -> None:
    """Ask for what cannot be there, as a run asks for more. Raises DestinationError."""
    now = round(dt_util.utcnow().timestamp() * 1000)
    selector = selector_of({NAME: CONSUMPTION, **labels})
    async for _ in server.read(selector, now, now, seconds=_SECONDS):
        pass

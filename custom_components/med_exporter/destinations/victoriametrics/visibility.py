"""When a server shows what it was given, and which labels it has put to it on the way."""

from __future__ import annotations

import asyncio
import random
import uuid
from typing import TYPE_CHECKING, Final

from homeassistant.util import dt as dt_util

from ..base import DestinationError
from .rows import NAME, line_of, selector_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from .server import VictoriaMetrics

PROBE: Final = "myelectricaldata_export_test"
"""The metric whose samples tell what becomes of labels between here and the server."""

# Without a flush, a server shows samples after a second or two, but a new series that has been
# looked for before only after 10 seconds: so long it remembers that there was none.
SHOWN_AFTER: Final = 15.0
_POLLED_FOR: Final = 20.0
_FLUSHED_FOR: Final = 2.0


async def until_shown(server: VictoriaMetrics, look: Callable[[], Awaitable[bool]]) -> bool:
    """Look for what was written until all of it is there; return False when it does not come."""
    is_flushed = await server.flush()
    loop = asyncio.get_running_loop()
    deadline = loop.time() + (_FLUSHED_FOR if is_flushed else _POLLED_FOR)
    while not await look():
        if loop.time() > deadline:
            return False
        await asyncio.sleep(0.5)
        await server.flush()
    return True


async def async_learn_labels(
    server: VictoriaMetrics,
    labels: Mapping[str, str],
    destination_id: str | None = None,
    *,
    seconds: float,
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
        lines = server.read(selector_of({NAME: PROBE}), stamp, stamp, seconds=seconds)
        shown.extend([line["metric"] async for line in lines if number in line["values"]])
        return bool(shown)

    await server.write(line_of(sent, [(stamp, number)]), seconds=seconds)
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

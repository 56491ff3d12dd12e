"""One sample that goes the way of all others: the connection test, and what labels come to."""

from __future__ import annotations

import random
import uuid
from typing import TYPE_CHECKING, Final

from homeassistant.util import dt as dt_util

from ...engine.lazy_dataclass import dataclass
from ..web import TIMEOUT
from .rows import CONSUMPTION, NAME, line_of
from .visibility import until_shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .server import VictoriaMetrics

PROBE: Final = "myelectricaldata_export_test"
"""The metric of that sample."""
IDENTITY: Final = frozenset({NAME, "pdl", "type", "destination"})
"""The labels that are neither a user's nor added on the way."""

_SECONDS: Final = TIMEOUT


@dataclass(frozen=True, slots=True)
class Probe:
    """The labels of a sample as it was sent, and as it is there; None where it does not appear."""

    sent: Mapping[str, str]
    shown: Mapping[str, str] | None

    @property
    def added(self) -> dict[str, str] | None:
        """Return the labels that it has besides afterwards."""
        if self.shown is None:
            return None
        return {name: text for name, text in self.shown.items() if name not in self.sent}

    @property
    def changed(self) -> str | None:
        """Return the first label that is lost or another."""
        if self.shown is None:
            return None
        return next((one for one in self.sent if self.shown.get(one) != self.sent[one]), None)


def probe_id(server: VictoriaMetrics, labels: Mapping[str, str]) -> str:
    """Return the label `destination` of its samples: where the same user's labels go to."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{server.url} {labels}"))


async def async_probe(
    server: VictoriaMetrics, labels: Mapping[str, str], pdl: str, kind: str | None
) -> Probe:
    """Write a sample as a run writes them, and look what it has become.

    `labels` are the user's; `pdl` and `kind` (the label `type`) those of the series that it stands
    for. Raises DestinationError.
    """
    given = {**labels, "pdl": pdl, **({} if kind is None else {"type": kind})}
    sent = {NAME: PROBE, **given, "destination": probe_id(server, labels)}
    # The number tells this sample from all others of this moment, whatever its labels are now.
    stamp = round(dt_util.utcnow().timestamp() * 1000)
    number = random.randrange(1, 10**9)  # noqa: S311 (no secret)
    shown: list[Mapping[str, str]] = []

    async def look() -> bool:
        lines = server.read({NAME: PROBE}, stamp, stamp, seconds=_SECONDS)
        shown.extend([line["metric"] async for line in lines if number in line["values"]])
        return bool(shown)

    await server.write(line_of(sent, [(stamp, number)]), seconds=_SECONDS)
    is_shown = await until_shown(server, look)
    return Probe(sent, shown[0] if is_shown else None)


async def async_read_nothing(server: VictoriaMetrics, labels: Mapping[str, str]) -> None:
    """Ask for what cannot be there, as a run asks for more. Raises DestinationError."""
    now = round(dt_util.utcnow().timestamp() * 1000)
    async for _ in server.read({NAME: CONSUMPTION, **labels}, now, now, seconds=_SECONDS):
        pass

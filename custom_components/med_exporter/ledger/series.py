"""What the ledger has a series of closed periods for, each with a statistic id of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

from ..const import CONF_PDL, CONF_PLUGS, CONF_ROLE, DOMAIN, PlugRole
from ..engine.lazy_dataclass import dataclass
from ..entries.finding import slug_of

if TYPE_CHECKING:
    from collections.abc import Mapping

COUNTED_ROLES: Final = (PlugRole.CONSUMPTION, PlugRole.PRODUCTION)


@dataclass(frozen=True, slots=True)
class PlugSeries:
    """The energy of one plug, whatever its role."""

    plug_id: str

    @property
    def statistic_id(self) -> str:
        """Return the id of the long-term statistics."""
        return f"{DOMAIN}:energy_{self.plug_id}"


@dataclass(frozen=True, slots=True)
class PointSeries:
    """The sum over the plugs of a metering point, each while it had this role.

    `metering_point` is its slug; `role` is consumption or production.
    """

    metering_point: str
    role: PlugRole

    @property
    def statistic_id(self) -> str:
        """Return the id of the long-term statistics."""
        return f"{DOMAIN}:{self.role.value}_{self.metering_point}"


type Series = PlugSeries | PointSeries


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerPlug:
    """A plug as the ledger books it.

    `metering_point` is the slug of the metering point that it belongs to now, and `role` the role
    that it has now: energy is booked to both. The names are shown to users.
    """

    plug_id: str
    name: str
    metering_point: str
    metering_point_name: str
    role: PlugRole

    @classmethod
    def of(cls, plug_id: str, data: Mapping[str, Any], metering_point_name: str) -> Self:
        """Return a plug or meter as the data of its metering point's config entry have it."""
        plug = data[CONF_PLUGS][plug_id]
        return cls(
            plug_id=plug_id,
            name=plug["name"],
            metering_point=slug_of(data[CONF_PDL]),
            metering_point_name=metering_point_name,
            role=PlugRole(plug[CONF_ROLE]),
        )

    @property
    def series(self) -> tuple[Series, ...]:
        """Return what the plug's energy counts towards."""
        own = PlugSeries(self.plug_id)
        if self.role not in COUNTED_ROLES:
            return (own,)
        return own, PointSeries(self.metering_point, self.role)

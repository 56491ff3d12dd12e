"""What a meter has counted since the last row of its statistics, from its entity's states."""

from __future__ import annotations

from collections import deque
from dataclasses import field
from typing import TYPE_CHECKING, Final, NamedTuple

from homeassistant.components.sensor import ATTR_LAST_RESET, ATTR_STATE_CLASS, SensorStateClass
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfEnergy
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import EnergyConverter

from ..engine.energy import to_mwh
from ..engine.growth import growth, growth_of_total
from ..engine.lazy_dataclass import dataclass
from ..engine.recorder.state_values import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from homeassistant.core import State

# States are kept until a row of statistics says the same: a few minutes of them.
_MOST: Final = 4096


class Shown(NamedTuple):
    """What an entity showed at a moment (UTC seconds), in mWh.

    `last_reset` is when it says to have begun anew (UTC seconds): only a `total` does, which alone
    may fall.
    """

    at: float
    mwh: int
    last_reset: float | None = None
    is_total: bool = False


def shown(state: State | None) -> Shown | None:
    """Return what a state of an energy entity says; None where it says nothing."""
    value = None if state is None else number(state.state)
    if state is None or value is None:
        return None
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    try:
        kwh = EnergyConverter.convert(value, unit, UnitOfEnergy.KILO_WATT_HOUR)
    except HomeAssistantError:
        return None
    is_total = state.attributes.get(ATTR_STATE_CLASS) == SensorStateClass.TOTAL
    reset = dt_util.parse_datetime(str(state.attributes.get(ATTR_LAST_RESET))) if is_total else None
    return Shown(
        state.last_updated.timestamp(),
        to_mwh(kwh),
        None if reset is None else dt_util.as_utc(reset).timestamp(),
        is_total,
    )


@dataclass(slots=True)
class Live:
    """The states of a meter's entity since the last row of its statistics."""

    _states: deque[Shown] = field(default_factory=lambda: deque(maxlen=_MOST))

    @property
    def seen_at(self) -> float | None:
        """Return when the entity last showed something (UTC seconds)."""
        return self._states[-1].at if self._states else None

    def see(self, state: Shown) -> None:
        """Take in a state, later than those before."""
        if not self._states or state.at > self._states[-1].at:
            self._states.append(state)

    def settle(self, until: float, row: Shown | None) -> None:
        """Begin where a row of statistics ends, with what it says that the entity showed then."""
        latest: Shown | None = None
        while self._states and self._states[0].at <= until:
            latest = self._states.popleft()
        if (first := row or latest) is not None:
            self._states.appendleft(first)

    def between(self, start: float, end: float | None = None) -> int:
        """Return what was counted after one moment and not after another, in mWh."""
        return sum(
            grown for at, grown in self._growths() if at > start and (end is None or at <= end)
        )

    def _growths(self) -> Iterator[tuple[float, int]]:
        """Yield moments and what was counted at each.

        A row of statistics may come in front of states that are here: each is judged by all before.
        """
        before: Shown | None = None
        for state in self._states:
            if before is None:
                before = state
            elif state.is_total or state.mwh >= 0:
                if state.is_total:
                    resets = before.last_reset, state.last_reset
                    grown = growth_of_total(before.mwh, state.mwh, *resets)
                else:
                    grown = growth(before.mwh, state.mwh)
                yield state.at, grown
                # Who does not name a reset has had none since.
                known = before.last_reset if state.last_reset is None else state.last_reset
                before = state._replace(last_reset=known)

"""Truths that nobody can tell apart by what a plug says: how much more another one has used.

Energy that has been counted is never taken back, so what a falsehood adds is excused where another
truth makes the very same readings up to the one by which it is counted. These are all:

- **Together.** One reading, in which two counters say that they have grown by the same, and by what
  the socket can have passed since they were heard: after such a time that is how they are believed.
- **Again.** Two readings of one counter, of which the later goes on from the earlier as energy
  would: by no more than the socket passes, and by what power brings where that is told. The twin
  has used it in the time that nobody watched, or has rebooted. While it is watched, power or
  another counter that goes on speaks against it, and so does that it stands where it must move.
- **Fallen.** What was said again below the truth is where the twin is after a reboot. Where the
  socket can have passed the difference by the next reading, the twin has used that too.
- **Risen.** What was said again above the truth is where the twin is; where it then shows less, it
  has rebooted, and used since then what it shows, where the socket can have passed that.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise

from custom_components.med_exporter.engine.evidence.reading import unlikely

# What passes a socket before a counter has to show it, in seconds.
LATE = 120
SOCKET_WATTS = 4200
# What power brings is told in mWh: less than so many of them may be none.
_IDLE = 4


@dataclass(frozen=True)
class Falsehood:
    """A reading with false counters: what is `true` and what was `told`, in kWh by name.

    `at` is when, and `heard` when the last one before it was, both in seconds.
    """

    at: float
    heard: float
    true: dict[str, float]
    told: dict[str, float]

    @property
    def false(self) -> list[str]:
        """Return the names of the counters that were told falsely, and can be true."""
        return [
            name
            for name, kwh in self.told.items()
            if name != "month_before"
            and kwh != self.true.get(name)
            and not unlikely(name, kwh, SOCKET_WATTS)
        ]

    def excess(self, name: str) -> float:
        """Return what a counter says beyond what it is, in kWh: all of it after a reboot."""
        told, true = self.told[name], self.true[name]
        return told - true if told > true else told


@dataclass(frozen=True, kw_only=True)
class Watched:
    """Who else speaks while a falsehood is told: `watts` is the load, `grain` a counter's step.

    `is_watched` says that the plug was read before without a gap, `has_gone_on` that a counter had
    stood where it stood for long by then.
    """

    watts: float
    grain: int
    tells_power: bool
    is_watched: bool
    has_gone_on: bool


@dataclass(frozen=True)
class Twin:
    """Another truth with the same readings: how much more it has used, in mWh.

    `fallen` is where its counters stand that are below ours, in kWh by name, since `at`, and
    `risen` of those that are above.
    """

    excess: float
    at: float
    fallen: dict[str, float]
    risen: dict[str, float]

    def goes_on_to(self, at: float, told: dict[str, float]) -> float:
        """Return what it has used by the next reading, in mWh, where the socket can have passed it.

        `told` are the counters then, in kWh by name.
        """
        room = SOCKET_WATTS * (at - self.at + LATE) / 3.6e6
        more = [told[name] - kwh for name, kwh in self.fallen.items() if name in told]
        # Which show less again have begun anew there.
        more += [told[name] for name, kwh in self.risen.items() if told.get(name, kwh) < kwh]
        return 1e6 * max((kwh for kwh in more if 0 < kwh <= room), default=0.0)


def twin(falsehoods: list[Falsehood], watched: Watched) -> Twin:
    """Return the truth that fits the falsehoods as well."""
    together = [_together(one, watched.grain) for one in falsehoods]
    again = [
        (later, name)
        for earlier, later in combinations(falsehoods, 2)
        for name in later.false
        if name in earlier.false and _goes_on(name, earlier, later, watched)
    ]
    excess = 1e6 * max([0.0, *together, *(one.excess(name) for one, name in again)])
    fallen = {name: one.told[name] for one, name in again if one.told[name] < one.true[name]}
    risen = {name: one.told[name] for one, name in again if one.told[name] > one.true[name]}
    return Twin(excess, falsehoods[-1].at if falsehoods else 0.0, fallen, risen)


def _together(falsehood: Falsehood, grain: int) -> float:
    """Return the growth in kWh that two counters say alike, where it can have been used."""
    room = SOCKET_WATTS * (falsehood.at - falsehood.heard + LATE) / 3.6e6
    more = sorted(falsehood.told[name] - falsehood.true[name] for name in falsehood.false)
    alike = [b for a, b in pairwise(more) if b - a <= 10 * grain / 1e6]
    return max((kwh for kwh in alike if 0 < kwh <= room), default=0.0)


def _goes_on(name: str, earlier: Falsehood, later: Falsehood, watched: Watched) -> bool:
    """Return whether nothing speaks against it that a counter has come from one to the other."""
    seconds = later.at - earlier.at
    growth = 1e6 * (later.told[name] - earlier.told[name])
    passed = watched.watts * seconds / 3.6
    if growth == 0:
        is_alone = len(later.false) < 2 and watched.is_watched
        return not is_alone and not (watched.tells_power and passed >= _IDLE)
    if not 0 < growth <= SOCKET_WATTS * (seconds + LATE) / 3.6:
        return False
    if not watched.tells_power:
        return True
    others = later.true.keys() - {*later.false, "month_before"}
    if watched.is_watched and (others or watched.has_gone_on):
        return False
    return abs(growth - passed) < passed / 2 + 2 * watched.grain

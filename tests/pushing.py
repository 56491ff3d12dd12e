"""Houses for tests of pushes: a real ledger, real costs, and a grid that a test writes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.helpers.recorder import get_instance
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util import slugify
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from sqlalchemy import select

from custom_components.med_exporter.const import DOMAIN, DataType, PlugRole
from custom_components.med_exporter.costs import DATA_COSTS
from custom_components.med_exporter.database.commit import async_commit
from custom_components.med_exporter.destinations.mqtt.kind import MQTT
from custom_components.med_exporter.destinations.registry import DESTINATIONS
from custom_components.med_exporter.engine.energy import to_kwh, to_mwh
from custom_components.med_exporter.engine.tariff import parse_contracts
from custom_components.med_exporter.engine.times import quarters_between
from custom_components.med_exporter.grid.data import GridData
from custom_components.med_exporter.ledger import (
    DATA_LEDGER,
    CounterStart,
    LedgerPlug,
    PointSeries,
    Posting,
)
from custom_components.med_exporter.metering.marks import Marks
from custom_components.med_exporter.metering.metering_point import MeteringPoint
from custom_components.med_exporter.metering.running import RunningPeriods
from custom_components.med_exporter.pushes.request import read_push_request
from custom_components.med_exporter.pushes.runner import DATA_PUSHES
from custom_components.med_exporter.pushes.watermarks import watermarks_table
from custom_components.med_exporter.sources.ecowatt import EcoWattDay
from tests.metering_points import NOON, PARIS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    import pytest
    from freezegun.api import FrozenDateTimeFactory
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant
    from sqlalchemy import Executable

    from custom_components.med_exporter.history.records import ExportRecord
    from custom_components.med_exporter.pushes.runner import PushRunner
    from custom_components.med_exporter.pushes.runtime import DestinationRuntime
    from custom_components.med_exporter.sources.tempo_calendar import TempoColour
    from tests.shelf import Shelf


@dataclass
class PaperGrid:
    """A grid that knows what a test writes; `later` it learns when it is asked for the day."""

    data: GridData = field(default_factory=GridData)
    later: dict[date, TempoColour] = field(default_factory=dict)
    refreshed: int = 0
    _listeners: list[Callable[[], None]] = field(default_factory=list)

    def know(self, colours: Mapping[date, TempoColour]) -> None:
        """Learn colours."""
        self.data.add_colours(dict(colours), datetime.now(UTC))

    def signal(self, day: date, level: int) -> None:
        """Learn a level."""
        signal = EcoWattDay(date=day, level=level, message="Fine", hours=(1,) * 24)
        self.data.add_signals({day: signal}, datetime.now(UTC))

    def tell(self) -> None:
        """Tell those who follow."""
        for listener in list(self._listeners):
            listener()

    async def async_colours(self, start: date, end: date) -> dict[date, TempoColour | None]:
        """Learn what may be known now."""
        self.know({day: colour for day, colour in self.later.items() if start <= day <= end})
        return self.data.colours(start, end)

    def async_add_listener(self, action: Callable[[], None]) -> Callable[[], None]:
        """Call action on each reading."""
        self._listeners.append(action)
        return lambda: self._listeners.remove(action)

    async def async_refresh(self) -> None:
        """Count readings."""
        self.refreshed += 1


class House:
    """The integration with metering points whose ledger a test fills, at noon in Paris."""

    def __init__(
        self, hass: HomeAssistant, freezer: FrozenDateTimeFactory, patch: pytest.MonkeyPatch
    ) -> None:
        self.hass = hass
        self.freezer = freezer
        self._patch = patch
        self._starts: dict[str, CounterStart] = {}
        self._values: dict[str, float] = {}

    @property
    def runner(self) -> PushRunner:
        return self.hass.data[DATA_PUSHES]

    @property
    def ledger(self) -> Any:
        return self.hass.data[DATA_LEDGER]

    async def set_up(self) -> None:
        """Set up the integration without entries."""
        await self.hass.config.async_set_time_zone("Europe/Paris")
        self.freezer.move_to(NOON)
        await async_setup_component(self.hass, "http", {})
        assert await async_setup_component(self.hass, DOMAIN, {})
        await self.hass.async_block_till_done()

    def add_point(self, pdl: str, *plugs: LedgerPlug) -> ConfigEntry:
        """Add a metering point; its current values are 1 kWh for each plug that counts."""
        entry = MockConfigEntry(
            domain=DOMAIN,
            title=pdl.capitalize(),
            data={
                "type": "kasa",
                "pdl": pdl,
                "hosts": {},
                "plugs": {one.plug_id: {"name": one.name, "role": one.role.value} for one in plugs},
            },
        )
        entry.add_to_hass(self.hass)
        self.load_point(entry)
        entry.mock_state(self.hass, ConfigEntryState.LOADED)
        return entry

    def load_point(self, entry: ConfigEntry) -> None:
        """Give a metering point what it has while it is loaded."""
        counter = SimpleNamespace(
            seen_at=NOON,
            day=NOON.date(),
            value=2.0,
            marks=Marks(
                day=NOON.date(), days={NOON.date(): 1.0}, months={NOON.date().replace(day=1): 0.0}
            ),
            last_day=None,
            last_month=None,
        )
        data = {plug_id: SimpleNamespace(counter=counter) for plug_id in entry.data["plugs"]}
        entry.runtime_data = MeteringPoint(
            entry,
            SimpleNamespace(data=data, now=dt_util.now, counted=0),
            RunningPeriods(self.hass, entry, self.ledger, lambda: None),
        )

    def contracts(self, entry: ConfigEntry, *contracts: dict[str, Any]) -> None:
        """Let the user enter contracts in the place of those before."""
        stored = parse_contracts(list(contracts)).to_dicts()
        self.hass.config_entries.async_update_entry(entry, options={"contracts": stored})

    def add_grid(self) -> PaperGrid:
        """Add a grid that knows nothing yet."""
        entry = MockConfigEntry(domain=DOMAIN, title="Grid", data={"type": "grid"})
        entry.add_to_hass(self.hass)
        entry.runtime_data = PaperGrid()
        entry.mock_state(self.hass, ConfigEntryState.LOADED)
        return entry.runtime_data

    async def add_destination(
        self, shelf: Shelf, *, data: list[DataType] | None = None, **options: Any
    ) -> DestinationRuntime:
        """Set up a destination whose automatic export is off, unless a test says otherwise."""
        entry = MockConfigEntry(
            domain=DOMAIN,
            title=options.pop("title", "Shelf"),
            data={
                "type": "mqtt",
                "id": str(uuid.uuid4()),
                "data": [one.value for one in data or DataType],
                "interval": str(options.pop("interval", 60)),
            },
            options={"enabled": options.pop("enabled", False)},
        )
        assert not options

        async def create(*_: object) -> Shelf:
            return shelf

        kind = replace(MQTT, create=create, remove=None)
        self._patch.setitem(DESTINATIONS, MQTT.type, kind)
        entry.add_to_hass(self.hass)
        assert await self.hass.config_entries.async_setup(entry.entry_id)
        await self.hass.async_block_till_done()
        return entry.runtime_data

    async def use(self, plug: LedgerPlug, start: datetime, end: datetime, kwh: float) -> None:
        """Measure the same energy in each half-hour from start to end."""
        quarters = quarters_between(start.timestamp(), end.timestamp())
        total = to_mwh(kwh * len(quarters) / 2)
        parts = {
            quarter: total * (number + 1) // len(quarters) - total * number // len(quarters)
            for number, quarter in enumerate(quarters)
        }
        await self._use(plug, start, end, parts)

    async def use_at_random(
        self, plug: LedgerPlug, start: datetime, end: datetime, chance: Random
    ) -> None:
        """Measure up to half a kWh by chance in each quarter-hour from start to end."""
        quarters = quarters_between(start.timestamp(), end.timestamp())
        await self._use(plug, start, end, {one: chance.randrange(500_000) for one in quarters})

    async def _use(
        self, plug: LedgerPlug, start: datetime, end: datetime, parts: dict[int, int]
    ) -> None:
        before = self._values.get(plug.plug_id, 0.0)
        await self.read(plug, before, start)
        after = before + to_kwh(sum(parts.values()))
        await self.read(plug, after, end, since=start, quarters=parts)

    async def read(self, plug: LedgerPlug, value: float, at: datetime, **values: Any) -> None:
        """Post a counter; what it grew by without being measured is filled in."""
        start = self._starts.setdefault(plug.plug_id, CounterStart(at=at, value_kwh=value))
        self._values[plug.plug_id] = value
        await self.ledger.post(
            Posting(plug=plug, start=start, value_kwh=value, at=at, **{"since": at, **values})
        )

    async def grow(self, plug: LedgerPlug, kwh: float, at: datetime) -> None:
        """Let a plug that nobody has read for a while turn out to have used something."""
        await self.read(plug, self._values.get(plug.plug_id, 0.0) + kwh, at)

    async def push(self, runtime: DestinationRuntime, **asked: Any) -> ExportRecord:
        """Run to the end."""
        record = await self.runner.async_run(runtime, read_push_request(asked), trigger="test")
        await self.hass.async_block_till_done(wait_background_tasks=True)
        return record

    async def pass_time(self, **span: float) -> None:
        """Let timers fire that are due by then."""
        self.freezer.tick(timedelta(**span))
        async_fire_time_changed(self.hass, dt_util.utcnow())
        await self.committed()

    async def settle(self) -> None:
        """Let the ledger and the costs notice what has changed."""
        await self.ledger.async_write_statistics()
        await self.hass.data[DATA_COSTS].async_update()
        await self.committed()

    async def committed(self) -> None:
        await self.hass.async_block_till_done(wait_background_tasks=True)
        await async_commit(self.hass)

    async def committed_without_waiting(self) -> None:
        """Let the recorder write what is queued, while runs go on."""
        await async_commit(self.hass)

    async def execute(self, statement: Executable) -> None:
        """Change the database behind everybody's back."""
        await self.committed()

        def write() -> None:
            with get_instance(self.hass).engine.begin() as connection:
                connection.execute(statement)

        await get_instance(self.hass).async_add_executor_job(write)

    async def days(self, pdl: str = "house", role: str = "consumption") -> dict[str, float]:
        """Return the closed days of the last year as the ledger has them."""
        return {
            period.start.strftime("%Y-%m-%d"): period.kwh
            for period in await self.ledger.async_days(
                PointSeries(slugify(pdl), PlugRole(role)), since(365), NOON + timedelta(days=9)
            )
            if period.closed
        }

    async def watermarks(self, runtime: DestinationRuntime) -> dict[tuple[str, str], Any]:
        """Return the rows of a destination."""
        await self.committed()
        columns = watermarks_table.c

        def read() -> dict[tuple[str, str], Any]:
            with get_instance(self.hass).engine.connect() as connection:
                rows = connection.execute(
                    select(watermarks_table).where(columns.destination == runtime.id)
                )
                return {(row.metering_point, row.series): row for row in rows}

        return await get_instance(self.hass).async_add_executor_job(read)


def plug(number: int = 1, role: str = "consumption", point: str = "house") -> LedgerPlug:
    """Return a plug as the ledger books it."""
    return LedgerPlug(
        plug_id=f"50c7bf00000{number}",
        name=f"Plug {number}",
        metering_point=slugify(point),
        metering_point_name=point.capitalize(),
        role=PlugRole(role),
    )


def since(days: float) -> datetime:
    """Return midnight so many days before the twentieth of November."""
    midnight = NOON.replace(hour=0)
    return (midnight - timedelta(days=days)).astimezone(PARIS)

"""The costs of all metering points: priced as the ledger grows, kept, and read."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntryChange
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect, async_dispatcher_send
from homeassistant.helpers.event import async_track_time_change, async_track_time_interval
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util
from homeassistant.util import slugify
from homeassistant.util.hass_dict import HassKey

from ..const import CONF_PDL, DOMAIN, LOGGER
from ..database import DatabaseUnavailableError, async_read, queue_work
from ..entries import metering_point_entries
from ..grid.link import async_follow_grid, loaded_grid
from ..ledger import SIGNAL_LEDGER_CHANGED
from ..local_time import local_zone
from ..metering.contracts import tariff_of
from .pricing import Terms, delete_costs, find_work, oldest_kept, price_next
from .reading import read_costs, read_running, total_cost
from .state import read_pricing
from .statistics import forget_cost_change, plan_cost_statistics, write_cost_statistics
from .tables import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date, datetime

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import Event, HomeAssistant

    from ..engine.tariff import Colours
    from ..ledger import LedgerChange, Series
    from .reading import CostAggregation, CostPeriod, CostSplit, CostTotal, RunningCosts
    from .state import Pricing

SIGNAL_COSTS_CHANGED: Final = f"{DOMAIN}_costs_changed"
"""Sent with a CostChange when closed hours have got another cost, at least once for each."""

SIGNAL_COSTS_UPDATED: Final = f"{DOMAIN}_costs_updated"
"""Sent with a metering point's slug when what it costs today may be another."""

_PRICE_EVERY: Final = timedelta(minutes=2)
_LOOK_AT_ALL_EVERY: Final = timedelta(hours=1)
# What a pass compares when nothing tells of changes further back.
_RECENT_SECONDS: Final = 2 * 86400
_LIMIT: Final = 300
_MOST_PASSES: Final = 20


@dataclass(frozen=True, slots=True)
class Repricing:
    """What a repricing has changed: half-hours, and the cost of consumption before and after."""

    half_hours: int
    before: CostTotal
    after: CostTotal


class Costs:
    """Prices the half-hours of the ledger by the contracts of their metering point.

    Half-hours stand in the table `med_exporter_costs` for 400 days, the hours of a metering
    point's consumption in the long-term statistics for good. All work on the database is done in
    the recorder's thread or the executor. Money is in the installation's currency.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._working = asyncio.Lock()
        self._running: dict[str, RunningCosts] = {}
        self._wanted: float | None = None
        self._task: asyncio.Task[None] | None = None
        self._statistic_name = "{name} cost"

    async def async_setup(self) -> None:
        """Price what the ledger books, from now on and until Home Assistant stops."""
        key = f"component.{DOMAIN}.selector.cost_statistic.options.cost"
        texts = await async_get_translations(
            self._hass, self._hass.config.language, "selector", [DOMAIN]
        )
        if key in texts:
            self._statistic_name = f"{{name}} {texts[key].lower()}"

        @callback
        def recent(_: datetime) -> None:
            self.async_request()

        @callback
        def everything(_: object = None) -> None:
            self.async_request(since=0)

        @callback
        def on_ledger_change(change: LedgerChange) -> None:
            self.async_request(since=change.first_ts)

        @callback
        def on_entry_change(change: ConfigEntryChange, entry: ConfigEntry) -> None:
            if entry.domain == DOMAIN and CONF_PDL in entry.data:
                self.async_request()

        ends = [
            async_track_time_interval(
                self._hass, action, interval, name=f"{DOMAIN} costs", cancel_on_shutdown=True
            )
            for action, interval in ((recent, _PRICE_EVERY), (everything, _LOOK_AT_ALL_EVERY))
        ]
        ends += [
            async_track_time_change(self._hass, recent, hour=0, minute=0, second=0),
            async_dispatcher_connect(self._hass, SIGNAL_LEDGER_CHANGED, on_ledger_change),
            async_dispatcher_connect(self._hass, SIGNAL_CONFIG_ENTRY_CHANGED, on_entry_change),
            async_follow_grid(self._hass, self.async_request),
            async_at_started(self._hass, everything),
        ]

        @callback
        def end(_: Event) -> None:
            for cancel in ends:
                cancel()

        self._hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, end)

    @callback
    def async_request(self, *, since: float | None = None) -> None:
        """Let all metering points be priced in the background.

        Args:
            since: energy has changed from here on (UTC seconds); None for the last two days.

        """
        if since is None:
            since = dt_util.utcnow().timestamp() - _RECENT_SECONDS
        self._wanted = since if self._wanted is None else min(since, self._wanted)
        if self._hass.is_running and (self._task is None or self._task.done()):
            self._task = self._hass.async_create_background_task(
                self._async_work(), f"{DOMAIN} prices energy"
            )

    async def async_update(self, *, since: float = 0) -> None:
        """Price all that is to be priced, and write the statistics. A second call changes nothing.

        To be called before closed periods are pushed. Raises DatabaseUnavailableError, and
        TimeoutError where the recorder is busy for minutes.

        Args:
            since: energy has changed from here on (UTC seconds).

        """
        for entry in metering_point_entries(self._hass):
            await self._async_price(entry, since)
        if since == 0:
            now = dt_util.utcnow().timestamp()
            await queue_work(self._hass, SCHEMA, lambda c: delete_costs(c, now))

    async def async_reprice(self, entry: ConfigEntry) -> Repricing:
        """Price the past 400 days of a metering point anew, by its contracts as they are now.

        Raises DatabaseUnavailableError, and TimeoutError where the recorder is busy for minutes.
        """
        slug, since = point_slug(entry), oldest_kept(dt_util.utcnow().timestamp())
        before = await queue_work(self._hass, SCHEMA, lambda c: total_cost(c, slug, since))
        changed = await self._async_price(entry, 0, reprice=True)
        after = await queue_work(self._hass, SCHEMA, lambda c: total_cost(c, slug, since))
        return Repricing(changed, before, after)

    @callback
    def running(self, metering_point: str) -> RunningCosts | None:
        """Return what a metering point (its slug) costs today and this month, as last priced."""
        return self._running.get(metering_point)

    async def async_costs(
        self,
        series: Series,
        start: datetime,
        end: datetime,
        *,
        aggregation: CostAggregation = "daily",
        by: Collection[CostSplit] = (),
    ) -> list[CostPeriod]:
        """Return what the periods that begin in [start, end) cost, of the last 400 days.

        Args:
            series: a metering point's consumption (or what its production brings), or a plug's
                consumption.
            start: an aware time.
            end: an aware time.
            aggregation: `half_hourly`, `hourly`, `daily`, `weekly` or `monthly`.
            by: what to tell apart: `plug`, `period`, `tier`.

        Raises:
            ValueError: a time without a time zone.
            DatabaseUnavailableError: the database cannot be read.

        """
        if start.tzinfo is None or end.tzinfo is None:
            raise ValueError("start and end need a time zone")
        stretch, zone = (start.timestamp(), end.timestamp()), local_zone()
        nothing: list[CostPeriod] = []
        return await async_read(
            self._hass,
            SCHEMA,
            lambda c: read_costs(c, series, stretch, zone, aggregation, by),
            nothing,
        )

    async def _async_work(self) -> None:
        while self._wanted is not None and self._hass.is_running:
            since, self._wanted = self._wanted, None
            try:
                await self.async_update(since=since)
            except DatabaseUnavailableError:
                # It is in the log, and the next time makes up for it.
                return
            except TimeoutError:
                LOGGER.warning("The recorder has been busy for too long to write costs")
                return
            if await self._async_learn_colours():
                self.async_request()

    async def _async_price(self, entry: ConfigEntry, since: float, *, reprice: bool = False) -> int:
        """Price a metering point and return how many half-hours have changed."""
        async with self._working, asyncio.timeout(_LIMIT):
            terms = Terms(
                metering_point=point_slug(entry),
                tariff=tariff_of(entry),
                colours=self._colours(),
                zone=local_zone(),
            )
            slug, zone, now = terms.metering_point, terms.zone, dt_util.utcnow().timestamp()
            find = partial(find_work, terms=terms, now=now, since=since, reprice=reprice)
            pricing = await queue_work(self._hass, SCHEMA, find)
            changed = 0
            is_done = pricing.dirty_from_ts is None
            while not is_done:
                work = await queue_work(
                    self._hass, SCHEMA, partial(price_next, metering_point=slug, now=now, zone=zone)
                )
                changed, is_done = changed + work.changed, work.is_done
            await self._async_write_statistics(slug, entry.title)
            read = partial(read_running, metering_point=slug, now=now, zone=zone)
            running = await async_read(self._hass, SCHEMA, read, None)
            if running is not None:
                self._running[slug] = running
        async_dispatcher_send(self._hass, SIGNAL_COSTS_UPDATED, slug)
        return changed

    async def _async_write_statistics(self, slug: str, name: str) -> None:
        for _ in range(_MOST_PASSES):
            now = dt_util.utcnow().timestamp()
            plan = await queue_work(
                self._hass, SCHEMA, partial(plan_cost_statistics, metering_point=slug, now=now)
            )
            if plan.change is not None:
                async_dispatcher_send(self._hass, SIGNAL_COSTS_CHANGED, plan.change)
                await queue_work(
                    self._hass, SCHEMA, partial(forget_cost_change, change=plan.change)
                )
            if not plan.sums:
                return
            write_cost_statistics(self._hass, slug, self._statistic_name.format(name=name), plan)
        LOGGER.error("The long-term statistics do not take the costs that are written")

    async def _async_learn_colours(self) -> bool:
        """Ask the grid for the colours that prices lack; return whether it told any."""
        grid = loaded_grid(self._hass)
        if grid is None:
            return False
        days: set[date] = set()
        for entry in metering_point_entries(self._hass):
            pricing: Pricing | None = await async_read(
                self._hass, SCHEMA, partial(read_pricing, metering_point=point_slug(entry)), None
            )
            if pricing is not None:
                days.update(pricing.missing_colours)
        if not days:
            return False
        colours = await grid.async_colours(min(days), max(days))
        return any(colours.get(day) is not None for day in days)

    def _colours(self) -> Colours:
        grid = loaded_grid(self._hass)
        # A copy: the recorder's thread reads it while the grid may learn more.
        return {} if grid is None else cast("Colours", dict(grid.data.known_colours))


DATA_COSTS: HassKey[Costs] = HassKey(f"{DOMAIN}_costs")


def point_slug(entry: ConfigEntry) -> str:
    """Return the slug of a metering point's entry, by which the ledger knows it."""
    return slugify(entry.data[CONF_PDL])

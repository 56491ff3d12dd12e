"""The costs of all metering points: priced as the ledger grows, written to statistics, and read."""

from __future__ import annotations

import asyncio
import math
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from homeassistant.core import callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..clocks.local import local_zone
from ..const import DOMAIN, LOGGER
from ..database import DatabaseUnavailableError, async_read, queue_work
from ..engine.times import hour_of
from ..entries.finding import metering_point_entries, point_slug
from ..grid.link import loaded_grid
from ..later import Later, later, later_in_thread
from ..metering.contracts import currency_of, tariff_of
from ..statistics import SumsWriter, dirty_from, forget_sum, mark_dirty
from ..texts import async_options
from .change import CostChange, cost_statistic_id
from .currency import async_look_at_currency
from .occasions import async_follow_occasions
from .tables import SCHEMA, has_terms

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date, datetime

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant
    from sqlalchemy.engine import Connection

    from ..engine.costs.terms import Terms
    from ..engine.tariff import Colour, Tariff
    from ..ledger import Series
    from ..statistics import RunningSum
    from .amounts import CostAggregation, CostPeriod, CostSplit, RunningCosts

SIGNAL_COSTS_CHANGED: Final = f"{DOMAIN}_costs_changed"
"""Sent with a CostChange when closed hours have got another cost, at least once for each."""

SIGNAL_COSTS_UPDATED: Final = f"{DOMAIN}_costs_updated"
"""Sent with a metering point's slug when what it costs today may be another."""

# What prices energy is loaded with the first contract.
_Terms: Final = Later(__package__.rpartition(".")[0], "engine.costs.terms", "Terms")
_async_read_shown: Final = later(__package__, "prices", "async_read_shown")
_forget_terms: Final = later_in_thread(__package__, "terms", "forget_terms")
_keep_shown: Final = later_in_thread(__package__, "prices", "keep_shown")
_note_terms: Final = later_in_thread(__package__, "terms", "note_terms")
_read_costs: Final = later_in_thread(__package__, "reading", "read_costs")
_read_running: Final = later_in_thread(__package__, "reading", "read_running")
_running_sums: Final = later_in_thread(__package__, "statistics", "running_sums")

# How far a pass looks back for prices that come late.
_RECENT_SECONDS: Final = 2 * 86400
_LIMIT: Final = 600
_NEVER: Final = math.inf


class Costs:
    """What the energy of the ledger costs by the contracts of its metering points.

    Costs are computed where they are asked for. What is kept is the hours of each metering point's
    consumption in the long-term statistics, and what they were priced with. All work on the
    database is done in the recorder's thread or the executor.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._working = asyncio.Lock()
        self._running: dict[str, RunningCosts] = {}
        self._without: set[str] = set()
        self._missing_colours: set[date] = set()
        self._slugs: dict[str, str] = {}
        self._changed_from = _NEVER
        self._is_requested = False
        self._task: asyncio.Task[None] | None = None
        self._statistic_name = "{name} cost"
        self._sums = SumsWriter(hass, SCHEMA, self._running_sums, self._announce)

    async def async_setup(self) -> None:
        """Price what the ledger books, from now on and until Home Assistant stops."""
        if word := (await async_options(self._hass, "cost_statistic")).get("cost"):
            self._statistic_name = f"{{name}} {word.lower()}"

        async_follow_occasions(self._hass, self.async_request)

    @callback
    def async_request(self, *, since: float | None = None) -> None:
        """Let all metering points be priced in the background.

        Args:
            since: energy has changed from here on (UTC seconds); None where nothing tells of it.

        """
        self._note_change(since)
        self._is_requested = True
        if self._hass.is_running and (self._task is None or self._task.done()):
            self._task = self._hass.async_create_background_task(
                self._async_work(), f"{DOMAIN} prices energy"
            )

    async def async_update(self, *, since: float | None = None) -> None:
        """Price what may have another cost, and write the statistics.

        To be called before closed periods are pushed. A second call changes nothing. Raises
        DatabaseUnavailableError, and TimeoutError where the recorder is busy for minutes.

        Args:
            since: energy has changed from here on (UTC seconds); None where nothing tells of it.
                What is known to have changed is priced in any case.

        """
        self._note_change(since)
        changed_from = self._changed_from
        priced: list[str] = []
        async with self._working:
            for entry in metering_point_entries(self._hass):
                slug, tariff = point_slug(entry), tariff_of(entry)
                async with asyncio.timeout(_LIMIT):
                    if tariff is None or not tariff.contracts:
                        await self._async_forget(slug)
                        self._send_updated(slug)
                    else:
                        await self._async_note(entry, slug, tariff, changed_from)
                        priced.append(slug)
            if self._changed_from == changed_from:
                self._changed_from = _NEVER
            # Of one that has no contracts any more, nothing is said either.
            if priced or self._sums.has_refused:
                await self._sums.async_write()
        for slug in priced:
            await self._async_read_running(slug)

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
        """Return what the periods that begin in [start, end) cost.

        Args:
            series: a metering point's consumption (or what its production brings), or a plug's
                consumption. The former is known for all of the past, the latter for 400 days.
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
            lambda c: _read_costs(c, series, stretch, zone, aggregation, by),
            nothing,
        )

    def _note_change(self, since: float | None) -> None:
        if since is not None:
            self._changed_from = min(since, self._changed_from)

    def _send_updated(self, slug: str) -> None:
        async_dispatcher_send(self._hass, SIGNAL_COSTS_UPDATED, slug)

    async def _async_work(self) -> None:
        while self._is_requested and self._hass.is_running:
            self._is_requested = False
            try:
                await self.async_update()
            except DatabaseUnavailableError:
                # It is in the log, and the next time makes up for it.
                return
            except TimeoutError:
                LOGGER.warning("The recorder has been busy for too long to write costs")
                return
            if await self._async_learn_colours():
                self.async_request()

    async def _async_note(
        self, entry: ConfigEntry, slug: str, tariff: Tariff, changed_from: float
    ) -> None:
        """Note what a metering point is priced with, and from when on that or energy changed."""
        self._without.discard(slug)
        async_look_at_currency(self._hass, entry)
        now = dt_util.utcnow().timestamp()
        wanted: Terms = (await _Terms.async_get(self._hass))(
            metering_point=slug,
            tariff=tariff,
            colours=self._colours(),
            currency=currency_of(self._hass, entry),
            zone=local_zone(),
        )
        statistic_id = cost_statistic_id(slug)
        name = self._statistic_name.format(name=entry.title)

        def note(connection: Connection) -> tuple[Terms, int | None]:
            terms, repriced_from = _note_terms(connection, wanted, now)
            first = min(changed_from, _NEVER if repriced_from is None else repriced_from)
            if first < _NEVER:
                mark_dirty(connection, statistic_id, name, hour_of(first))
            return terms, dirty_from(connection, statistic_id)

        terms, dirty = await queue_work(self._hass, SCHEMA, note)
        await self._async_learn_prices(terms, now if dirty is None else dirty, now)

    async def _async_read_running(self, slug: str) -> None:
        now = dt_util.utcnow().timestamp()
        running = await async_read(
            self._hass, SCHEMA, partial(_read_running, metering_point=slug, now=now), None
        )
        if running is not None:
            self._running[slug] = running
            self._missing_colours.update(running.missing_colours)
        self._send_updated(slug)

    async def _async_forget(self, slug: str) -> None:
        """Take back what a metering point's contracts had brought, once they are gone."""
        self._running.pop(slug, None)
        if slug in self._without:
            return
        stored = await async_read(self._hass, SCHEMA, lambda c: has_terms(c, slug), missing=False)
        if stored:
            statistic_id = cost_statistic_id(slug)

            def forget(connection: Connection) -> None:
                _forget_terms(connection, slug)
                forget_sum(connection, statistic_id)

            await queue_work(self._hass, SCHEMA, forget)
            get_instance(self._hass).async_clear_statistics([statistic_id])
            # Once the recorder has come to this, it has cleared them.
            await queue_work(self._hass, SCHEMA, lambda _: None)
        self._without.add(slug)

    async def _async_learn_prices(self, terms: Terms, since: float, now: float) -> None:
        """Keep what the recorder has of the prices of entities, and note what changes by it."""
        entities = terms.price_entities
        if not entities:
            return
        first = dt_util.start_of_local_day(terms.tariff.contracts[0].valid_from).timestamp()
        start = max(min(since, now - _RECENT_SECONDS), first)
        if start < now:
            await self._async_keep_prices(entities, terms.currency, start, now)

    async def async_learn_prices(
        self, entity_ids: Collection[str], currency: str, start: float, end: float
    ) -> None:
        """Keep what the recorder has of entities' prices per kWh, for whoever prices with them.

        Raises DatabaseUnavailableError.

        Args:
            entity_ids: of the entities.
            currency: the code of that of the costs.
            start: UTC seconds.
            end: UTC seconds.

        """
        await self._async_keep_prices(entity_ids, currency, start, end)
        # Contracts that count may depend on them too.
        self.async_request()

    async def _async_keep_prices(
        self, entity_ids: Collection[str], currency: str, start: float, end: float
    ) -> None:
        """Keep prices, and note in every metering point what changes by them."""
        shown = [
            await _async_read_shown(self._hass, entity_id, currency, start, end)
            for entity_id in entity_ids
        ]
        await queue_work(self._hass, SCHEMA, partial(_keep_shown, shown=shown))

    def _running_sums(self, connection: Connection, _: float) -> dict[str, RunningSum]:
        sums: dict[str, RunningSum] = _running_sums(connection, self._missing_colours.update)
        self._slugs = {one.statistic_id: slug for slug, one in sums.items()}
        return {one.statistic_id: one for one in sums.values()}

    @callback
    def _announce(self, statistic_id: str, first_ts: int) -> None:
        change = CostChange(self._slugs[statistic_id], first_ts)
        async_dispatcher_send(self._hass, SIGNAL_COSTS_CHANGED, change)

    async def _async_learn_colours(self) -> bool:
        """Ask the grid for the colours that prices lack; return whether it told any."""
        grid = loaded_grid(self._hass)
        days, self._missing_colours = self._missing_colours, set()
        if grid is None or not days:
            return False
        colours = await grid.async_colours(min(days), max(days))
        return any(colours.get(day) is not None for day in days)

    def _colours(self) -> dict[date, Colour]:
        grid = loaded_grid(self._hass)
        # A copy: the recorder's thread reads it while the grid may learn more.
        return {} if grid is None else cast("dict[date, Colour]", dict(grid.data.known_colours))


DATA_COSTS: HassKey[Costs] = HassKey(f"{DOMAIN}_costs")

"""Polling of a metering point's plugs."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from homeassistant.components import network
from homeassistant.core import callback
from homeassistant.exceptions import ConfigEntryAuthFailed

from ..clocks.certain import certain_time
from ..const import CONF_HOSTS, CONF_PLUGS, CONF_POLLING_INTERVAL, CONF_RATED_POWER, DOMAIN, LOGGER
from ..engine.evidence.evidence import SOCKET_WATTS
from ..sources.connection import LOGIN_CODES, Connection, KasaError
from ..vault import SecretLostError
from .audience import CoordinatorOfMany
from .counter import EnergyCounter
from .counter_store import CounterStore
from .month_ends import async_with_ended_months
from .polled import PlugState, PolledHost
from .renaming import async_follow_plugs
from .timekeeper import Timekeeper

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable
    from datetime import date, datetime

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from ..engine.evidence import Outcome, Refusal
    from ..sources.connection import SessionFactory
    from ..sources.plug import PlugSample
    from ..vault import Vault
    from .bookkeeping import Bookkeeper

DEFAULT_POLLING_INTERVAL: Final = 30
MIN_POLLING_INTERVAL: Final = 5
MAX_POLLING_INTERVAL: Final = 3600

# A plug that has not answered by now is lost, in seconds.
_POLL_LIMIT = 8
# A round waits this long for its plugs; each is shown when it has answered.
_PATIENCE = 2
# How many plugs are asked at once, and how long until the next are, in seconds: each takes the
# event loop and the recorder's thread a millisecond, and a house has hundreds.
_ASKED_AT_ONCE = 10
_ASKED_EVERY = 0.04
# A strip asks its sockets one after the other; more often than this, some of them lock up.
_STRIP_INTERVAL = 60
# How long to wait between two searches of the network for plugs that have moved.
_SEARCH_INTERVAL = 60
# A plug may be rated above what a socket passes; what it draws may be more than it is rated at.
_RATED_MARGIN = 1.2


class PlugCoordinator(CoordinatorOfMany[dict[str, PlugState]]):
    """Poll all plugs of a metering point side by side; `data` holds each by its plug id.

    A plug that does not answer becomes unavailable, and is looked for in the background so that
    the others are never held up. What the counters have counted is on disk before it is shown:
    no stop, however sudden, makes them fall.
    """

    config_entry: ConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        *,
        vault: Vault,
        session: SessionFactory,
        bookkeeper: Bookkeeper,
        told: datetime | None = None,
    ) -> None:
        """Take what is polled; `told` is the time that others have been told, aware."""
        # Loaded by whoever sets up an entry with plugs.
        from ..sources.kasa import KasaHost  # noqa: PLC0415

        plugs: dict[str, dict[str, Any]] = entry.data[CONF_PLUGS]
        self._hosts = [
            PolledHost(
                mac,
                KasaHost(_connection(stored, vault), session),
                [plug_id for plug_id, plug in plugs.items() if plug["mac"] == mac],
            )
            for mac, stored in entry.data[CONF_HOSTS].items()
        ]
        seconds = entry.options.get(CONF_POLLING_INTERVAL, DEFAULT_POLLING_INTERVAL)
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=entry.title,
            update_interval=timedelta(seconds=seconds),
        )
        self.data = {}
        self._vault = vault
        self._bookkeeper = bookkeeper
        self._kept = CounterStore(hass, entry.entry_id)
        self._time = Timekeeper(hass, entry.entry_id)
        self._told = told
        self._reading: set[asyncio.Task[None]] = set()
        self.counted = 0

    async def _async_setup(self) -> None:
        stored = await self._kept.async_load()
        for plug_id in self.config_entry.data[CONF_PLUGS]:
            counter = EnergyCounter()
            if plug_id in stored:
                counter = EnergyCounter.from_dict(stored[plug_id])
            self.data[plug_id] = PlugState(counter=counter)
        self._note(self.data)
        counters = {plug_id: state.counter for plug_id, state in self.data.items()}
        await self._time.async_load(counters, self._told)

    def now(self) -> datetime:
        """Return the local time by which the plugs are counted: it does not follow every jump."""
        return self._time.now()

    def settled(self) -> datetime:
        """Return before which local time nothing is missing that was counted by a wrong clock."""
        return self._time.settled()

    async def _async_update_data(self) -> dict[str, PlugState]:
        now = self.hass.loop.time()
        due = [host for host in self._hosts if not host.busy and host.due_at <= now]
        waited_for = []
        for number, host in enumerate(due, 1):
            if host.answering:
                waited_for.append(self._start(host, self._poll))
            else:
                self._start(host, self._recover).add_done_callback(self._show)
            if number % _ASKED_AT_ONCE == 0 and number < len(due):
                await asyncio.sleep(_ASKED_EVERY)
        if waited_for:
            _, late = await asyncio.wait(waited_for, timeout=_PATIENCE)
            for task in late:
                task.add_done_callback(self._show)
        self.audience.tell((None,))
        return self.data

    def close_day(self) -> None:
        """Start a new day, and month, for all counters at local midnight."""
        now, ticks = self.now(), self._time.ticks
        for state in self.data.values():
            state.counter.roll(now, state.passed(ticks), ticks)
        self._note(self.data)
        self.async_update_listeners()

    async def async_shutdown(self) -> None:
        """Stop polling, post what was measured, and drop the connections."""
        await super().async_shutdown()
        if self._reading:
            # What is being read now is still counted.
            await asyncio.wait(self._reading, timeout=_PATIENCE)
        self._bookkeeper.close()
        await self._time.async_keep(at_once=True)
        await asyncio.gather(*(host.link.close() for host in self._hosts))

    def answer_rate(self) -> dict[str, tuple[int, int]]:
        """Return how often each host, by MAC, was asked and answered since the start."""
        return {host.mac: (host.asked, host.answered) for host in self._hosts}

    def refusing_login(self) -> list[str]:
        """Return the addresses that asked for another login when they were last read."""
        return [host.link.connection.host for host in self._hosts if host.refuses_login]

    def seen_at(self, mac: str, address: str) -> None:
        """Look for a host that does not answer at the address where somebody has seen it."""
        for host in self._hosts:
            known = host.link.connection.host.partition(":")[0]
            if host.mac == mac and not host.answering and known != address:
                self._move(host, address)

    def _start(
        self, host: PolledHost, work: Callable[[PolledHost], Coroutine[Any, Any, None]]
    ) -> asyncio.Task[None]:
        async def run() -> None:
            try:
                await work(host)
            except Exception:  # noqa: BLE001 (no plug, whatever it answers, stops the others)
                LOGGER.exception("Reading %s failed", self._names(host))
                await self._lose(host, "failed")
            finally:
                host.busy = False

        host.busy = True
        task = self.config_entry.async_create_background_task(
            self.hass, run(), f"{DOMAIN} reads {host.mac}"
        )
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)
        return task

    @callback
    def _show(self, _: asyncio.Task[None]) -> None:
        self.show_sums()

    async def _poll(self, host: PolledHost) -> None:
        await self._take(host, *await self._ask(host))

    async def _ask(self, host: PolledHost) -> tuple[list[PlugSample], date]:
        """Read one host, within its own time limit, and return the date it was asked for.

        There are no samples where it does not answer.
        """
        host.asked += 1
        if host.refuses_login:
            # The user may have entered another one meanwhile.
            stored = self.config_entry.data[CONF_HOSTS][host.mac]
            host.link.connection = _connection(stored, self._vault)
        today = self.now().date()
        try:
            async with asyncio.timeout(_POLL_LIMIT):
                samples = await host.link.poll(today)
        except KasaError as err:
            await self._lose(host, err.code)
            host.refuses_login = err.code in LOGIN_CODES
            if host.refuses_login:
                self.config_entry.async_start_reauth(self.hass)
            return [], today
        except TimeoutError:
            await self._lose(host, "timed_out")
            return [], today
        if {sample.identity.mac for sample in samples} != {host.mac}:
            # The address has gone to another plug.
            await self._lose(host, "moved")
            return [], today
        host.answered += 1
        host.refuses_login = False
        if not host.answering:
            LOGGER.info("%s answers again at %s", self._names(host), host.link.connection.host)
            host.answering = True
        if host.link.is_strip:
            host.due_at = self.hass.loop.time() + _STRIP_INTERVAL - 1
        return await async_with_ended_months(host.link, samples, self.data, self.now()), today

    async def _take(self, host: PolledHost, samples: Iterable[PlugSample], asked: date) -> None:
        """Count what the plugs have counted, and keep it on disk before it is shown."""
        now = self.now()
        await self._redate(now)
        interval = max(self.update_interval or timedelta(), timedelta(seconds=_STRIP_INTERVAL))
        known = {
            sample.identity.plug_id: sample
            for sample in samples
            if sample.identity.plug_id in self.data
        }
        told: dict[str, EnergyCounter] = {}
        gaps: set[str] = set()
        began: dict[str, dict[date, float]] = {}
        changed = False
        for plug_id, sample in known.items():
            if sample.counters.clock is not None:
                certain_time(self.hass).confirm(sample.counters.clock)
            day = self.data[plug_id].counter.day
            outcome = self._weigh(plug_id, sample, now, asked)
            self._note((plug_id,))
            counter = self.data[plug_id].counter
            changed = changed or bool(outcome.growth or outcome.refused) or counter.day != day
            if outcome.is_told:
                self.data[plug_id].is_known = True
                told[plug_id] = counter
                if outcome.since is not None and now - outcome.since > 2.5 * interval:
                    gaps.add(plug_id)
                if sample.counters.clock is not None:
                    began[plug_id] = counter.days_begun(outcome)
        if changed:
            await self._kept.async_save()
        for plug_id, sample in known.items():
            self.data[plug_id].sample = sample
        # The others' values wait for no plug that is silent.
        self.audience.tell(known)
        async_follow_plugs(
            self.hass, self.config_entry, [sample.identity for sample in known.values()]
        )
        if told:
            ticks = self._time.ticks
            await self._bookkeeper.async_book(host.link, told, gaps=gaps, began=began, ticks=ticks)
        await self._time.async_keep()

    async def _redate(self, now: datetime) -> None:
        """Let what was counted by a clock that was wrong have its right dates."""
        since = self._time.take_redated()
        if since is None:
            return
        LOGGER.warning("The clock was wrong: what was counted by it goes to its right dates")
        for state in self.data.values():
            state.counter.redate(since, self._time.at, now)
        self._note(self.data)
        await self._kept.async_save()
        for host in self._hosts:
            counters = {plug_id: self.data[plug_id].counter for plug_id in host.plug_ids}
            await self._bookkeeper.async_redate(host.link, counters, since, self._time.at)
        self._bookkeeper.when_booked(self._time.booked)
        await self._time.async_keep(at_once=True)

    def _weigh(self, plug_id: str, sample: PlugSample, now: datetime, asked: date) -> Outcome:
        """Let a plug's counter take a reading; say once what is not believed of it."""
        state, ticks = self.data[plug_id], self._time.ticks
        rated = self.config_entry.data[CONF_PLUGS][plug_id][CONF_RATED_POWER] or 0.0
        outcome = state.counter.advance(
            sample.counters,
            now,
            seconds=state.passed(ticks),
            ticks=ticks,
            asked=asked,
            power=sample.power,
            limit_w=max(SOCKET_WATTS, _RATED_MARGIN * rated),
        )
        state.ticks = ticks
        for refusal in outcome.refused:
            self._log(plug_id, refusal)
        return outcome

    def _log(self, plug_id: str, refusal: Refusal) -> None:
        state, kind = self.data[plug_id], (refusal.counter, refusal.reason.value)
        LOGGER.log(
            logging.DEBUG if kind in state.logged else logging.WARNING,
            "%s: the %s counter of %s kWh is not believed after %s kWh: %s",
            self.config_entry.data[CONF_PLUGS][plug_id]["name"],
            refusal.counter,
            refusal.value_kwh,
            refusal.believed_kwh,
            refusal.reason.value.replace("_", " "),
        )
        state.logged.add(kind)

    def _note(self, plug_ids: Iterable[str]) -> None:
        """Note that counters have changed."""
        self.counted += 1
        self._kept.note({plug_id: self.data[plug_id].counter for plug_id in plug_ids})

    async def _lose(self, host: PolledHost, code: str) -> None:
        if host.answering:
            LOGGER.warning(
                "%s does not answer at %s: %s",
                self._names(host),
                host.link.connection.host,
                code.replace("_", " "),
            )
        host.answering = False
        for plug_id in host.plug_ids:
            self.data[plug_id].sample = None
            self.data[plug_id].is_known = False
        self.audience.tell(host.plug_ids)
        await host.link.close()

    async def _recover(self, host: PolledHost) -> None:
        """Try a silent host again where it was, then look for it elsewhere."""
        samples, asked = await self._ask(host)
        if not samples:
            samples, asked = await self._find(host)
        await self._take(host, samples, asked)

    async def _find(self, host: PolledHost) -> tuple[list[PlugSample], date]:
        """Search the network for a plug that does not answer; read it where it has moved to."""
        now = self.hass.loop.time()
        nothing: tuple[list[PlugSample], date] = [], self.now().date()
        if now - host.searched_at < _SEARCH_INTERVAL:
            return nothing
        host.searched_at = now
        from ..sources.kasa import search  # noqa: PLC0415

        targets = await network.async_get_ipv4_broadcast_addresses(self.hass)
        found = (await search(str(target) for target in targets)).get(host.mac)
        if found is None or found.host == host.link.connection.host.partition(":")[0]:
            return nothing
        LOGGER.info("%s has moved to %s", self._names(host), found.host)
        self._move(host, found.host)
        return await self._ask(host)

    def _move(self, host: PolledHost, address: str) -> None:
        old = host.link.connection
        host.link.connection = Connection(
            host=address, parameters=old.parameters, credentials_hash=old.credentials_hash
        )
        hosts = dict(self.config_entry.data[CONF_HOSTS])
        hosts[host.mac] = {**hosts[host.mac], "host": address}
        self.hass.config_entries.async_update_entry(
            self.config_entry, data={**self.config_entry.data, CONF_HOSTS: hosts}
        )

    def _names(self, host: PolledHost) -> str:
        plugs = self.config_entry.data[CONF_PLUGS]
        return ", ".join(plugs[plug_id]["name"] for plug_id in host.plug_ids)


def _connection(stored: dict[str, Any], vault: Vault) -> Connection:
    """Return a connection as the config entry holds it. Raises ConfigEntryAuthFailed."""
    try:
        return Connection.from_stored(stored, vault)
    except SecretLostError as err:
        raise ConfigEntryAuthFailed(
            translation_domain=DOMAIN, translation_key="secret_lost"
        ) from err

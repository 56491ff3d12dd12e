"""The files that are on their way to their readers: tried again until they arrive, or for a day."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from homeassistant.core import CoreState, HassJob, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..clocks.certain import certain_time
from ..clocks.lived import lived_time
from ..clocks.local import certain_now
from ..const import DOMAIN, LOGGER
from ..engine.codec import from_json, prepare, to_json
from ..formats import FormatTooNewError, VersionedStore
from ..later import later, later_in_thread
from .errors import DeliveryError
from .failures import DELAYED, FAILED, async_note, close_issues, tell_delivery_failed
from .ready import SIGNAL_ACCOUNT_READY
from .records import Delivery

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from homeassistant.core import HomeAssistant

    from ..exports.jobs import JobManager
    from ..history.history import History
    from ..history.records import ExportRecord

_async_read_request: Final = later(
    __package__.rpartition(".")[0], "exports.request", "async_read_request"
)
_METHODS: Final = (__package__, "methods")
_async_choose_name: Final = later(*_METHODS, "async_choose_name")
_async_copy: Final = later(*_METHODS, "async_copy")
_async_mail: Final = later(*_METHODS, "async_mail")
_async_notify: Final = later(*_METHODS, "async_notify")
_retain: Final = later_in_thread(__package__, "folder", "retain")

GIVEN_UP_AFTER: Final = timedelta(days=1)
"""How long after the first try there is a last one."""

_FIRST_PAUSE: Final = timedelta(minutes=1)
_LONGEST_PAUSE: Final = timedelta(hours=1)


class Deliveries:
    """Delivers files, and tries again after 1, 2, 4 … minutes, at most an hour, for a day.

    What is on its way is on disk before anything else happens, so that a restart loses nothing;
    the latest due time of each schedule is kept too, so that nothing is delivered twice.
    """

    def __init__(self, hass: HomeAssistant, jobs: JobManager, history: History) -> None:
        self._hass = hass
        self._jobs = jobs
        self._history = history
        self._store = VersionedStore(hass, "deliveries")
        self._too_new: FormatTooNewError | None = None
        self._waiting: dict[str, Delivery] = {}
        self._latest: dict[str, str] = {}
        self._made: dict[str, list[str]] = {}
        self._trying: set[str] = set()
        self._cancel_timer: Callable[[], None] | None = None

    async def async_setup(self) -> None:
        """Load what is on its way, and go on once Home Assistant has started.

        A newer format is left alone: nothing is delivered then.
        """
        stored: dict[str, Any] = {}
        try:
            stored = await self._store.async_load() or stored
        except FormatTooNewError as err:
            self._too_new = err
        self._latest = dict(stored.get("latest", {}))
        self._made = {key: list(paths) for key, paths in stored.get("made", {}).items()}
        if stored.get("waiting"):
            await self._hass.async_add_executor_job(prepare, Delivery)
        for values in stored.get("waiting", ()):
            try:
                delivery = from_json(Delivery, values)
            except ValueError as err:
                LOGGER.error("A delivery cannot be read and is left out: %s", err)
                continue
            self._waiting[delivery.id] = delivery

        @callback
        def started(_: HomeAssistant) -> None:
            self._try_due()

        async_at_started(self._hass, started)
        async_dispatcher_connect(self._hass, SIGNAL_ACCOUNT_READY, self._account_ready)

    @callback
    def has_taken(self, schedule_id: str, due: datetime) -> bool:
        """Return whether the run of a schedule for this time has been handed over already."""
        return self._latest.get(schedule_id) == due.isoformat()

    async def async_deliver(
        self,
        record: ExportRecord,
        delivery: Mapping[str, Any],
        *,
        schedule_id: str,
        schedule_name: str,
        due: datetime,
        figures: Mapping[str, float],
    ) -> None:
        """Take over a finished file: it is on its way when this returns, over restarts too.

        Args:
            record: of the export.
            delivery: what `async_read_delivery` returned.
            schedule_id: what wanted it.
            schedule_name: for people.
            due: UTC; when it was due.
            figures: what sums it up, see `Result`.

        Raises InvalidRequest where the export's request is no longer valid, FormatTooNewError
        where a newer version keeps the deliveries.

        """
        if self._too_new is not None:
            raise self._too_new
        self._latest[schedule_id] = due.isoformat()
        if delivery["method"] == "none":
            close_issues(self._hass, schedule_id)
            await self._async_save()
            return
        asked = await _async_read_request(self._hass, record.request, now=due)
        one = Delivery(
            id=str(uuid.uuid4()),
            export_id=record.id,
            schedule_id=schedule_id,
            schedule_name=schedule_name,
            delivery=dict(delivery),
            due=due,
            start=dt_util.utc_from_timestamp(asked.start),
            end=dt_util.utc_from_timestamp(asked.end),
            time_zone=asked.timezone,
            rows=record.records or 0,
            figures=dict(figures),
            next_try=certain_now(self._hass),
        )
        await self._hass.async_add_executor_job(prepare, Delivery)
        self._waiting[one.id] = one
        await self._async_save()
        self._try_due()

    async def async_forget(self, schedule_id: str) -> None:
        """Forget a schedule that is gone; its files stay, and what is on its way still arrives."""
        close_issues(self._hass, schedule_id)
        self._latest.pop(schedule_id, None)
        self._made.pop(schedule_id, None)
        await self._async_save()

    async def async_clear(self) -> None:
        """Forget what is on its way and what has been delivered, on disk too."""
        self._waiting.clear()
        self._latest.clear()
        self._made.clear()
        self._too_new = None
        self._try_due()
        await self._store.async_remove()

    @callback
    def _account_ready(self, entry_id: str) -> None:
        """Try at once what has waited for an account."""
        for delivery in self._waiting.values():
            if delivery.delivery.get("account") == entry_id and delivery.tries:
                delivery.next_try = certain_now(self._hass)
        self._try_due()

    @callback
    def _try_due(self, _: datetime | None = None) -> None:
        """Try everything whose time has come, and wake up for the next."""
        if self._cancel_timer is not None:
            self._cancel_timer()
            self._cancel_timer = None
        if self._hass.state is not CoreState.running:
            return
        now = certain_now(self._hass)
        # What is further away was put off by a clock that was ahead.
        furthest = now + _LONGEST_PAUSE
        idle = [one for one in self._waiting.values() if one.id not in self._trying]
        for delivery in idle:
            if not now < delivery.next_try <= furthest:
                self._trying.add(delivery.id)
                self._hass.async_create_background_task(
                    self._async_try(delivery), f"{DOMAIN} delivery {delivery.id}"
                )
        if later := [one.next_try for one in idle if now < one.next_try <= furthest]:
            job = HassJob(self._try_due, cancel_on_shutdown=True)
            self._cancel_timer = async_call_later(self._hass, min(later) - now, job)

    async def _async_try(self, delivery: Delivery) -> None:
        delivery.first_try = delivery.first_try or certain_now(self._hass)
        delivery.tries += 1
        try:
            try:
                await self._async_hand_over(delivery)
            except DeliveryError as err:
                await self._async_put_off(delivery, err)
            except Exception:  # noqa: BLE001  # a mistake of ours may not lose a report
                LOGGER.exception("The delivery of “%s” failed", delivery.schedule_name)
                await self._async_put_off(delivery, DeliveryError("unexpected"))
            else:
                del self._waiting[delivery.id]
                close_issues(self._hass, delivery.schedule_id)
                await async_note(self._history, delivery, None)
            await self._async_save()
        finally:
            self._trying.discard(delivery.id)
        self._try_due()

    async def _async_hand_over(self, delivery: Delivery) -> None:
        match delivery.delivery["method"]:
            case "email":
                await _async_mail(self._hass, self._jobs, delivery)
            case "notify":
                await _async_notify(self._hass, self._jobs, delivery)
            case _:
                await self._async_to_folder(delivery)

    async def _async_to_folder(self, delivery: Delivery) -> None:
        if delivery.file_name is None:
            # On disk before the file is, so that a sudden stop leaves no second copy.
            delivery.file_name = await _async_choose_name(self._hass, self._jobs, delivery)
            await self._async_save()
        target = await _async_copy(self._hass, self._jobs, delivery)
        too_old = None
        if (days := delivery.delivery.get("keep_days")) is not None:
            kept_for = timedelta(days=days)
            too_old = lived_time(self._hass).too_old(delivery.schedule_id, kept_for, since=kept_for)
        made = [path for path in self._made.get(delivery.schedule_id, ()) if path != str(target)]
        kept = await self._hass.async_add_executor_job(
            _retain,
            [*made, str(target)],
            target.parent,
            too_old,
            delivery.delivery.get("keep_files"),
        )
        self._made[delivery.schedule_id] = list(kept)

    async def _async_put_off(self, delivery: Delivery, error: DeliveryError) -> None:
        """Try again later, or give up."""
        now = certain_now(self._hass)
        last = certain_time(self._hass).told(delivery.first_try or now) + GIVEN_UP_AFTER
        if error.is_lasting or now >= last:
            del self._waiting[delivery.id]
            await async_note(self._history, delivery, FAILED, error)
            tell_delivery_failed(self._hass, delivery, error)
            return
        # Twelve doublings are longer than any pause.
        doublings: int = 2 ** min(delivery.tries - 1, 12)
        pause = min(_FIRST_PAUSE * doublings, _LONGEST_PAUSE)
        delivery.next_try = min(now + pause, last)
        LOGGER.warning(
            "The report of “%s” is delivered later, as this try failed: %s",
            delivery.schedule_name,
            error,
        )
        await async_note(self._history, delivery, DELAYED, error)

    async def _async_save(self) -> None:
        waiting = [to_json(delivery) for delivery in self._waiting.values()]
        await self._store.async_save(
            {"waiting": waiting, "latest": self._latest, "made": self._made}
        )


DATA_DELIVERIES: HassKey[Deliveries] = HassKey(f"{DOMAIN}_deliveries")

"""Commands that go on answering: whoever follows one is sent what has changed."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

from homeassistant.components.websocket_api.decorators import async_response
from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED
from homeassistant.core import callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from ...const import DOMAIN
from ...engine.lazy_dataclass import dataclass
from ...rights import Right, require
from .base import ERRORS, described, fields_of, refusal, register

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

    from homeassistant.auth.models import User
    from homeassistant.components.websocket_api.connection import ActiveConnection
    from homeassistant.core import CALLBACK_TYPE, HomeAssistant

    from ...later import Later
    from ...object_reader import ObjectReader

# Changes come in bursts; nobody reads faster.
_PAUSE: Final = 0.2


def _still(_shown: dict[str, Any]) -> float | None:
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Feed:
    """What a subscription shows, and when it looks again.

    Attributes:
        right: who may follow it; judged each time, since it may be taken away while somebody looks.
        look: returns what is shown to a user who asks with these fields.
        signals: dispatcher signals that may mean a change.
        follow_entries: whether changes of this integration's entries may mean one.
        again: after how many seconds what is shown has moved by itself, None for never.

    """

    right: Right
    look: Callable[[HomeAssistant, User, ObjectReader], Awaitable[dict[str, Any]]]
    signals: tuple[str, ...] = ()
    follow_entries: bool = False
    again: Callable[[dict[str, Any]], float | None] = field(default=_still)


@callback
def register_feed(hass: HomeAssistant, name: str, feeds: Later) -> None:
    """Register `med_exporter/{name}/subscribe`: an event at once, and one for each change.

    The feed is in `feeds` by that name.
    """

    @async_response
    async def subscribe(
        hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
    ) -> None:
        subscription = _Subscription(hass, connection, msg)
        connection.subscriptions[msg["id"]] = subscription.close
        # What changes during the first look would not be seen otherwise.
        subscription.follow((await feeds.async_get(hass))[name])
        try:
            shown = await subscription.async_look()
        except ERRORS as err:
            subscription.close()
            connection.subscriptions.pop(msg["id"], None)
            connection.send_message(refusal(msg["id"], err))
            return
        connection.send_result(msg["id"])
        subscription.open(shown)

    register(hass, f"{name}/subscribe", subscribe)


class _Subscription:
    """One follower. Looks are made one after the other, never two at once."""

    _feed: Feed

    def __init__(
        self, hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
    ) -> None:
        self._hass = hass
        self._connection = connection
        self._msg = msg
        self._shown: dict[str, Any] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._looking: asyncio.Task[None] | None = None
        self._ends: list[CALLBACK_TYPE] = []
        self._is_open = self._is_closed = self._has_changed = False

    async def async_look(self) -> dict[str, Any]:
        """Return what is to be shown now. Raises what the feed raises."""
        require(self._feed.right, self._connection.user)
        return await self._feed.look(self._hass, self._connection.user, fields_of(self._msg))

    @callback
    def follow(self, feed: Feed) -> None:
        """Notice changes of a feed from now on, unless the follower has gone."""
        self._feed = feed
        if self._is_closed:
            return
        self._ends = [
            async_dispatcher_connect(self._hass, signal, self._changed) for signal in feed.signals
        ]
        if feed.follow_entries:
            self._ends.append(
                async_dispatcher_connect(
                    self._hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._entry_changed
                )
            )

    @callback
    def open(self, shown: dict[str, Any]) -> None:
        """Show the first, and then what has changed."""
        self._is_open = True
        self._show(shown)
        if self._has_changed:
            self._look_in(_PAUSE)

    @callback
    def close(self) -> None:
        """Follow no more."""
        self._is_closed = True
        for end in self._ends:
            end()
        if self._timer is not None:
            self._timer.cancel()
        if self._looking is not None:
            self._looking.cancel()

    @callback
    def _entry_changed(self, _change: object, entry: Any) -> None:  # noqa: ANN401
        if entry.domain == DOMAIN:
            self._changed()

    @callback
    def _changed(self, *_: object) -> None:
        self._has_changed = True
        if self._is_open:
            self._look_in(_PAUSE)

    @callback
    def _look_in(self, seconds: float) -> None:
        """Look in so many seconds, or earlier where that is planned already."""
        if self._is_closed:
            return
        when = self._hass.loop.time() + seconds
        if self._timer is not None:
            if self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = self._hass.loop.call_at(when, self._begin)

    @callback
    def _begin(self) -> None:
        self._timer = None
        if self._looking is not None and not self._looking.done():
            self._look_in(_PAUSE)
            return
        self._looking = self._hass.async_create_background_task(
            self._async_show(), f"{DOMAIN} {self._msg['type']}"
        )

    async def _async_show(self) -> None:
        try:
            self._show(await self.async_look())
        except ERRORS as err:
            self._show({"error": described(err)})

    @callback
    def _show(self, shown: dict[str, Any]) -> None:
        if self._is_closed:
            return
        if shown != self._shown:
            self._shown = shown
            self._connection.send_event(self._msg["id"], shown)
        if (seconds := self._feed.again(shown)) is not None:
            self._look_in(seconds)

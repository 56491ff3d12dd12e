"""Whoever shows what is polled, told a few at a time: a house may have thousands of entities."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from homeassistant.core import callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from ..const import LOGGER

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Collection

    from homeassistant.core import CALLBACK_TYPE, HomeAssistant

    type Subject = str | None

# How many are told before the event loop goes on with other things.
_AT_ONCE: Final = 40
# Nor are more when those took so long already, in seconds: some show sums over all plugs.
_AT_A_TIME: Final = 0.005
# How long the sums wait for other plugs to answer, in seconds for each that there is.
_PATIENCE: Final = 0.003


class Audience:
    """Listeners by their subject: a plug's id, or None for the metering point as a whole.

    Who waits to be told already is not told twice. The first few are told at once.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._members: dict[Subject, dict[int, CALLBACK_TYPE]] = {}
        self._number = 0
        self._waiting: dict[int, CALLBACK_TYPE] = {}
        self._going_on: asyncio.Handle | None = None
        self._soon: asyncio.TimerHandle | None = None
        self._summed_at = float("-inf")

    @callback
    def join(self, listener: CALLBACK_TYPE, subject: Subject) -> Callable[[], None]:
        """Tell a listener of a subject from now on; return what ends that."""
        self._number += 1
        self._members.setdefault(subject, {})[self._number] = listener
        return partial(self._leave, subject, self._number)

    @callback
    def tell_all(self) -> None:
        """Tell everybody."""
        self.tell(list(self._members))

    @callback
    def tell(self, subjects: Collection[Subject]) -> None:
        """Tell those of some subjects."""
        for subject in subjects:
            self._waiting.update(self._members.get(subject, {}))
        if None in subjects:
            self._summed_at = self._loop.time()
            self._forget_soon()
        if self._going_on is None:
            self._go_on()

    @callback
    def tell_soon(self) -> None:
        """Tell those of the metering point, soon where they have just been told."""
        due_at = self._summed_at + _PATIENCE * len(self._members)
        if due_at <= self._loop.time():
            self.tell((None,))
        elif self._soon is None:
            self._soon = self._loop.call_at(due_at, self.tell, (None,))

    @callback
    def close(self) -> None:
        """Tell nobody any more of what is still to be told."""
        self._waiting.clear()
        self._forget_soon()

    def _forget_soon(self) -> None:
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None

    def _leave(self, subject: Subject, number: int) -> None:
        self._members[subject].pop(number, None)
        self._waiting.pop(number, None)

    def _go_on(self) -> None:
        self._going_on = None
        until = self._loop.time() + _AT_A_TIME
        for number in list(self._waiting)[:_AT_ONCE]:
            # One may have left while another was told.
            if (listener := self._waiting.pop(number, None)) is None:
                continue
            try:
                listener()
            except Exception:  # noqa: BLE001 (no entity stops the others)
                LOGGER.exception("A sensor could not show what was read")
            if self._loop.time() > until:
                break
        if self._waiting:
            self._going_on = self._loop.call_soon(self._go_on)


class CoordinatorOfMany[T](DataUpdateCoordinator[T]):
    """A coordinator of so many entities that they are told by the subject, a few at a time.

    Whoever polls tells `audience` what is new; a round that is over tells nobody by itself.
    """

    def __init__(self, hass: HomeAssistant, *arguments: Any, **options: Any) -> None:  # noqa: ANN401
        super().__init__(hass, *arguments, always_update=False, **options)
        self.audience = Audience(hass.loop)

    @callback
    def async_add_listener(
        self, update_callback: CALLBACK_TYPE, context: str | None = None
    ) -> Callable[[], None]:
        """Tell a listener what is new, of the plug whose id is the context, or of the sums."""
        leave = self.audience.join(update_callback, context)
        remove = super().async_add_listener(update_callback, context)

        @callback
        def end() -> None:
            leave()
            remove()

        return end

    @callback
    def async_update_listeners(self) -> None:
        """Tell all listeners."""
        self.audience.tell_all()

    @callback
    def show_sums(self) -> None:
        """Tell those that show sums over the plugs, in a moment."""
        self.audience.tell_soon()

    async def async_shutdown(self) -> None:
        """Stop polling, and tell nobody any more."""
        await super().async_shutdown()
        self.audience.close()

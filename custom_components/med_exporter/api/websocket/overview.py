"""The house at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ...costs.costs import SIGNAL_COSTS_UPDATED
from ...history.records import SIGNAL_EXPORT_FINISHED
from ...inventory.overview import async_overview
from ...rights import Right
from .base import Command
from .feed import Feed

if TYPE_CHECKING:
    from homeassistant.auth.models import User
    from homeassistant.core import HomeAssistant

    from ...object_reader import ObjectReader

# Plugs are read more often than anything is announced.
_EVERY: Final = 30.0
# Somebody watches how a past comes.
_WHILE_A_PAST_COMES: Final = 3.0


async def _overview(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    asked.finish()
    return await async_overview(hass, user)


def _again(shown: dict[str, Any]) -> float:
    is_coming = any(one["past_percent"] is not None for one in shown["points"])
    return _WHILE_A_PAST_COMES if is_coming else _EVERY


COMMANDS: Final[dict[str, Command]] = {"overview": Command(Right.USER, _overview)}
FEEDS: Final = {
    "overview": Feed(
        right=Right.USER,
        look=_overview,
        signals=(SIGNAL_COSTS_UPDATED, SIGNAL_EXPORT_FINISHED),
        follow_entries=True,
        again=_again,
    )
}

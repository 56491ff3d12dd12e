"""Which statistics become the meters of a metering point, and what is wrong with a choice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from homeassistant.const import CONF_NAME
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
from homeassistant.util import dt as dt_util

from ..const import CONF_RATED_POWER, CONF_ROLE, PlugRole
from ..engine.times import hour_of
from ..meters.choosing import async_names, counted_by, new_meter
from ..meters.dashboard import Proposal, Proposed, async_roles
from ..meters.meter import (
    CONF_COUNTED_FROM,
    CONF_ENTITIES,
    CONF_FORMER,
    CONF_REGISTRY_ID,
    CONF_STATISTIC_ID,
    CONF_UNTIL,
    Source,
    meter_id_of,
)
from ..meters.source import async_stretch
from .joining import JoiningSteps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from homeassistant.config_entries import ConfigEntry

CONF_STATISTICS: Final = "statistics"
CONF_REPLACED: Final = "replaced"
CONF_REPLACEMENT: Final = "replacement"


class MetersChoosingSteps(JoiningSteps):
    """The base of steps that choose meters: what is taken, and mistakes at the fields at fault."""

    _entry: ConfigEntry | None = None
    _not_taken: list[str]
    _placeholders: dict[str, str]

    def _no_errors(self) -> dict[str, str]:
        self._placeholders = {"meter": "", "point": ""}
        self._not_taken = []
        return {}

    async def _chosen(
        self,
        proposal: Proposal,
        statistic_ids: list[str],
        errors: dict[str, str],
        beside: Iterable[str] = (),
    ) -> dict[str, dict[str, Any]]:
        """Return the meters to be of a proposal and of what was chosen by hand, beside others."""
        proposed = {meter.statistic_id for meter in proposal.meters}
        by_hand = [
            Proposed(one, PlugRole.CONSUMPTION) for one in statistic_ids if one not in proposed
        ]
        wanted = [*proposal.meters, *by_hand]
        names = await async_names(self.hass, [one.statistic_id for one in wanted])
        # A meter of the grid that is gone counts nothing of what is behind it.
        roles = await async_roles(self.hass, {*names, *beside})
        self._not_taken = list(proposal.not_taken)
        meters: dict[str, dict[str, Any]] = {}
        for one in wanted:
            error = self._error(one.statistic_id, names)
            if error is None:
                as_counted = replace(one, role=roles[one.statistic_id])
                meter = new_meter(self.hass, as_counted, names[one.statistic_id])
                meters[meter_id_of(self.hass, one.statistic_id)] = meter
            elif one in by_hand:
                errors[CONF_STATISTICS] = error
                return meters
            else:
                self._not_taken.append(one.name or names.get(one.statistic_id, one.statistic_id))
        if not meters and CONF_STATISTICS not in errors:
            errors[CONF_STATISTICS] = "meters_missing"
        return meters

    async def _kept(
        self,
        meters: Mapping[str, dict[str, Any]],
        wanted: list[str],
        user_input: Mapping[str, Any],
        errors: dict[str, str],
    ) -> dict[str, dict[str, Any]]:
        """Return the meters that stay, and those that are new."""
        replacement = user_input.get(CONF_REPLACEMENT)
        kept = {
            meter_id: meter
            for meter_id, meter in meters.items()
            if meter[CONF_STATISTIC_ID] in {*wanted, replacement}
        }
        known = {meter[CONF_STATISTIC_ID] for meter in kept.values()}
        new = [one for one in wanted if one not in known]
        if new or not kept:
            kept |= await self._chosen(Proposal(), new, errors, known)
        return kept

    async def _replaced(
        self,
        stored: Mapping[str, dict[str, Any]],
        user_input: Mapping[str, Any],
        errors: dict[str, str],
    ) -> dict[str, dict[str, Any]]:
        """Return the meters with one of them replaced, if that is asked for."""
        meters = dict(stored)
        meter_id, statistic_id = user_input.get(CONF_REPLACED), user_input.get(CONF_REPLACEMENT)
        if not meter_id and not statistic_id:
            return meters
        if not meter_id or not statistic_id:
            errors[CONF_REPLACEMENT if meter_id else CONF_REPLACED] = "replacement_incomplete"
            return meters
        names = await async_names(self.hass, [statistic_id])
        others = {meter[CONF_STATISTIC_ID] for meter in stored.values()}
        error = self._error(statistic_id, names)
        if error is None and statistic_id in others:
            self._placeholders = {"meter": statistic_id, "point": user_input[CONF_NAME]}
            error = "meter_taken"
        if error is not None:
            errors[CONF_REPLACEMENT] = error
            return meters
        old = stored[meter_id]
        stretch = await async_stretch(self.hass, [Source(old[CONF_STATISTIC_ID])])
        until = hour_of(dt_util.utcnow().timestamp()) if stretch is None else stretch[1]
        former = {key: old[key] for key in (CONF_STATISTIC_ID, CONF_REGISTRY_ID, CONF_ENTITIES)}
        new = new_meter(
            self.hass, Proposed(statistic_id, PlugRole(old[CONF_ROLE])), names[statistic_id]
        )
        meters[meter_id] = {
            **new,
            CONF_RATED_POWER: old.get(CONF_RATED_POWER),
            CONF_COUNTED_FROM: old.get(CONF_COUNTED_FROM, 0),
            CONF_FORMER: [*old[CONF_FORMER], {**former, CONF_UNTIL: until}],
        }
        return meters

    def _error(self, statistic_id: str, names: Mapping[str, str]) -> str | None:
        """Return why a statistic cannot be a meter, None where it can."""
        own = None if self._entry is None else self._entry.entry_id
        self._placeholders = {"meter": names.get(statistic_id, statistic_id), "point": ""}
        if (point := counted_by(self.hass, statistic_id, own)) is not None:
            self._placeholders["point"] = point
            return "meter_taken"
        return None if statistic_id in names else "not_energy"

    async def _selector(self, *, multiple: bool = False) -> SelectSelector:
        """Offer all statistics of energy; those that are not known yet can be typed."""
        # Home Assistant's own selector of statistics is newer than the oldest one supported.
        names = await async_names(self.hass)
        return SelectSelector(
            SelectSelectorConfig(
                options=[
                    SelectOptionDict(value=one, label=name if name == one else f"{name} ({one})")
                    for one, name in sorted(names.items(), key=lambda item: item[1].casefold())
                ],
                multiple=multiple,
                custom_value=True,
                mode=SelectSelectorMode.DROPDOWN,
            )
        )

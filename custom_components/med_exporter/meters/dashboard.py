"""What the Energy dashboard counts, as meters of a metering point."""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from homeassistant.helpers.importlib import async_import_module

from ..const import PlugRole
from ..engine.lazy_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from homeassistant.core import HomeAssistant


@dataclass(frozen=True, slots=True)
class Proposed:
    """A statistic of the dashboard: how it would count, its name there, and its power's entity."""

    statistic_id: str
    role: PlugRole
    name: str | None = None
    power: str | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """All that the dashboard counts in kWh, and what gas and water that it counts is called.

    `has_grid` says that the grid's meter is among it, which counts what is behind it.
    """

    meters: list[Proposed] = field(default_factory=list)
    not_taken: list[str] = field(default_factory=list)
    has_grid: bool = False


async def async_dashboard(hass: HomeAssistant, among: Collection[str] | None = None) -> Proposal:
    """Return what the Energy dashboard of Home Assistant has, as `propose`; nothing without one."""
    # A house without this dashboard has not loaded it.
    energy = await async_import_module(hass, "homeassistant.components.energy.data")
    manager = await energy.async_get_manager(hass)
    return Proposal() if manager.data is None else propose(manager.data, among)


async def async_roles(hass: HomeAssistant, statistic_ids: Collection[str]) -> dict[str, PlugRole]:
    """Return how statistics would count beside each other, by what the dashboard says they are.

    What it does not know is behind the grid's meter where that is one of them.
    """
    known = await async_dashboard(hass, statistic_ids)
    other = PlugRole.IGNORED if known.has_grid else PlugRole.CONSUMPTION
    roles = {one.statistic_id: one.role for one in known.meters}
    return {one: roles.get(one, other) for one in statistic_ids}


def propose(preferences: Mapping[str, Any], among: Collection[str] | None = None) -> Proposal:
    """Return how the sources and devices of a dashboard would count; those in `among`, if given.

    The grid's meter counts all that is used already: what devices use, and what goes into and comes
    out of batteries, is in it. What is fed in is what is produced; without a meter for that, it is
    what the sun gives. What a battery gives back of it was counted when the sun gave it.
    """
    sources = preferences.get("energy_sources", [])
    grid = [
        one
        for source in sources
        if source["type"] == "grid"
        for one in _grid(source)
        if among is None or one.statistic_id in among
    ]
    has_grid = any(one.role is PlugRole.CONSUMPTION for one in grid)
    has_return = any(one.role is PlugRole.PRODUCTION for one in grid)
    has_sun = any(
        source["type"] == "solar" and (among is None or source["stat_energy_from"] in among)
        for source in sources
    )
    found = list(grid)
    for source in sources:
        power = _power(source)
        name = source.get("name")
        match source["type"]:
            case "solar":
                role = PlugRole.IGNORED if has_return else PlugRole.PRODUCTION
                found.append(Proposed(source["stat_energy_from"], role, name, power))
            case "battery":
                out, into = PlugRole.PRODUCTION, PlugRole.CONSUMPTION
                if grid or has_sun:
                    out = into = PlugRole.IGNORED
                found.append(Proposed(source["stat_energy_from"], out, None, power))
                found.append(Proposed(source["stat_energy_to"], into))
    devices = preferences.get("device_consumption", [])
    listed = {
        device["stat_consumption"]
        for device in devices
        if among is None or device["stat_consumption"] in among
    }
    for device in devices:
        is_counted = has_grid or device.get("included_in_stat") in listed
        role = PlugRole.IGNORED if is_counted else PlugRole.CONSUMPTION
        found.append(Proposed(device["stat_consumption"], role, device.get("name"), _power(device)))
    once: dict[str, Proposed] = {}
    for one in found:
        if among is not None and one.statistic_id not in among:
            continue
        known = once.setdefault(one.statistic_id, one)
        if known.power is None and one.power is not None:
            once[one.statistic_id] = replace(known, power=one.power)
    return Proposal(list(once.values()), _not_taken(preferences), has_grid)


def _not_taken(preferences: Mapping[str, Any]) -> list[str]:
    """Return what gas and water are called on the dashboard, each statistic once."""
    named = {
        source["stat_energy_from"]: source.get("name")
        for source in preferences.get("energy_sources", [])
        if source["type"] in {"gas", "water"}
    }
    for device in preferences.get("device_consumption_water", []):
        named.setdefault(device["stat_consumption"], device.get("name"))
    return [name or statistic_id for statistic_id, name in named.items()]


def _grid(source: Mapping[str, Any]) -> Iterator[Proposed]:
    """Yield both ways of the grid, as older and newer Home Assistants store them."""
    flows = source.get("flow_from", [source]), source.get("flow_to", [source])
    for flow in flows[0]:
        if flow.get("stat_energy_from"):
            yield Proposed(
                flow["stat_energy_from"], PlugRole.CONSUMPTION, source.get("name"), _power(source)
            )
    for flow in flows[1]:
        if flow.get("stat_energy_to"):
            yield Proposed(flow["stat_energy_to"], PlugRole.PRODUCTION)


def _power(source: Mapping[str, Any]) -> str | None:
    power: str | None = source.get("stat_rate")
    return power

"""Section `energy_consumption`: the energy and the highest power of each device, day by day.

Behind the days follow the totals, whose day is empty: one row for each device, then one for all.
Energy is told apart by the role that the plug had, since consumption and production do not add up.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from ...costs.apportioning import Apportioning, to_digits
from ...formats import FORMATS
from ...ledger.sums import CONSUMPTION, PRODUCTION
from ...readings.fields import Kind
from ...readings.peaks import peaks
from ...rows.content import Chart, ChartKind, Figure, Series
from ...rows.tables import Column, small_table
from ...times import local_time
from ...words.dates import DateWords
from ...words.phrases import Words
from ..cost_analysis.content import period_edges
from ..cost_rows import energy_decimals
from ..job_sums import elsewhere_warning, job_energies
from ..ledger_gaps import ledger_warnings
from . import Section

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ...job import Job
    from ...recorder.states import Recorder

    type _Energies = Mapping[tuple[int, int, str], float]
    """kWh by day, device and role."""

_MOST_DAYS = 62
"""A longer range is drawn by month."""
_MOST_DEVICES = 11
_POWER_DECIMALS = 1


def section(job: Job, recorder: Recorder, end: float, on_read: Callable[[float], None]) -> Section:
    """Return the days and their totals, as `SectionModule.section` describes."""
    edges = period_edges(job, "daily", end)
    owners = (*job.devices, *job.gone)
    plugs = {one.plug_id: place for place, one in enumerate(owners) if one.plug_id}
    energies: dict[tuple[int, int, str], float] = {}
    for found in job_energies(job, recorder.connect, edges):
        energies |= {(one.place, plugs[one.plug_id], one.role): one.kwh for one in found}
    highest: dict[tuple[int, int], float] = {}
    for device, one in enumerate(job.devices):
        if edges:
            for day, power in peaks(recorder, one, edges).items():
                highest[day, device] = power
        on_read((device + 1) / len(job.devices))
    rows = _rows(job, edges, energies, highest)
    totals = sum(row[0] is None for row in rows)
    table = small_table("energy_consumption", _columns(job), rows, totals)
    table.warnings += ledger_warnings(job, recorder, end, edges, priced=False)
    table.warnings += elsewhere_warning(job, recorder.connect, end)
    return Section(
        table=table,
        figures=_figures(job, energies, highest),
        charts=_charts(job, edges, energies),
    )


def _columns(job: Job) -> list[Column]:
    return [
        Column("day", Kind.TIME, span="day"),
        Column("device", Kind.TEXT),
        Column("role", Kind.TEXT),
        Column("energy_kwh", Kind.AMOUNT, energy_decimals(job)),
        Column("peak_power_w", Kind.NUMBER, _power_decimals(job), "W"),
    ]


def _power_decimals(job: Job) -> int:
    asked = job.options.decimal_places
    return _POWER_DECIMALS if asked is None else asked


def _rows(
    job: Job,
    edges: Sequence[float],
    energies: _Energies,
    highest: Mapping[tuple[int, int], float],
) -> list[Sequence[Any]]:
    decimals, power_decimals = energy_decimals(job), _power_decimals(job)
    names = [device.device_name for device in (*job.devices, *job.gone)]
    roundings = {
        role: Apportioning(decimals, _by_device(energies, role)) for role in _roles(energies)
    }
    counted = {key[:2] for key in energies}
    keys: set[tuple[int, int, str]] = {*energies}
    keys |= {(*key, job.devices[key[1]].role) for key in highest if key not in counted}
    rows: list[Sequence[Any]] = []
    sums: dict[tuple[int, str], float | None] = {}
    for day, device, role in sorted(keys):
        kwh = energies.get((day, device, role))
        if kwh is not None:
            kwh = roundings[role].rounded(device, kwh)
            sums[device, role] = (sums.get((device, role)) or 0.0) + kwh
        sums.setdefault((device, role), None)
        power = highest.get((day, device))
        rows.append((edges[day], names[device], role, kwh, _rounded(power, power_decimals)))
    for (device, role), total in sorted(sums.items()):
        power = max((p for (_, one), p in highest.items() if one == device), default=None)
        shown = _rounded(total, decimals)
        rows.append((None, names[device], role, shown, _rounded(power, power_decimals)))
    rows += [(None, None, role, roundings[role].total, None) for role in sorted(roundings)]
    return rows


def _rounded(value: float | None, decimals: int) -> float | None:
    return None if value is None else to_digits(value, decimals)


def _roles(energies: _Energies) -> set[str]:
    return {role for _, _, role in energies}


def _by_device(energies: _Energies, role: str) -> dict[int, float]:
    totals: dict[int, float] = defaultdict(float)
    for (_, device, its), kwh in energies.items():
        if its == role:
            totals[device] += kwh
    return totals


def _figures(
    job: Job, energies: _Energies, highest: Mapping[tuple[int, int], float]
) -> list[Figure]:
    roles = _roles(energies)
    figures = [
        Figure(
            name="total_energy" if role == CONSUMPTION else "total_production",
            value=round(sum(_by_device(energies, role).values()), energy_decimals(job)),
            unit="kWh",
            decimals=energy_decimals(job),
        )
        for role in (CONSUMPTION, PRODUCTION)
        if role in roles
    ]
    if highest:
        power, device = max((power, device) for (_, device), power in highest.items())
        name = job.devices[device].device_name
        figures.append(
            Figure(name="peak_power", value=power, unit="W", decimals=_power_decimals(job))
        )
        figures.append(Figure(name="peak_power_device", value=name))
    return figures


def _charts(job: Job, edges: Sequence[float], energies: _Energies) -> list[Chart]:
    """Return what was consumed by day or month, and the share of each device."""
    totals = _by_device(energies, CONSUMPTION)
    if not job.include_charts or not FORMATS[job.format].document or not any(totals.values()):
        return []
    words = Words(job.options.locale)
    order = sorted(totals, key=lambda device: -totals[device])
    kept = len(order) if len(order) <= _MOST_DEVICES + 1 else _MOST_DEVICES
    names = [device.device_name for device in (*job.devices, *job.gone)]
    ranked = [(names[device], {device}) for device in order[:kept]]
    if others := set(order[kept:]):
        ranked.append((words.text("others"), others))
    period = "day" if len(edges) - 1 <= _MOST_DAYS else "month"
    days = [local_time(edge, job.zone()).date() for edge in edges[:-1]]
    dates = DateWords(job.options.locale)
    labels = dates.bars(days) if period == "day" else [dates.month(day) for day in days]
    categories = list(dict.fromkeys(labels))
    bars: dict[tuple[str, int], float] = defaultdict(float)
    for (day, device, role), kwh in energies.items():
        if role == CONSUMPTION:
            bars[labels[day], device] += kwh
    over_time = Chart(
        kind=ChartKind.STACKED_BAR,
        title=words.chart(f"energy_by_{period}"),
        unit="kWh",
        decimals=3,
        categories=categories,
        series=[
            Series(name, [_sum(bars, label, devices) for label in categories])
            for name, devices in ranked
        ],
    )
    shares = Chart(
        kind=ChartKind.PIE,
        title=words.chart("energy_by_device"),
        unit="kWh",
        decimals=3,
        categories=[name for name, _ in ranked],
        series=[
            Series(
                words.column("energy_kwh"),
                [sum(totals[device] for device in devices) for _, devices in ranked],
            )
        ],
    )
    # A share of one is no share.
    return [over_time, shares] if len(ranked) > 1 else [over_time]


def _sum(bars: Mapping[tuple[str, int], float], label: str, devices: set[int]) -> float | None:
    found = [bars[label, device] for device in sorted(devices) if (label, device) in bars]
    return sum(found) if found else None

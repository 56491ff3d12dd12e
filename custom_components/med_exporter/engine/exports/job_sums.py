"""What a job's sums are about: its devices, or all that has counted for its metering points.

A metering point that is told whole is told as its bill: with what has left it since, and without
what its devices have counted for another one. A few devices of one are told by themselves,
wherever they counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from ..costs.costing import cost_sums
from ..costs.energy_source import ROLES
from ..database.own_tables import exists
from ..database.recorder_tables import HOURS_META
from ..energy import to_kwh
from ..job import JobDevice
from ..ledger import accounts_of, is_readable, sums_by_account
from ..ledger.sums import energy_sums, quarter_energies
from ..words.file_warnings import warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.engine import Connection

    from ..costs.costing import CostSum
    from ..database.connections import Connect
    from ..job import Job
    from ..ledger.sums import EnergySum

_SHOWN_KWH: Final = 0.0005


def gone_devices(job: Job, connect: Connect) -> tuple[JobDevice, ...]:
    """Return what has counted for the metering points of a job and belongs to them no more.

    None where only some of what belongs to them is asked for.
    """
    if not job.has_whole_points:
        return ()
    known = {one.plug_id for one in job.devices}
    with connect() as connection:
        if not is_readable(connection):
            return ()
        accounts = {
            account.plug_id: account
            for point in job.points
            for account in accounts_of(connection, metering_point=point.slug, roles=ROLES)
            if account.plug_id not in known
        }
        return tuple(
            JobDevice(
                device_id=plug_id,
                device_name=_name(connection, plug_id),
                entities={},
                plug_id=plug_id,
                metering_point=account.metering_point,
                role=account.role,
            )
            for plug_id, account in sorted(accounts.items())
        )


def job_costs(
    job: Job, connect: Connect, edges: Sequence[float]
) -> Iterator[tuple[list[CostSum], list[tuple[float, float]]]]:
    """Yield what the energy of a job cost, as `cost_sums` does; nothing of what is gone and 0."""
    gone = {one.plug_id for one in job.gone}
    plugs = [one.plug_id for one in (*job.devices, *job.gone) if one.plug_id]
    costs = cost_sums(
        connect, plugs, edges, slugs=_slugs(job), currency=job.currency, zone=job.zone()
    )
    for found, unpriced in costs:
        yield [one for one in found if one.kwh or one.plug_id not in gone], unpriced


def job_energies(job: Job, connect: Connect, edges: Sequence[float]) -> Iterator[list[EnergySum]]:
    """Yield the energy of a job, as `energy_sums` does; of what is gone, what has counted."""
    gone = {one.plug_id for one in job.gone}
    plugs = [one.plug_id for one in (*job.devices, *job.gone) if one.plug_id]
    for found in energy_sums(connect, plugs, edges, slugs=_slugs(job)):
        yield [one for one in found if one.plug_id not in gone or (one.kwh and one.role in ROLES)]


def job_quarters(
    job: Job, connect: Connect, end: float
) -> Iterator[list[tuple[int, float, float]]]:
    """Yield what a job's devices consumed in quarter-hours up to `end`, as `quarter_energies`."""
    plugs = [one.plug_id for one in (*job.devices, *job.gone) if one.plug_id]
    return quarter_energies(connect, plugs, job.start, end, slugs=_slugs(job))


def elsewhere_warning(job: Job, connect: Connect, end: float) -> list[dict[str, Any]]:
    """Say how much the devices of a job have counted for other metering points than the job's.

    `COUNTED_ELSEWHERE`: `count` devices, whose energy of another metering point is in no sum.

    Args:
        job: says whose energy.
        connect: opens a connection to the recorder's database.
        end: UTC seconds up to which values are known.

    """
    slugs = _slugs(job)
    names = {one.plug_id: one.device_name for one in job.devices if one.plug_id}
    if slugs is None or end <= job.start:
        return []
    with connect() as connection:
        if not is_readable(connection):
            return []
        accounts = {
            one.id: one.plug_id
            for one in accounts_of(connection, plug_ids=names, roles=ROLES)
            if one.metering_point not in slugs
        }
        others = [one for one in accounts_of(connection, plug_ids=names) if one.id in accounts]
        sums = sums_by_account(connection, others, [job.start, end])
    mwh = {accounts[account]: one.mwh for (_, account), one in sums.items() if one.mwh}
    kwh = to_kwh(sum(one.mwh for one in sums.values()))
    if kwh < _SHOWN_KWH:
        return []
    about = ", ".join(names[plug_id] for plug_id in mwh)
    return [warning("COUNTED_ELSEWHERE", job.start, end, len(mwh), about=about, kwh=kwh)]


def _slugs(job: Job) -> list[str] | None:
    return [one.slug for one in job.points] if job.has_whole_points else None


def _name(connection: Connection, plug_id: str) -> str:
    """Return what a plug was called, by the long-term statistics of its energy."""
    if not exists(connection, HOURS_META):
        return plug_id
    columns = HOURS_META.c
    statement = select(columns.name).where(columns.statistic_id == f"med_exporter:energy_{plug_id}")
    return connection.execute(statement).scalar() or plug_id

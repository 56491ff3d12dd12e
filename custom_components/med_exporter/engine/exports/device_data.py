"""Export type `device_data`: the readings of devices, raw or per period."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..content import Content
from ..errors import ErrorCode, ExportError
from ..fields import FIELDS, Field, Function, Kind
from ..filling import spread_over_periods, with_costs
from ..ledger import plug_ledger
from ..readings import READING_COLUMNS, readings
from ..tables import Column, Rounding, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ..job import Job, JobDevice
    from ..readings import Reading
    from ..recorder import Recorder
    from ..spool import Spool
    from ..tables import Chunk

_AMOUNTS = frozenset(("energy_kwh", "cost", "filled"))
_ENERGY = READING_COLUMNS.index("energy_kwh")
_TOTAL = READING_COLUMNS.index("energy_total_kwh")


def content(
    job: Job,
    recorder: Recorder,
    spool: Spool,
    end: float,
    on_read: Callable[[float], None],
) -> Content:
    """Read everything into the spool and return the one table of this export.

    Args:
        job: what is wanted.
        recorder: where the states are.
        spool: where the rows go through.
        end: UTC seconds up to which values are known.
        on_read: called with the share of the reading that is done, 0 to 1.

    Raises:
        ExportError: `TOO_MANY_RECORDS`.

    """
    total = 0
    silent: list[str] = []
    for place, device in enumerate(job.devices):

        def on_block(moment: float, place: int = place) -> None:
            share = (moment - job.start) / (job.end - job.start)
            on_read((place + share) / len(job.devices))

        found: Iterable[Reading] = _readings(job, recorder, device, spool.edges, end, on_block)
        if job.aggregation == "raw":
            # Too many are noticed before they fill the disk.
            found = islice(found, job.max_records - total + 2)
        added = spool.add(place, found)
        if not added:
            silent.append(device.device_name)
        total += added
        if total > job.max_records:
            raise _too_many(job)
        on_read((place + 1) / len(job.devices))
    table = _table(job, spool, total)
    table.warnings += _warnings(job, recorder, end, silent)
    return Content(tables=[table])


def preview(job: Job, recorder: Recorder, spool: Spool, end: float, limit: int) -> Table:
    """Return the first rows, reading no more of each device than they need.

    Args:
        job: what is wanted.
        recorder: where the states are.
        spool: where the rows go through.
        end: UTC seconds up to which values are known.
        limit: number of rows.

    """
    for place, device in enumerate(job.devices):
        found = _readings(job, recorder, device, spool.edges, end, lambda _: None)
        awaits = "energy_total_kwh" in device.entities and not _AMOUNTS.isdisjoint(job.fields)
        spool.add(place, _first_rows(found, spool.edges, limit, awaits_counter=awaits))
    return _table(job, spool, limit, limit)


def _readings(
    job: Job,
    recorder: Recorder,
    device: JobDevice,
    edges: Sequence[float],
    end: float,
    on_block: Callable[[float], None],
) -> Iterator[Reading]:
    """Return the readings of a device with the amounts that are asked for."""
    ledger = plug_ledger(recorder.connect, device.plug_id, costs="cost" in job.fields)
    found = readings(recorder, device, ledger, job.start, end, on_block)
    if edges:
        return spread_over_periods(found, ledger, edges)
    return with_costs(found, ledger) if ledger.has_costs else found


def _first_rows(
    found: Iterable[Reading], edges: Sequence[float], limit: int, *, awaits_counter: bool
) -> Iterator[Reading]:
    """Yield the readings that make up the first rows of a device, each period whole.

    While the counter is not known, energy of these periods may still come: a gap's parts are
    yielded when it ends.
    """
    if not edges:
        # One more, since the first may be what was in force before the range.
        yield from islice(found, limit + 1)
        return
    rows = first = 0
    reached = -1
    for reading in found:
        moment, until, *_ = reading
        while moment >= edges[first + 1]:
            first += 1
        if rows >= limit and first > reached:
            if not awaits_counter or reading[_ENERGY] is not None or reading[_TOTAL] is not None:
                return
        elif moment < edges[first]:
            yield reading
            continue
        last = first
        while until > edges[last + 1]:
            last += 1
        rows += max(last - max(reached, first - 1), 0)
        reached = max(last, reached)
        yield reading


def _too_many(job: Job) -> ExportError:
    return ExportError(
        ErrorCode.TOO_MANY_RECORDS, f"The export has more than {job.max_records} records"
    )


def _column(field: Field, job: Job) -> Column:
    kind = field.kind
    if field.function is Function.AVERAGE and kind is Kind.FLAG and job.aggregation != "raw":
        kind = Kind.NUMBER
    asked = job.options.decimal_places
    return Column(field.name, kind, field.decimals if asked is None else asked)


def _table(job: Job, spool: Spool, count: int, limit: int = -1) -> Table:
    columns = [_column(FIELDS[name], job) for name in job.fields]
    return Table("device_data", columns, count, _chunks(job, spool, columns, limit))


def _chunks(job: Job, spool: Spool, columns: Sequence[Column], limit: int) -> Iterator[Chunk]:
    rounding = Rounding(columns)
    place = {name: index for index, name in enumerate(spool.value_fields, 2)}
    identity = {
        name: [getattr(device, name) for device in job.devices]
        for name in ("device_id", "device_ip", "device_name")
    }
    for rows in spool.rows(job.options.chunk_size, limit):
        stored: list[tuple[Any, ...]] = list(zip(*rows, strict=True))
        moments, owners = stored[0], stored[1]
        chunk: Chunk = []
        for index, column in enumerate(columns):
            if column.name == "timestamp":
                chunk.append(list(moments))
            elif column.name in identity:
                texts = identity[column.name]
                chunk.append([texts[owner] for owner in owners])
            else:
                chunk.append(rounding.column(index, stored[place[column.name]], owners))
        yield chunk


def _warnings(
    job: Job, recorder: Recorder, end: float, silent: Sequence[str]
) -> list[dict[str, Any]]:
    """Name what the range asks for and the recorder does not have."""
    warnings = []
    oldest = recorder.oldest()
    if oldest is not None and oldest > job.start:
        warnings.append(
            {
                "code": "BEFORE_HISTORY",
                "message": "The recorder keeps nothing from this part of the range",
                "start": _utc(job.start),
                "end": _utc(min(oldest, end)),
                "count": len(job.devices),
            }
        )
    if silent:
        warnings.append(
            {
                "code": "NO_READINGS",
                "message": f"No readings in this range: {', '.join(silent)}",
                "start": _utc(job.start),
                "end": _utc(job.end),
                "count": len(silent),
            }
        )
    return warnings


def _utc(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

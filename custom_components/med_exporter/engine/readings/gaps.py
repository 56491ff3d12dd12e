"""What is said of what the recorder does not have of a range, and of what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..words.file_warnings import naming, warning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..job import Job, JobDevice
    from ..recorder.states import Recorder
    from ..recorder.statistics import Coverage
    from ..words.file_warnings import Warning_
    from .stand_in import StandIn

_AMOUNTS = ("energy_kwh", "cost")
_COUNTER = "energy_total_kwh"


def coverage_warnings(
    job: Job, recorder: Recorder, end: float, coverages: Sequence[Coverage]
) -> list[Warning_]:
    """Name what came from statistics, and what nobody has.

    - `FROM_STATISTICS`: hours that stand in for purged readings; `count` rows.
    - `NO_STATISTICS`: hours between those of which statistics know nothing; `count` hours.
    - `BEFORE_HISTORY`: a part at the beginning of which nothing is known any more; `count` devices.

    Args:
        job: what is wanted.
        recorder: where the states are.
        end: UTC seconds up to which values are known.
        coverages: per device, what came from where.

    """
    found = []
    hourly = [one for one in coverages if one.start is not None and one.end is not None]
    if hourly:
        found.append(
            warning(
                "FROM_STATISTICS",
                min(one.start for one in hourly if one.start is not None),
                max(one.end for one in hourly if one.end is not None),
                sum(one.hours for one in hourly),
            )
        )
    holed = [one for one in hourly if one.missing_start is not None]
    if holed:
        found.append(
            warning(
                "NO_STATISTICS",
                min(one.missing_start for one in holed if one.missing_start is not None),
                max(one.missing_end for one in holed if one.missing_end is not None),
                sum(one.missing for one in holed),
            )
        )
    oldest = recorder.oldest()
    if oldest is not None and oldest > job.start:
        known = [one.known_from for one in coverages]
        unknown = [moment for moment in known if moment is None or moment > job.start]
        until = min((end if moment is None else moment for moment in unknown), default=job.start)
        if until > job.start:
            found.append(
                warning(
                    "BEFORE_HISTORY",
                    job.start,
                    min(until, end),
                    len(unknown),
                )
            )
    return found


def silence_warning(job: Job, silent: Sequence[str]) -> list[Warning_]:
    """Name the devices without any reading in the range: `NO_READINGS`."""
    if not silent:
        return []
    return [warning("NO_READINGS", job.start, job.end, len(silent), about=", ".join(silent))]


def filter_warning(job: Job, emptied: Sequence[str]) -> list[Warning_]:
    """Name the devices of whose readings the filters keep none, and the filters: `FILTERED_OUT`."""
    if not emptied:
        return []
    said = warning("FILTERED_OUT", job.start, job.end, len(emptied), about=", ".join(emptied))
    return [naming(said, "filters", job.filters.given)]


def not_recorded_warnings(
    job: Job, recorder: Recorder, end: float, stand_ins: Sequence[StandIn]
) -> list[Warning_]:
    """Name, device by device, what the recorder does not keep of the fields that are asked for.

    - `FROM_LEDGER`: the energy of periods that is the ledger's, since the recorder has no counter.
    - `NOT_RECORDED`: in raw rows, the energy that only the ledger knows; and fields whose entity is
      excluded or disabled now, since its last state.

    Args:
        job: what is wanted.
        recorder: where the states are.
        end: UTC seconds up to which values are known.
        stand_ins: per device, what the ledger knows more.

    """
    found: list[Warning_] = []
    for device, more in zip(job.devices, stand_ins, strict=True):
        name, missing = device.device_name, device.not_recorded
        amounts = [one for one in job.fields if one in _AMOUNTS]
        if amounts and more.first is not None and more.last is not None and more.kwh > 0:
            code = "FROM_LEDGER" if more.gives_rows else "NOT_RECORDED"
            found.append(warning(code, more.first, more.last, 1, about=name, kwh=more.kwh))
            amounts = []
        counted = amounts if _COUNTER in missing else []
        if fields := [one for one in job.fields if one in missing or one in counted]:
            start = max(_last_kept(recorder, device, end), job.start)
            if start < end:
                said = warning("NOT_RECORDED", start, end, 1, about=name)
                found.append(naming(said, "fields", fields))
    return found


def _last_kept(recorder: Recorder, device: JobDevice, end: float) -> float:
    """Return when the recorder last kept anything of what it does not keep now, 0 for never."""
    ids = recorder.metadata_ids([device.entities[one] for one in device.not_recorded])
    return recorder.moment_before(ids.values(), end) or 0.0


def outlier_warning(job: Job, count: int) -> list[Warning_]:
    """Say how many readings were left out as outliers: `OUTLIERS_REMOVED`, also when none was."""
    if not job.filters.exclude_outliers:
        return []
    return [warning("OUTLIERS_REMOVED", job.start, job.end, count)]

"""What one asks an InfluxDB server for, in each version's language, and what its answers say.

A question finds the series that have further tags too, such as those of another destination: they
are left out when the answer is read. Functions that read answers raise ValueError, KeyError,
TypeError or AttributeError for an answer to another question.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .lines import Series

_DURATION: Final = re.compile(r"(?P<number>\d+)(?P<unit>[smhdw])")
_FLUX_COLUMNS: Final = frozenset(
    {"", "result", "table", "_start", "_stop", "_time", "_value", "_field", "_measurement"}
)
# In the year 2255: version 2 reckons up to 2262.
_LAST_SECOND: Final = 9_000_000_000
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


def influxql(series: Series, start: int, end: int) -> str:
    """Return the question of version 1 for a series between two seconds, both included."""
    return _influxql(series, _name(series.field), start, end)


def influxql_totals(series: Series, start: int, end: int) -> str:
    """Return the question of version 1 for how many points a series has, and their sum."""
    field = _name(series.field)
    return _influxql(series, f"count({field}), sum({field})", start, end)


def _influxql(series: Series, wanted: str, start: int, end: int) -> str:
    conditions = [f"time >= {start}s", f"time <= {end}s"]
    conditions += [f"{_name(tag)} = {_text(text)}" for tag, text in series.tags.items()]
    where = " AND ".join(conditions)
    return f"SELECT {wanted} FROM {_name(series.measurement)} WHERE {where} GROUP BY *"  # noqa: S608 (quoted)


def influxql_policies(database: str) -> str:
    """Return the question of version 1 for how long a database keeps points."""
    return f"SHOW RETENTION POLICIES ON {_name(database)}"


def influxql_tag_keys(measurement: str) -> str:
    """Return the question of version 1 for the tags that any series of a measurement has."""
    return f"SHOW TAG KEYS FROM {_name(measurement)}"


def influxql_drop(series: Series, others: Iterable[str]) -> str:
    """Return what has version 1 drop a series, and none that has one of the `others` as tags."""
    tags = {**dict.fromkeys(others, ""), **series.tags}
    where = " AND ".join(f"{_name(tag)} = {_text(text)}" for tag, text in tags.items())
    return f"DROP SERIES FROM {_name(series.measurement)} WHERE {where}"


def deletion(series: Series) -> dict[str, str]:
    """Return what has version 2 delete the points of all series that have a series' tags."""
    wanted = {"_measurement": series.measurement, **series.tags}
    predicate = " AND ".join(
        f"{_sql_name(tag) if tag[:1] != '_' else tag}={_flux_text(text)}"
        for tag, text in wanted.items()
    )
    return {"start": "1970-01-01T00:00:00Z", "stop": "2262-04-11T00:00:00Z", "predicate": predicate}


def flux_last(bucket: str, series: Series) -> str:
    """Return the question of version 2 for the last point of all series with a series' tags."""
    return f"{flux(bucket, series, 0, _LAST_SECOND)} |> last()"


def flux(bucket: str, series: Series, start: int, end: int) -> str:
    """Return the question of version 2."""
    tags = {"_measurement": series.measurement, "_field": series.field, **series.tags}
    conditions = " and ".join(
        f"r[{_flux_text(name)}] == {_flux_text(text)}" for name, text in tags.items()
    )
    return (
        f"from(bucket: {_flux_text(bucket)}) |> range(start: {start}, stop: {end + 1})"
        f" |> filter(fn: (r) => {conditions})"
    )


def sql(series: Series, start: int, end: int) -> str:
    """Return the question of version 3."""
    conditions = [f"time >= to_timestamp({start})", f"time <= to_timestamp({end})"]
    conditions += [f"{_sql_name(tag)} = {_sql_text(text)}" for tag, text in series.tags.items()]
    where = " AND ".join(conditions)
    return f"SELECT * FROM {_sql_name(series.measurement)} WHERE {where}"  # noqa: S608 (quoted)


def influxql_values(answer: object, series: Series) -> dict[int, float] | None:
    """Return numbers by second; None from a server that answers to every question alike."""
    values: dict[int, float] = {}
    for found in _influxql_series(answer):
        if found["columns"] != ["time", series.field]:
            return None
        if found["name"] != series.measurement:
            raise ValueError(found["name"])
        if _without_empty(found.get("tags", {})) == series.tags:
            values |= {int(stamp): float(value) for stamp, value in found["values"]}
    return values


def influxql_total(answer: object, series: Series) -> tuple[int, float] | None:
    """Return a number of points, and their sum; None from a server that answers as no other."""
    for found in _influxql_series(answer):
        if found["columns"] != ["time", "count", "sum"]:
            return None
        if found["name"] != series.measurement:
            raise ValueError(found["name"])
        if _without_empty(found.get("tags", {})) == series.tags:
            [[_, count, total]] = found["values"]
            return int(count), float(total)
    return 0, 0.0


def influxql_error(answer: object) -> str | None:
    """Return what an answer refuses, None where it answers."""
    if not isinstance(answer, Mapping) or not isinstance(answer.get("results"), list):
        raise ValueError(answer)  # noqa: TRY004 (an answer, and not an argument)
    errors = (result["error"] for result in answer["results"] if "error" in result)
    return next(map(str, errors), None)


def influxql_is_cut(answer: Any) -> bool:  # noqa: ANN401 (JSON)
    """Return whether there is more than a server of version 1 was told to show at a time."""
    parts = [*answer["results"], *_influxql_series(answer)]
    return any(part.get("partial") for part in parts)


def influxql_retention(answer: object) -> timedelta | None:
    """Return how long the policy keeps points that nobody names another for; None for ever."""
    for found in _influxql_series(answer):
        for row in found["values"]:
            policy = dict(zip(found["columns"], row, strict=True))
            if policy.get("default"):
                told = _DURATION.finditer(str(policy["duration"]))
                seconds = sum(int(part["number"]) * _SECONDS[part["unit"]] for part in told)
                return timedelta(seconds=seconds) if seconds else None
    return None


def influxql_keys(answer: object) -> set[str]:
    """Return the names of tags."""
    return {str(row[0]) for found in _influxql_series(answer) for row in found["values"]}


def flux_tags(text: str) -> list[dict[str, str]]:
    """Return the tags of each table of an answer of version 2."""
    return [
        _without_empty({name: row[name] for name in row if name not in _FLUX_COLUMNS})
        for row in _flux_rows(text)
    ]


def flux_values(text: str, series: Series) -> dict[int, float]:
    """Return numbers by second from an answer of version 2: tables, each below its header."""
    found: dict[int, float] = {}
    for values in _flux_rows(text):
        if (values["_measurement"], values["_field"]) != (series.measurement, series.field):
            raise ValueError(values)
        tags = {name: text for name, text in values.items() if name not in _FLUX_COLUMNS}
        if _without_empty(tags) == series.tags:
            found[_second(values["_time"])] = float(values["_value"])
    return found


def _flux_rows(text: str) -> Iterator[dict[str, str]]:
    header: list[str] = []
    for row in csv.reader(text.splitlines()):
        if not row:
            header = []
        elif not header:
            header = row
            if not {"_time", "_value"} <= set(header):
                raise ValueError(header)
        else:
            yield dict(zip(header, row, strict=True))


def bucket_retention(answer: object, bucket: str) -> timedelta | None:
    """Return how long a bucket keeps points; None for ever, and where the login may not know."""
    if not isinstance(answer, Mapping) or not isinstance(answer.get("buckets"), list):
        raise ValueError(answer)  # noqa: TRY004
    for one in answer["buckets"]:
        if one.get("name") == bucket:
            told = (rule.get("everySeconds") or 0 for rule in one.get("retentionRules") or ())
            seconds = min(filter(None, told), default=0)
            return timedelta(seconds=seconds) if seconds else None
    return None


def sql_values(answer: object, series: Series) -> dict[int, float]:
    """Return numbers by second from an answer of version 3, whose tags are its texts."""
    if not isinstance(answer, list):
        raise ValueError(answer)  # noqa: TRY004
    found: dict[int, float] = {}
    for row in answer:
        texts = {name: text for name, text in row.items() if isinstance(text, str)}
        stamp = _second(texts.pop("time"))
        value = row.get(series.field)
        if _without_empty(texts) == series.tags and value is not None:
            found[stamp] = float(value)
    return found


def _influxql_series(answer: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401 (JSON)
    for result in answer["results"]:
        yield from result.get("series") or ()


def _without_empty(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the tags that a series has, and not those that only others have."""
    return {name: text for name, text in tags.items() if text}


def _name(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _flux_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("${", "\\${")
    return f'"{escaped}"'


def _sql_name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _sql_text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _second(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())

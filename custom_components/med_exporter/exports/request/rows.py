"""Which rows and columns an export of readings has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ...engine.job import AGGREGATIONS, DEVICE_STATES, FUNCTIONS, CustomField, Filters, TimeOfDay
from ...engine.job.filters import minutes_of_day
from ...engine.readings.custom_fields import usable_fields
from ...engine.readings.fields import ENTITY_FIELDS, FIELDS
from ...errors import InvalidRequest
from ...object_reader import INVALID_VALUE, ObjectReader, shown
from .codes import INVALID_FORMULA, NOT_APPLICABLE, UNKNOWN_FIELD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from homeassistant.core import HomeAssistant

MOST_CUSTOM_FIELDS: Final = 20
_LONGEST_NAME: Final = 64
_LONGEST_UNIT: Final = 32
_SPARE: Final = (*(name for name in ENTITY_FIELDS if name != "energy_total_kwh"), "cost")
VALUE_FIELDS: Final = tuple(name for name, item in FIELDS.items() if item.function is not None)


async def async_read_rows(
    hass: HomeAssistant, request: ObjectReader, *, on_pages: bool = False
) -> dict[str, Any]:
    """Return what a request says of rows and columns, as fields of `engine.job.Request`.

    Where it names no fields, it means all, `on_pages` those that people read and devices have.
    Where it names no aggregation, it means each reading, `on_pages` days: nobody leafs through
    more than a thousand pages, which the readings of a year fill.

    Raises InvalidRequest that names the first field at fault.
    """
    aggregation = request.choice("aggregation", AGGREGATIONS) or ("daily" if on_pages else "raw")
    functions = _functions(request, aggregation)
    filters = _filters(request.object("filters"))
    custom_fields = _custom_fields(request)
    fields, spare = _fields(request, custom_fields, on_pages=on_pages)
    if custom_fields:
        # Reading a formula loads a library.
        await hass.async_add_executor_job(_check_formulas, custom_fields, aggregation, functions)
    return {
        "fields": fields,
        "spare_fields": spare,
        "aggregation": aggregation,
        "aggregation_functions": functions,
        "filters": filters,
        "custom_fields": custom_fields,
    }


async def async_check_formula(hass: HomeAssistant, value: object) -> None:
    """Check one formula of a request: `formula`, with the `aggregation` and functions around it.

    Raises InvalidRequest with code INVALID_FORMULA and the `position` of the mistake.
    """
    request = ObjectReader(value)
    aggregation = request.choice("aggregation", AGGREGATIONS) or "raw"
    functions = _functions(request, aggregation)
    formula = request.text("formula", required=True) or ""
    request.finish()
    custom = CustomField(name="", formula=formula, unit="")
    await hass.async_add_executor_job(_check_formulas, (custom,), aggregation, functions)


def _functions(request: ObjectReader, aggregation: str) -> dict[str, str]:
    asked = request.take("aggregation_functions")
    if asked is None:
        return {}
    reader = ObjectReader(asked, "aggregation_functions")
    if aggregation == "raw":
        raise InvalidRequest(
            NOT_APPLICABLE, "not_applicable", field="aggregation_functions", to="raw"
        )
    for name in reader.names():
        if name not in VALUE_FIELDS:
            raise InvalidRequest(
                UNKNOWN_FIELD,
                "not_one_of",
                field="aggregation_functions",
                value=shown(name),
                known=", ".join(VALUE_FIELDS),
            )
    return {
        name: function for name in reader.names() if (function := reader.choice(name, FUNCTIONS))
    }


def _filters(reader: ObjectReader) -> Filters:
    low, high = reader.number("min_power"), reader.number("max_power")
    if low is not None and high is not None and low > high:
        raise InvalidRequest(
            INVALID_VALUE, "less_than_other", field=reader.name("max_power"), other="min_power"
        )
    states = reader.choices("device_states", DEVICE_STATES) or ()
    outliers = bool(reader.boolean("exclude_outliers"))
    day = reader.take("time_of_day")
    time_of_day = (
        None if day is None else _time_of_day(ObjectReader(day, reader.name("time_of_day")))
    )
    days = reader.integers("days_of_week", 1, 7) or ()
    reader.finish()
    return Filters(
        min_power=low,
        max_power=high,
        device_states=states,
        exclude_outliers=outliers,
        time_of_day=time_of_day,
        days_of_week=days,
    )


def _time_of_day(reader: ObjectReader) -> TimeOfDay:
    texts = {}
    for name in ("start", "end"):
        texts[name] = reader.text(name, required=True) or ""
        if minutes_of_day(texts[name]) is None:
            raise InvalidRequest(INVALID_VALUE, "not_a_time_of_day", field=reader.name(name))
    reader.finish()
    if texts["start"] == texts["end"]:
        raise InvalidRequest(
            INVALID_VALUE, "same_as_other", field=reader.name("end"), other="start"
        )
    return TimeOfDay(**texts)


def _fields(
    request: ObjectReader, custom_fields: Sequence[CustomField], *, on_pages: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    own = [custom.name for custom in custom_fields]
    asked = request.texts("fields")
    fields = asked or [name for name, one in FIELDS.items() if not (on_pages and one.for_programs)]
    for name in fields:
        if name not in FIELDS and name not in own:
            raise InvalidRequest(
                UNKNOWN_FIELD,
                "not_one_of",
                field="fields",
                value=shown(name),
                known=", ".join((*FIELDS, *own)),
            )
    request.each_once("fields", fields)
    spare = () if asked or not on_pages else _SPARE
    return (*fields, *(name for name in own if name not in fields)), spare


def _custom_fields(request: ObjectReader) -> tuple[CustomField, ...]:
    items = request.items("custom_fields")
    if items is None:
        return ()
    if len(items) > MOST_CUSTOM_FIELDS:
        raise InvalidRequest(
            INVALID_VALUE, "too_many_items", field="custom_fields", limit=MOST_CUSTOM_FIELDS
        )
    found: list[CustomField] = []
    for place, item in enumerate(items):
        reader = ObjectReader(item, f"custom_fields[{place}]")
        name = reader.label("name", _LONGEST_NAME, required=True) or ""
        formula = reader.text("formula", required=True) or ""
        unit = reader.label("unit", _LONGEST_UNIT, shortest=0) or ""
        reader.finish()
        taken = {*FIELDS, *(other.name for other in found)}
        if name.casefold() in {other.casefold() for other in taken}:
            raise InvalidRequest(
                INVALID_VALUE, "name_taken", field=reader.name("name"), value=shown(name)
            )
        found.append(CustomField(name=name, formula=formula, unit=unit))
    return tuple(found)


def _check_formulas(
    custom_fields: Sequence[CustomField], aggregation: str, functions: Mapping[str, str]
) -> None:
    from ...engine.formulas import FormulaError, compile_formula  # noqa: PLC0415  # a library

    known = usable_fields(aggregation, functions)
    for place, custom in enumerate(custom_fields):
        try:
            compile_formula(custom.formula, known)
        except FormulaError as err:
            raise InvalidRequest(
                INVALID_FORMULA,
                f"formula_{err.problem.name.lower()}",
                field=f"custom_fields[{place}].formula",
                position=err.position,
                **err.details,
            ) from err

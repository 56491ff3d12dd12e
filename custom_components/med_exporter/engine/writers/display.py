"""Values as people of a language read them, for documents that are not read by programs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..export_types import EXPORT_TYPES
from ..readings.fields import Kind
from ..rows.time_text import TimeText
from ..times import local_time
from ..words.currency_signs import for_people
from ..words.dates import DateWords
from ..words.file_warnings import sentence
from ..words.phrases import Words, unit_of
from ..words.quantities import FRENCH_MARKS, number_text, quantity_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..job import Job
    from ..rows.content import Figure
    from ..rows.tables import Column

_CLOCK_LASTS = 14 * 86_400
"""Seconds: no clock that is changed is changed back sooner."""


class Display:
    """Shows values in the language and time zone of a job.

    Args:
        job: gives locale, time zone and period.
        metadata: of the file. A time zone that it does not name is not named: names of zones are
            places, which a file may have to keep to itself.

    """

    def __init__(self, job: Job, metadata: Mapping[str, Any]) -> None:
        self.words = Words(job.options.locale)
        self._job = job
        self._metadata = metadata
        self._zone = job.zone()
        self._french = job.options.locale == "fr"
        self._dates = DateWords(job.options.locale)
        self._times = TimeText(self._zone, self._hour)
        # Where the clock changes, local times alone are not told apart.
        self._shows_offsets = len(self._offsets()) > 1

    def number(self, value: float, decimals: int) -> str:
        """Return a number with the separators of the language."""
        return number_text(value, decimals, french=self._french)

    def quantity(self, value: float, decimals: int, unit: str) -> str:
        """Return a number with its unit."""
        return quantity_text(value, decimals, unit, french=self._french)

    def titled(self, title: str, unit: str) -> str:
        """Return a title with the unit of what is below it."""
        return f"{title} ({for_people(unit)})" if unit else title

    def header(self, column: Column) -> str:
        """Return what a column is called, with its unit; one of months after what it shows."""
        name = "month" if column.span == "month" else column.name
        return self.titled(self.words.column(name), unit_of(column))

    def figure(self, figure: Figure) -> str:
        """Return the value of a figure."""
        if figure.value is None:
            return "-"
        if isinstance(figure.value, str):
            return figure.value
        return self.quantity(figure.value, figure.decimals, figure.unit)

    def column(self, column: Column) -> Callable[[Sequence[Any]], list[str]]:
        """Return what turns the values of a column into texts, "" where not known."""
        if column.kind is Kind.TIME:
            return self._spans(column.span) if column.span else self._moments
        if column.kind is Kind.FLAG:
            yes, no = self.words.text("yes"), self.words.text("no")
            return lambda values: ["" if v is None else yes if v else no for v in values]
        if column.kind is Kind.TEXT:
            return lambda values: ["" if v is None else str(v) for v in values]
        pattern = f"{{:,.{column.decimals}f}}".format
        if self._french:
            return lambda values: [
                "" if v is None else pattern(v).translate(FRENCH_MARKS) for v in values
            ]
        return lambda values: ["" if v is None else pattern(v) for v in values]

    def _hour(self, local: datetime) -> str:
        return f"{self._dates.short(local.date())} {local:%H}"

    def _moments(self, values: Sequence[float | None]) -> list[str]:
        return [
            "" if local is None else f"{local} {offset}" if self._shows_offsets else local
            for local, offset in self._times.parts(values)
        ]

    def _spans(self, span: str) -> Callable[[Sequence[float | None]], list[str]]:
        """Return what names the local days or months that begin at some moments."""
        show = self._dates.cut_month if span == "month" else self._dates.short

        def spans(values: Sequence[float | None]) -> list[str]:
            # What begins before the range is shown as far as it lies in it.
            return [
                "" if v is None else show(local_time(max(v, self._job.start), self._zone).date())
                for v in values
            ]

        return spans

    def moment(self, moment: datetime) -> str:
        """Return a local time, to the minute."""
        local = moment.astimezone(self._zone)
        offset = f" (UTC{local:%:z})" if self._shows_offsets else ""
        return f"{self._dates.day(local.date())}, {local:%H:%M}{offset}"

    def title(self) -> str:
        """Return the title of the file."""
        return self.words.title(self._job.export_type)

    def period(self) -> str | None:
        """Return what the period is called, None for what is about no period."""
        if not EXPORT_TYPES[self._job.export_type].is_about_a_time:
            return None
        return self._dates.period(
            *(local_time(moment, self._zone) for moment in (self._job.start, self._job.end))
        )

    def time_zone(self) -> str:
        """Return the name of the time zone if it may be known, and its offsets in the period."""
        shown = " / ".join(self._offsets())
        name = self._metadata.get("timezone")
        return f"{name} ({shown})" if name else shown

    def _offsets(self) -> list[str]:
        moments = range(int(self._job.start), int(self._job.end), _CLOCK_LASTS)
        offsets = (
            local_time(moment, self._zone).strftime("UTC%:z")
            for moment in (*moments, self._job.end - 1)
        )
        return list(dict.fromkeys(offsets))

    def created(self) -> str | None:
        """Return when the file was asked for, None when that is not known."""
        created = self._metadata.get("created_at")
        return None if created is None else self.moment(datetime.fromisoformat(str(created)))

    def warning(self, warning: Mapping[str, Any]) -> str:
        """Return a warning with the part of the period it is about."""
        text = sentence(
            warning, french=self._french, energy=lambda kwh: self.quantity(kwh, 3, "kWh")
        )
        if warning.get("start") is None or warning.get("end") is None:
            return text
        period = self._dates.period(
            *(
                datetime.fromisoformat(warning[name]).astimezone(self._zone)
                for name in ("start", "end")
            )
        )
        return f"{text} ({period})"

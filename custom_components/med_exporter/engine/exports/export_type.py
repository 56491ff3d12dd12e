"""What an export type is: a record that everyone may ask, and the work that only a job loads."""

from __future__ import annotations

from dataclasses import field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from ..lazy_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..job import Job, Request
    from ..object_reader import ObjectReader
    from ..recorder.states import Recorder
    from ..rows.content import Content
    from ..rows.spool import Spool
    from ..rows.tables import Table


class Work(Protocol):
    """What the module `content` in an export type's folder offers."""

    def content(
        self,
        job: Job,
        recorder: Recorder,
        spool: Spool,
        end: float,
        on_read: Callable[[float], None],
    ) -> Content:
        """Read everything into the spool and return what goes into the file.

        Args:
            job: what is wanted.
            recorder: where the states are.
            spool: where rows go through.
            end: UTC seconds up to which values are known.
            on_read: called with the share of the reading that is done, 0 to 1.

        Raises:
            ExportError: why it cannot be had.

        """
        ...


class PreviewWork(Protocol):
    """What the module `preview` in the folder of an export type that has one offers."""

    def preview(
        self, job: Job, recorder: Recorder, spool: Spool, end: float, limit: int
    ) -> tuple[Table, bool]:
        """Return the first rows, reading little more than these, and whether these are all.

        The table's warnings are those of the range up to the last of these rows. Where they would
        need very many readings, rows may be provisional, and warnings say so.
        """
        ...


def _one_table(_request: Request) -> int:
    return 1


def _nothing(_reader: ObjectReader) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportType:
    """An export type.

    Attributes:
        id: as in requests, and in the names of files.
        title: of its documents, in English and French.
        folder: dotted name of the package whose module `content` does the work.
        takes: what a request may name beside type, format and options, of what several export
            types have in common; a `date_range` that may be named is needed.
        own: what only this one takes: the JSON Schema of each option by its name.
        read_own: returns the values of `own` as plain JSON values, checked. Its errors are the
            reader's.
        administrators_only: whether it tells what only administrators may see.
        needs_devices: whether it is refused where there is no device to tell of.
        about_one_point: whether it tells of one metering point, which `own` names as `pdl`.
        about_money: whether its sums are money, and so of one currency.
        most_days: how long its range may be; None for what the installation allows.
        tables: how many tables its file has; 0 for any number but one.
        has_words: whether codes in its cells become words in a document.
        has_preview: whether its folder has a `PreviewWork`.
        words: what its columns, tables, figures and charts are called in documents, in English and
            French, beside those of `words.py`.

    """

    id: str
    title: tuple[str, str]
    folder: str
    takes: frozenset[str] = frozenset()
    own: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    read_own: Callable[[ObjectReader], Mapping[str, Any]] = _nothing
    administrators_only: bool = False
    needs_devices: bool = False
    about_one_point: bool = False
    about_money: bool = False
    most_days: int | None = None
    tables: Callable[[Request], int] = _one_table
    has_words: bool = True
    has_preview: bool = False
    words: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def options(self) -> frozenset[str]:
        """Return all that a request may name beside type, format and how the file looks."""
        return self.takes | self.own.keys()

    @property
    def is_about_devices(self) -> bool:
        """Tell whether its file shows devices that the request chooses."""
        return self.about_one_point or "devices" in self.takes

    @property
    def is_about_a_time(self) -> bool:
        """Tell whether its file is about a range, and not about the present."""
        return "date_range" in self.takes

    @property
    def has_rows(self) -> bool:
        """Tell whether its rows are readings, whose columns and periods the request can choose."""
        return "fields" in self.takes

    def work(self) -> Work:
        """Load what makes the content, and only its libraries."""
        return cast(Work, import_module(f"{self.folder}.content"))

    def preview_work(self) -> PreviewWork:
        """Load what makes its previews."""
        return cast(PreviewWork, import_module(f"{self.folder}.preview"))

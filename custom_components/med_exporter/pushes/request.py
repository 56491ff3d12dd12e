"""What a caller asks a run for, read alike at every door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from ..const import DataType
from ..engine.lazy_dataclass import dataclass
from ..object_reader import ObjectReader
from .date_range import read_push_range

if TYPE_CHECKING:
    from .date_range import Bound, PushRange


@dataclass(frozen=True, kw_only=True, slots=True)
class PushRequest:
    """What a run is to send; without any of it, all that waits and what is now.

    Attributes:
        data: the data types; None for all that the destination is set up to receive.
        pdl: the metering points; None for all.
        range: the closed periods that begin in it are sent, whether the destination has
            acknowledged them or not, and current values only where it reaches the present.

    """

    data: tuple[str, ...] | None = None
    pdl: tuple[str, ...] | None = None
    range: PushRange | None = None

    def described(self) -> dict[str, Any]:
        """Return it as it stands in a record, and as `read_push_request` reads it again."""
        described: dict[str, Any] = {}
        if self.data is not None:
            described["data"] = list(self.data)
        if self.pdl is not None:
            described["pdl"] = list(self.pdl)
        return described if self.range is None else described | self.range.described()


EVERYTHING: Final = PushRequest()


def read_push_request(values: object) -> PushRequest:
    """Return what an object asks for: `data`, `pdl`, `start` and `end`, all of them optional.

    Whether the house has the metering points and the destination receives the data is judged
    when the run starts. Raises InvalidRequest at the first mistake's field.
    """
    reader = ObjectReader(values)
    data = reader.choices("data", [data_type.value for data_type in DataType])
    pdl = reader.texts("pdl")
    if pdl is not None:
        reader.each_once("pdl", pdl)
    start, end = (cast("Bound", reader.take(bound)) for bound in ("start", "end"))
    reader.finish()
    return PushRequest(
        data=data, pdl=None if pdl is None else tuple(pdl), range=read_push_range(start, end)
    )

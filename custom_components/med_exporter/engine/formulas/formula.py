"""A formula that has been checked, as SQL templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy_dataclass import dataclass

if TYPE_CHECKING:
    from ..readings.fields import Kind


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula as SQL templates, to be filled with `str.format_map`.

    Attributes:
        text: as the user wrote it.
        kind: of its values: NUMBER, FLAG, TEXT or TIME.
        fields: the names of the fields it uses; each stands in the templates in braces.
        totals: aggregate expressions, to be computed once per device.
        row: the expression for a row; the totals stand in it as `{total_0}` and so on. It has no
            value where a needed one is not known, a divisor is zero or a number overflows.
        is_whole: whether it gives numbers without digits after the point, in every row.

    """

    text: str
    kind: Kind
    fields: frozenset[str]
    totals: tuple[str, ...]
    row: str
    is_whole: bool

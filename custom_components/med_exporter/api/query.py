"""The parameters of a query: each is one record, which reads it and describes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..engine.lazy_dataclass import dataclass
from ..errors import InvalidRequest
from ..history.pages import FURTHEST, MOST
from ..object_reader import INVALID_REQUEST, INVALID_VALUE, shown

if TYPE_CHECKING:
    from aiohttp import web

_MOST_DIGITS: Final = 15


@dataclass(frozen=True, slots=True)
class Text:
    """A text; `known` are those that mean something, where only some do."""

    name: str
    known: tuple[str, ...] = ()

    def text(self, request: web.Request) -> str | None:
        """Return what was given, None for nothing. Raises InvalidRequest where it was twice."""
        values = request.query.getall(self.name, [])
        if len(values) > 1:
            raise InvalidRequest(
                INVALID_REQUEST, "given_twice", field=self.name, value=shown(self.name)
            )
        return values[0] if values else None

    def schema(self) -> dict[str, Any]:
        """Return the values that it takes, as JSON Schema."""
        return {"type": "string", **({"enum": list(self.known)} if self.known else {})}


@dataclass(frozen=True, slots=True)
class Choice(Text):
    """One of the known texts, which is judged here."""

    def read(self, request: web.Request) -> str | None:
        """Return it, None for nothing. Raises InvalidRequest for any other."""
        value = self.text(request)
        if value is not None and value not in self.known:
            raise InvalidRequest(
                INVALID_VALUE,
                "not_one_of",
                field=self.name,
                value=shown(value),
                known=", ".join(self.known),
            )
        return value


@dataclass(frozen=True, slots=True)
class Texts(Text):
    """Several texts, separated by commas or given again and again."""

    def read(self, request: web.Request) -> list[str] | None:
        """Return them, without empty ones; None where the name is not given."""
        values = request.query.getall(self.name, None)
        if values is None:
            return None
        return [item.strip() for value in values for item in value.split(",") if item.strip()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Text):
    """A whole number within both bounds."""

    default: int
    low: int
    high: int

    def read(self, request: web.Request) -> int:
        """Return it. Raises InvalidRequest for what is no number, or lies outside its bounds."""
        text = self.text(request)
        if text is None:
            return self.default
        if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
            raise InvalidRequest(INVALID_REQUEST, "not_an_integer", field=self.name)
        if not self.low <= int(text) <= self.high:
            raise InvalidRequest(
                INVALID_VALUE, "out_of_range", field=self.name, low=self.low, high=self.high
            )
        return int(text)

    def schema(self) -> dict[str, Any]:
        """Return its bounds, as JSON Schema."""
        return {
            "type": "integer",
            "minimum": self.low,
            "maximum": self.high,
            "default": self.default,
        }


def page(default: int) -> tuple[Number, Number]:
    """Return the parameters `limit` and `offset` of a list that is answered by the page."""
    return (
        Number("limit", default=default, low=1, high=MOST),
        Number("offset", default=0, low=0, high=FURTHEST),
    )

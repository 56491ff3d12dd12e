"""The few shapes of JSON Schema that requests and answers are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    type Shape = dict[str, Any]

TEXT: Final[Shape] = {"type": "string"}
BOOLEAN: Final[Shape] = {"type": "boolean"}
NUMBER: Final[Shape] = {"type": "number"}
COUNT: Final[Shape] = {"type": "integer", "minimum": 0}
TIME: Final[Shape] = {"type": "string", "format": "date-time"}
WARNING: Final[Shape] = {
    "type": "object",
    "properties": {"code": TEXT, "message": TEXT},
    "required": ["code", "message"],
}


def one_of(values: Iterable[str]) -> Shape:
    """Return the shape of one of these texts."""
    return {"type": "string", "enum": list(values)}


def or_null(shape: Shape) -> Shape:
    """Return a shape that may also be null."""
    return {"anyOf": [shape, {"type": "null"}]}


def several(item: Shape, most: int, *, each_once: bool = False) -> Shape:
    """Return a list as requests have it: of one to so many items."""
    found: Shape = {"type": "array", "items": item, "minItems": 1, "maxItems": most}
    return {**found, "uniqueItems": True} if each_once else found


def asked(
    shapes: Mapping[str, Shape], required: Iterable[str] = (), *, more: bool = False
) -> Shape:
    """Return an object as requests have it: null is the same as nothing.

    `more` lets it have other names too, which are described in words only.
    """
    needed = list(required)
    return {
        "type": "object",
        "properties": {
            name: shape if name in needed else or_null(shape) for name, shape in shapes.items()
        },
        "required": needed,
        "additionalProperties": more,
    }


def told(shapes: Mapping[str, Shape], sometimes: Iterable[str] = ()) -> Shape:
    """Return an object as answers have it: with these names and no others, all but some always."""
    missing = set(sometimes)
    return {
        "type": "object",
        "properties": dict(shapes),
        "required": [name for name in shapes if name not in missing],
        "additionalProperties": False,
    }


def listed(item: Shape) -> Shape:
    """Return a list as answers have it."""
    return {"type": "array", "items": item}


def named(name: str) -> Shape:
    """Return what stands under a name among the schemas."""
    return {"$ref": f"#/components/schemas/{name}"}

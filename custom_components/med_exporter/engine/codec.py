"""Records as plain JSON and back: jobs on their way to the engine, and whatever is kept on disk.

The library behind it is loaded with the first record: most starts of a house meet none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mashumaro.codecs.basic import BasicDecoder, BasicEncoder

_ENCODERS: dict[type, BasicEncoder[Any]] = {}
_DECODERS: dict[type, BasicDecoder[Any]] = {}


def prepare(*classes: type) -> None:
    """Make ready what records of these classes need: it takes milliseconds, once.

    Whoever reads or writes in an event loop calls this in a thread before the first record.
    """
    from mashumaro.codecs.basic import BasicDecoder, BasicEncoder  # noqa: PLC0415  # see above

    for cls in classes:
        if cls not in _ENCODERS:
            _DECODERS[cls] = BasicDecoder(cls)
            _ENCODERS[cls] = BasicEncoder(cls)


def to_json(record: Any) -> dict[str, Any]:  # noqa: ANN401  # any dataclass
    """Return a dataclass as JSON values: tuples as lists, times in ISO 8601, enums by value."""
    cls = type(record)
    if cls not in _ENCODERS:
        prepare(cls)
    return dict(_ENCODERS[cls].encode(record))


def from_json[T](cls: type[T], data: object) -> T:
    """Return what `to_json` made a dict of; a field that is missing has its default.

    Raises:
        ValueError: a value is missing or none of its type; the message says which.

    """
    if cls not in _ENCODERS:
        prepare(cls)
    from mashumaro.exceptions import InvalidFieldValue, MissingField  # noqa: PLC0415  # see above

    try:
        record: T = _DECODERS[cls].decode(data)
    except (MissingField, InvalidFieldValue) as err:
        raise ValueError(f"{cls.__name__}.{err.field_name} cannot be read") from err
    except (AttributeError, KeyError, TypeError) as err:
        raise ValueError(f"{cls.__name__} cannot be read: {err!r}") from err
    return record

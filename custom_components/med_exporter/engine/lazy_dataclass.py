"""Dataclasses whose methods are written when the first of them is made.

To write and compile them is half of what it takes to load a module of records, and much of what is
loaded is used by few installations, or long after the start. What another process has packed is not
unpacked before one has been made: `codec.py` carries them between processes.
"""

from __future__ import annotations

import dataclasses
from functools import partial
from threading import RLock
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["dataclass"]

_FIELDS: Final = "__dataclass_fields__"
# What the class has of its own, however its twin has it.
_OWN: Final = frozenset({
    "__dict__", "__weakref__", "__slots__", "__doc__", "__setattr__", "__delattr__",
})  # fmt: skip
# Threads may make the first two of a class at once.
_WRITING: Final = RLock()


def _lazy_dataclass(cls: type | None = None, /, *, slots: bool, **options: bool) -> Any:  # noqa: ANN401
    """Make a class a dataclass with slots, with the options of `dataclasses.dataclass`."""
    assert slots, "a field's default would stand in its class"
    if cls is None:
        return partial(_lazy_dataclass, slots=slots, **options)
    body = {name: value for name, value in vars(cls).items() if name not in _OWN}
    made = _with_slots(cls, body)
    later = _Later(made, {**body, "__doc__": cls.__doc__ or cls.__name__}, options)
    setattr(made, _FIELDS, later)
    made.__init__ = later.first_init()  # type: ignore[misc]
    if options.get("frozen"):
        made.__setattr__ = _refuse_to_set  # type: ignore[assignment, method-assign]
        made.__delattr__ = _refuse_to_delete  # type: ignore[assignment, method-assign]
    return made


def _with_slots(cls: type, body: dict[str, Any]) -> type:
    """Return the class with its fields as slots, without their defaults."""
    names: dict[str, str] = body.get("__annotations__", {})
    inherited = {name for base in cls.__mro__ for name in vars(base).get("__slots__", ())}
    slots = tuple(name for name in names if name not in inherited)
    others = {name: value for name, value in body.items() if name not in names}
    return _made(cls, {**others, "__doc__": cls.__doc__, "__slots__": slots})


def _made(cls: type, body: dict[str, Any]) -> type:
    made = type(cls)(cls.__name__, cls.__bases__, body)
    made.__qualname__ = cls.__qualname__
    return made


def _refuse_to_set(_: object, name: str, value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


class _Later:
    """Stands where a class has its fields, until they or the first of the class are asked for."""

    def __init__(self, cls: type, body: dict[str, Any], options: dict[str, bool]) -> None:
        self._cls, self._body, self._options = cls, body, options
        self._is_written = False

    def __get__(self, instance: object, owner: type) -> Any:  # noqa: ANN401
        """Return the fields of the class, or of one that goes on from it."""
        self._write()
        return getattr(owner, _FIELDS)

    def first_init(self) -> Callable[..., None]:
        """Return what initializes the first of the class."""

        def __init__(one: Any, *arguments: Any, **named: Any) -> None:  # noqa: ANN401, N807
            self._write()
            self._cls.__init__(one, *arguments, **named)  # type: ignore[misc]

        return __init__

    def _write(self) -> None:
        """Give the class what Python's own decorator gives its twin."""
        with _WRITING:
            if self._is_written:
                return
            twin: Any = _made(self._cls, self._body)
            twin = dataclasses.dataclass(slots=True, **self._options)(twin)
            given = {
                name: value
                for name, value in vars(twin).items()
                if name not in {*_OWN, *twin.__slots__} and value is not self._body.get(name)
            }
            # The last: who makes another meanwhile waits in the first one.
            init = given.pop("__init__", None) or self._body["__init__"]
            for name, value in given.items():
                setattr(self._cls, name, value)
            self._cls.__init__ = init  # type: ignore[misc]
            self._is_written = True


if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    dataclass = _lazy_dataclass

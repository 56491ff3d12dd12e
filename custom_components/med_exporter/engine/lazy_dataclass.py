"""Dataclasses whose methods are written when they are called often enough.

To write and compile them is half of what it takes to load a module of records, and much of what is
loaded is used by few installations, or long after the start. Of most records that a start makes
nothing but the initializing is ever called, and for few of each. So the first of a class are
initialized field by field, without a method of its own; that is written for a class of which many
are made. To compare and to hash one needs nothing written. All else is written with the first that
needs more.
"""

from __future__ import annotations

import dataclasses
from functools import partial
from operator import attrgetter
from threading import RLock
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["dataclass"]

_FIELDS: Final = "__dataclass_fields__"
# What else tells of a class, and is found with the rest of what is written.
_TOLD: Final = ("__dataclass_params__", "__match_args__")
# What the class has of its own, however its twin has it.
_OWN: Final = frozenset({
    "__dict__", "__weakref__", "__slots__", "__doc__", "__setattr__", "__delattr__",
    "__init__", "__eq__", "__hash__",
})  # fmt: skip
# What all have in any case, and those that are frozen.
_ALWAYS: Final = ("__repr__", "__replace__")
_FROZEN: Final = ("__getstate__", "__setstate__")
# How many are initialized field by field: to write and compile it takes as long as for these.
_FEW: Final = 32
# Threads may make the first two of a class at once.
_WRITING: Final = RLock()


def _lazy_dataclass(cls: type | None = None, /, *, slots: bool, **options: bool) -> Any:  # noqa: ANN401
    """Make a class a dataclass with slots, with the options of `dataclasses.dataclass`."""
    assert slots, "a field's default would stand in its class"
    if cls is None:
        return partial(_lazy_dataclass, slots=slots, **options)
    body = {
        name: value
        for name, value in vars(cls).items()
        if name not in ("__dict__", "__weakref__", "__doc__")
    }
    names: Mapping[str, str] = body.get("__annotations__", {})
    later = _Later(body, names, cls.__doc__ or cls.__name__, options)
    inherited = {name for base in cls.__mro__[1:] for name in vars(base).get("__slots__", ())}
    made = _made(cls, {
        **{name: value for name, value in body.items() if name not in names},
        **later.methods(),
        "__doc__": cls.__doc__,
        "__slots__": tuple(name for name in names if name not in inherited),
    })  # fmt: skip
    later.cls = made
    return made


def _made(cls: type, body: dict[str, Any]) -> type:
    made = type(cls)(cls.__name__, cls.__bases__, body)
    made.__qualname__ = cls.__qualname__
    return made


def _refuse_to_set(_: object, name: str, value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


class _Found:
    """Stands for something of a class that is no method, until it is asked for."""

    def __init__(self, find: Callable[[], None], name: str, later: _Later) -> None:
        self.later, self._find, self._name = later, find, name

    def __get__(self, instance: object, owner: type) -> Any:  # noqa: ANN401
        """Return what the class has, or one that goes on from it."""
        self._find()
        return getattr(owner, self._name)


class _Later:
    """Gives a class its methods, each with the first that needs it."""

    cls: type

    def __init__(
        self, body: dict[str, Any], names: Mapping[str, str], doc: str, options: dict[str, bool]
    ) -> None:
        self._body, self._names, self._doc, self._options = body, names, doc, options
        self._is_frozen = options.get("frozen", False)
        self._is_written = False
        self._plan: _Plan | None = None

    def methods(self) -> dict[str, Any]:
        """Return what the class has until then, without what its body has."""
        is_compared = self._options.get("eq", True)
        made: dict[str, Any] = {_FIELDS: _Found(self.tell_fields, _FIELDS, self)}
        made |= {name: _Found(self.write, name, self) for name in _TOLD}
        first: dict[str, Any] = {"__init__": self._first_init()}
        first |= {name: self._first_call(name) for name in _ALWAYS}
        if self._is_frozen:
            first |= {name: self._first_call(name) for name in _FROZEN}
            made |= {"__setattr__": _refuse_to_set, "__delattr__": _refuse_to_delete}
        if is_compared:
            first["__eq__"] = self._first_comparison("__eq__", _comparing)
            first["__hash__"] = (
                self._first_comparison("__hash__", _hashing) if self._is_frozen else None
            )
        return made | {name: one for name, one in first.items() if self._body.get(name) is None}

    def _first_init(self) -> Callable[..., None]:
        """Return what initializes the first of the class."""
        count = 0

        def __init__(one: Any, *arguments: Any, **named: Any) -> None:  # noqa: ANN401, N807
            nonlocal count
            count += 1
            if (plan := self._plan) is None:
                plan = self._plan = _Plan(self.cls, self.fields(), is_frozen=self._is_frozen)
            if count > _FEW or not plan.initialize(one, arguments, named):
                self._write_init()
                self.cls.__init__(one, *arguments, **named)  # type: ignore[misc]

        return __init__

    def _first_comparison(
        self, name: str, comparing: Callable[[dict[str, Any]], Callable[..., Any]]
    ) -> Callable[..., Any]:
        """Return what stands for a method that needs the names of the fields alone."""

        def method(one: Any, *arguments: Any) -> Any:  # noqa: ANN401
            made = comparing(self.fields())
            setattr(self.cls, name, made)
            return made(one, *arguments)

        return method

    def _first_call(self, name: str) -> Callable[..., Any]:
        """Return what stands for a method until it is called first."""

        def method(one: Any, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401
            self.write()
            return getattr(self.cls, name)(one, *arguments, **named)

        return method

    def write(self) -> None:
        """Give the class what Python's own decorator gives its twin."""
        with _WRITING:
            if self._is_written:
                return
            twin: Any = _made(self.cls, {**self._body, "__doc__": self._doc})
            options = {**self._options, "eq": False}
            twin = dataclasses.dataclass(slots=True, init=False, **options)(twin)
            for name, value in vars(twin).items():
                if (
                    name not in _OWN
                    and name not in twin.__slots__
                    and value is not self._body.get(name)
                ):
                    setattr(self.cls, name, value)
            self._is_written = True

    def tell_fields(self) -> None:
        """Give the class its fields as Python's own decorator describes them, and no methods."""
        with _WRITING:
            found: dict[str, Any] = {}
            for base in reversed(self.cls.__mro__[1:]):
                if _FIELDS in vars(base):
                    found |= getattr(base, _FIELDS)
            body = {name: self._body[name] for name in self._names if name in self._body}
            body |= {"__annotations__": self._names, "__module__": self.cls.__module__}
            described: Any = dataclasses.dataclass(
                init=False,
                repr=False,
                eq=False,
                match_args=False,
                kw_only=self._options.get("kw_only", False),
            )(type(self.cls.__name__, (), {**body, "__doc__": self._doc}))
            setattr(self.cls, _FIELDS, found | getattr(described, _FIELDS))

    def fields(self) -> dict[str, Any]:
        """Return the fields of the class by their names, those of the classes before it first."""
        found: dict[str, Any] = {}
        for base in reversed(self.cls.__mro__[1:]):
            known = vars(base).get(_FIELDS, {})
            found |= known.later.fields() if isinstance(known, _Found) else known
        for name in self._names:
            one = self._body.get(name, dataclasses.MISSING)
            if not isinstance(one, dataclasses.Field):
                one = dataclasses.field(default=one)
            if one.kw_only is dataclasses.MISSING:
                one.kw_only = self._options.get("kw_only", False)
            found[name] = one
        return found

    def _write_init(self) -> None:
        """Give the class a method that initializes one."""
        with _WRITING:
            made = _initializing(self.cls, self.fields(), is_frozen=self._is_frozen)
            self.cls.__init__ = made  # type: ignore[misc]


class _Plan:
    """How one of a class is initialized without a method of its own."""

    def __init__(self, cls: type, fields: dict[str, Any], *, is_frozen: bool) -> None:
        self._set = object.__setattr__ if is_frozen else setattr
        self._goes_on = hasattr(cls, "__post_init__")
        self._taken = {name for name, field in fields.items() if field.init}
        self._places = [name for name in fields if name in self._taken and not fields[name].kw_only]
        self._defaults = [
            (name, field.default, field.default_factory)
            for name, field in fields.items()
            if not field.default is field.default_factory is dataclasses.MISSING
        ]
        self._needed = self._taken.difference(name for name, *_ in self._defaults)

    def initialize(self, one: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> bool:  # noqa: ANN401
        """Give one its fields, and return whether it can be made of what is given."""
        given = {**dict(zip(self._places, arguments, strict=False)), **named}
        is_each_once = len(given) == len(arguments) + len(named)
        if not (is_each_once and self._needed <= given.keys() <= self._taken):
            return False
        for name, default, make in self._defaults:
            if name not in given:
                given[name] = default if make is dataclasses.MISSING else make()
        for name, value in given.items():
            self._set(one, name, value)
        if self._goes_on:
            one.__post_init__()
        return True


def _comparing(fields: dict[str, Any]) -> Callable[[object, object], bool]:
    """Return a method that compares two of a class."""
    values = _values([name for name, field in fields.items() if field.compare])

    def __eq__(one: object, other: object) -> bool:  # noqa: N807
        if other.__class__ is not one.__class__:
            return NotImplemented
        return one is other or bool(values(one) == values(other))

    return __eq__


def _hashing(fields: dict[str, Any]) -> Callable[[object], int]:
    """Return a method that hashes one of a class."""
    values = _values([
        name
        for name, field in fields.items()
        if (field.compare if field.hash is None else field.hash)
    ])  # fmt: skip

    def __hash__(one: object) -> int:  # noqa: N807
        return hash(values(one))

    return __hash__


def _values(names: list[str]) -> Callable[[object], Any]:
    """Return what takes the values of these fields out of one."""
    return attrgetter(*names) if names else lambda _: ()


def _default_and_value(name: str, field: dataclasses.Field[Any]) -> tuple[str, str]:
    """Return the default of a field's parameter, and what the field becomes, if anything."""
    if field.default_factory is not dataclasses.MISSING:
        made = f"_make_{name}()"
        return "=_unset", f"{made} if {name} is _unset else {name}" if field.init else made
    if field.default is not dataclasses.MISSING:
        return f"=_default_{name}", name if field.init else f"_default_{name}"
    return "", name if field.init else ""


def _initializing(cls: type, fields: dict[str, Any], *, is_frozen: bool) -> Callable[..., None]:
    """Return a function that gives one of a class its fields."""
    scope: dict[str, Any] = {"_unset": dataclasses.MISSING, "_set": object.__setattr__}
    places, names = ["self"], [""]
    lines = []
    for name, field in fields.items():
        scope |= {f"_default_{name}": field.default, f"_make_{name}": field.default_factory}
        default, value = _default_and_value(name, field)
        if field.init:
            (names if field.kw_only else places).append(name + default)
        if value:
            lines.append(
                f"_set(self, {name!r}, {value})" if is_frozen else f"self.{name} = {value}"
            )
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    given = ", ".join(places) + (", *" + ", ".join(names) if names[1:] else "")
    code = "\n    ".join((f"def __init__({given}):", *(lines or ("pass",))))
    exec(code, scope)  # noqa: S102  # names of fields, as Python's own decorator does
    made: Any = scope["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__module__ = cls.__module__
    return made  # type: ignore[no-any-return]


if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    dataclass = _lazy_dataclass

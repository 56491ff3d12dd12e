"""Dataclasses whose methods are written when they are called first.

To write and compile them is half of what it takes to load a module of records, and much of what is
loaded is used by few installations, or long after the start. Of most records that a start makes
nothing but the initializing is ever called, a fifth of what Python's own decorator writes; so that
is written by itself with the first of a class, and all else with the first that needs more.
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
# What all have in any case, and those that are frozen.
_ALWAYS: Final = ("__repr__", "__replace__")
_FROZEN: Final = ("__getstate__", "__setstate__")
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
    for name in (_FIELDS, "__match_args__"):
        setattr(made, name, _Found(later, name))
    is_frozen, is_compared = options.get("frozen", False), options.get("eq", True)
    methods = [*_ALWAYS, *(_FROZEN if is_frozen else ()), *(("__eq__",) if is_compared else ())]
    for name in methods:
        if name not in body:
            setattr(made, name, later.first_call(name))
    if is_compared and body.get("__hash__") is None:
        made.__hash__ = later.first_call("__hash__") if is_frozen else None  # type: ignore[assignment]
    if "__init__" not in body:
        made.__init__ = later.first_init()  # type: ignore[misc]
    if is_frozen:
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


class _Found:
    """Stands for something of a class that is no method, until it is asked for."""

    def __init__(self, later: _Later, name: str) -> None:
        self.later, self._name = later, name

    def __get__(self, instance: object, owner: type) -> Any:  # noqa: ANN401
        """Return what the class has, or one that goes on from it."""
        self.later.write()
        return getattr(owner, self._name)


class _Later:
    """Gives a class its methods: what initializes the first, and the others when one is called."""

    def __init__(self, cls: type, body: dict[str, Any], options: dict[str, bool]) -> None:
        self._cls, self._body, self._options = cls, body, options
        self._is_written = self._is_begun = False

    def first_init(self) -> Callable[..., None]:
        """Return what initializes the first of the class."""

        def __init__(one: Any, *arguments: Any, **named: Any) -> None:  # noqa: ANN401, N807
            self._begin()
            self._cls.__init__(one, *arguments, **named)  # type: ignore[misc]

        return __init__

    def first_call(self, name: str) -> Callable[..., Any]:
        """Return what stands for a method until it is called first."""

        def method(one: Any, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401
            self.write()
            return getattr(self._cls, name)(one, *arguments, **named)

        return method

    def write(self) -> None:
        """Give the class what Python's own decorator gives its twin."""
        with _WRITING:
            if self._is_written:
                return
            self._begin()
            twin: Any = _made(self._cls, self._body)
            twin = dataclasses.dataclass(slots=True, init=False, **self._options)(twin)
            for name, value in vars(twin).items():
                if name not in {*_OWN, *twin.__slots__} and value is not self._body.get(name):
                    setattr(self._cls, name, value)
            self._is_written = True

    def fields(self) -> dict[str, Any]:
        """Return the fields of the class by their names, as those before it have begun them."""
        found: dict[str, Any] = {}
        for base in reversed(self._cls.__mro__[1:]):
            known = vars(base).get(_FIELDS, {})
            found |= known.later.fields() if isinstance(known, _Found) else known
        for name in self._body.get("__annotations__", {}):
            one = self._body.get(name, dataclasses.MISSING)
            if not isinstance(one, dataclasses.Field):
                one = dataclasses.field(default=one)
            if one.kw_only is dataclasses.MISSING:
                one.kw_only = self._options.get("kw_only", False)
            found[name] = one
        return found

    def _begin(self) -> None:
        """Give the class what initializes one."""
        with _WRITING:
            if not self._is_begun and "__init__" not in self._body:
                is_frozen = self._options.get("frozen", False)
                made = _initializing(self._cls, self.fields(), is_frozen=is_frozen)
                self._cls.__init__ = made  # type: ignore[misc]
            self._is_begun = True


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

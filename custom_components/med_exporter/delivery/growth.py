"""What one step of a user's template can make of little, seen before it is done.

No limit of time or memory ends a single step. So a step whose result may be much longer than what
it is made of is refused, unless it is seen by how much. Texts have to say their methods and filters
by name: one that is chosen by another text is refused too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, TemplateSyntaxError, nodes

from ..engine.lazy_dataclass import dataclass
from .errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

# As Home Assistant reads them, but that nothing is worked out while reading.
_READER: Final = Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])  # noqa: S701
_ARITHMETIC: Final = (nodes.Mul, nodes.Mod, nodes.Pow)
_NUMERIC_FILTERS: Final = frozenset({"abs", "count", "float", "int", "length", "round"})
_FRACTIONS: Final = frozenset({"energy_cost", "total_cost", "total_kwh"})
_NUMBERS: Final = _FRACTIONS | {"rows"}
# Texts and bytes of a length that is asked for; expressions whose search ends in no time that
# anyone waits; and what calls whatever it is given.
_ENDLESS: Final = frozenset(
    {
        "apply",
        "format_map",
        "lipsum",
        "match",
        "pack",
        "regex_findall",
        "regex_findall_index",
        "regex_match",
        "regex_replace",
        "regex_search",
        "search",
        "to_bytes",
        "translate",
    }
)
# Where a text may say how wide something is made, or stands between or in the place of others.
_FORMATS: Final = frozenset({"format", "strftime", "timestamp_custom"})
_PADDING: Final = frozenset({"center", "expandtabs", "indent", "ljust", "rjust", "zfill"})
_BETWEEN: Final = frozenset({"batch", "join", "replace", "slugify", "tojson", "wordwrap"})
_BY_LENGTH: Final = _FORMATS | _PADDING | _BETWEEN
# A width or precision of four digits, or one that is given from outside.
_WIDE: Final = re.compile(r"[%:][^a-zA-Z{}]*(?:\d{4}|\*)|\{[^}]*\{")
_MOST_FIELDS: Final = 30
_LARGEST_POWER: Final = 10
_MOST_NAMES: Final = 100
_WIDEST: Final = 999
_LONGEST_BETWEEN: Final = 20


@dataclass(frozen=True, slots=True)
class _Use:
    """A filter or a method as it is used; `of` is what it is used on, None where that is not seen.

    `given` are its arguments, None where it is not called.
    """

    name: str
    of: nodes.Node | None
    given: Sequence[nodes.Node] | None
    named: Mapping[str, nodes.Node]
    is_method: bool = False


def check_growth(text: str) -> frozenset[str]:
    """Refuse what one step of a template can fill the memory with.

    Returns the attributes that it gives its namespaces.

    Texts and lists are not multiplied, nor padded to a width that nobody reads, nor put into each
    other; that an operand is a number has to be seen, as in `(x | float) * 2`.

    Raises DeliveryError `GROWING_TEMPLATE` or `INVALID_TEMPLATE`.
    """
    try:
        tree = _READER.parse(text)
    except (TemplateSyntaxError, RecursionError) as err:
        raise DeliveryError("invalid_template", reason=str(err) or "too deep") from err
    for step in _growing(tree):
        raise DeliveryError("growing_template", step=step)
    return frozenset(kept.attr for kept in tree.find_all(nodes.NSRef))


def _growing(tree: nodes.Template) -> Iterator[str]:
    """Give each step that may make much out of little."""
    for sum_ in tree.find_all(_ARITHMETIC):
        if not _is_bounded(sum_):
            yield sum_.operator
    for use in _uses(tree):
        if use.name in _ENDLESS or (use.name in _BY_LENGTH and not _is_short(use)):
            yield use.name
    for whole in _expressions(tree):
        if sum(1 for _ in whole.find_all(nodes.Name)) > _MOST_NAMES:
            yield type(whole).__name__
    for call in tree.find_all(nodes.Call):
        # What is called has a name that is read here.
        if not isinstance(call.node, nodes.Name | nodes.Getattr) and _name_of(call.node) is None:
            yield "()"
    named = [name.name for name in tree.find_all(nodes.Name)]
    named += [test.name for test in tree.find_all(nodes.Test)]
    yield from _ENDLESS.intersection(named)


def _expressions(node: nodes.Node) -> Iterator[nodes.Expr]:
    """Give the outermost expressions: what each is made of is small, so they are where few are."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Expr):
            yield child
        else:
            yield from _expressions(child)


def _uses(tree: nodes.Template) -> Iterator[_Use]:
    """Give all filters and methods, also those that are named by a text."""
    for filter_ in tree.find_all(nodes.Filter):
        named = _by_name(filter_.kwargs)
        yield _Use(filter_.name, filter_.node, filter_.args, named)
        if filter_.name == "map" and filter_.args:
            first, *rest = filter_.args
            yield _Use(_text_of(first) or "apply", None, rest, named)
        if filter_.name == "attr" and _name_of(filter_) is None:
            yield _Use("apply", None, None, {})
    called = set()
    for call in tree.find_all(nodes.Call):
        name, named = _name_of(call.node), _by_name(call.kwargs)
        if name is not None:
            called.add(id(call.node))
            yield _Use(name, _owner(call.node), call.args, named, is_method=True)
        elif isinstance(call.node, nodes.Name):
            # Home Assistant has some of its filters as functions too.
            of = call.args[0] if call.args else None
            yield _Use(call.node.name, of, call.args[1:], named)
    for taken in tree.find_all((nodes.Getattr, nodes.Getitem, nodes.Filter)):
        if id(taken) not in called and (name := _name_of(taken)) in _BY_LENGTH | _ENDLESS:
            yield _Use(str(name), None, None, {}, is_method=True)


def _by_name(pairs: Iterable[nodes.Node]) -> dict[str, nodes.Node]:
    return {pair.key: pair.value for pair in pairs if isinstance(pair, nodes.Keyword)}


def _name_of(node: nodes.Node) -> str | None:
    """Return the name by which something is taken out of a value, None where it takes nothing."""
    match node:
        case nodes.Getattr(attr=name):
            return str(name)
        case nodes.Getitem(arg=one):
            return _text_of(one)
        case nodes.Filter(name="attr", args=[one, *_]):
            return _text_of(one)
    return None


def _owner(node: nodes.Node) -> nodes.Node | None:
    return node.node if isinstance(node, nodes.Getattr | nodes.Getitem | nodes.Filter) else None


def _text_of(node: nodes.Node) -> str | None:
    value = node.value if isinstance(node, nodes.Const) else None
    return value if isinstance(value, str) else None


def _is_short(use: _Use) -> bool:
    """Return whether it is seen that this makes no more than a few times what it is made of."""
    if use.given is None:
        return False
    given = [*use.given, *use.named.values()]
    measured: Sequence[nodes.Node | None] = given
    is_short = _is_between
    match use.name:
        case "format":
            measured, is_short = [use.of], _is_narrow
        case "strftime" | "timestamp_custom":
            measured, is_short = given[:1], _is_narrow
        case "join" if use.is_method:
            measured = [use.of]
        case "join":
            measured = [*use.given[:1], *_named(use, "d")]
        case "replace":
            # Of a time, it has names only.
            measured = [*use.given[1:2], *_named(use, "new")]
    return all(is_short(one) for one in measured)


def _named(use: _Use, name: str) -> list[nodes.Node]:
    return [one for key, one in use.named.items() if key == name]


def _is_between(node: nodes.Node | None) -> bool:
    """Return whether this is a short text, or a number that is no great width."""
    match node:
        case nodes.Const(value=str(text)):
            return len(text) <= _LONGEST_BETWEEN
        case nodes.Const(value=value):
            return not isinstance(value, int | float) or value <= _WIDEST
    return False


def _is_bounded(sum_: nodes.BinExpr) -> bool:
    """Return whether it is seen that numbers are multiplied that do not grow without end.

    Those with a fraction do not; whole ones do, when they are multiplied with themselves.
    """
    left, right = sum_.left, sum_.right
    if isinstance(sum_, nodes.Mod):
        return _is_narrow(left) or (_is_number(left) and _is_number(right))
    has_fraction = _has_fraction(left) or _has_fraction(right)
    if isinstance(sum_, nodes.Pow):
        return (_has_fraction(left) or isinstance(left, nodes.Const)) and _is_small(right)
    is_known = has_fraction or isinstance(left, nodes.Const) or isinstance(right, nodes.Const)
    return is_known and _is_number(left) and _is_number(right)


def _has_fraction(node: nodes.Node) -> bool:
    """Return whether it is seen that this number is none of the whole ones."""
    match node:
        case nodes.Const(value=value):
            return isinstance(value, float)
        case nodes.Name(name=name):
            return name in _FRACTIONS
        case nodes.Filter(name="float") | nodes.Call(node=nodes.Name(name="float")) | nodes.Div():
            return True
        case nodes.UnaryExpr(node=inner):
            return _has_fraction(inner)
        case nodes.Add() | nodes.Sub() | nodes.Mul():
            return _has_fraction(node.left) or _has_fraction(node.right)
    return False


def _is_number(node: nodes.Node | None) -> bool:
    """Return whether it is seen that this is a number."""
    match node:
        case nodes.Const(value=value):
            return isinstance(value, int | float)
        case nodes.Name(name=name):
            return name in _NUMBERS
        case nodes.Filter(name=name) | nodes.Call(node=nodes.Name(name=name)):
            return name in _NUMERIC_FILTERS
        case nodes.UnaryExpr(node=inner):
            return _is_number(inner)
        case nodes.Add() | nodes.Mul() | nodes.Pow() | nodes.Mod():
            return _is_number(node.left) and _is_number(node.right)
    # Nothing else can be subtracted or divided.
    return isinstance(node, nodes.Sub | nodes.Div | nodes.FloorDiv)


def _is_small(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Const) and abs(node.value) <= _LARGEST_POWER


def _is_narrow(node: nodes.Node | None) -> bool:
    """Return whether it is a text whose fields are few and have the width that people give them."""
    text = None if node is None else _text_of(node)
    return (
        text is not None
        and _WIDE.search(text) is None
        and text.count("%") + text.count("{") <= _MOST_FIELDS
    )

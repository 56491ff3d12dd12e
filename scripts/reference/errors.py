"""All codes of errors: which there are is read in the code, what they say in its translations."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache
from http import HTTPStatus
from itertools import pairwise
from typing import TYPE_CHECKING

from custom_components.med_exporter.api.operation import STATUS_OF_CODE
from custom_components.med_exporter.engine.errors import ErrorCode
from scripts.reference.words import COMPONENT, Words, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_CODE = re.compile(r"[A-Z][A-Z_]{3,}")
# They are told of a run, not of a request.
_FOREIGN = ("push_", "file_", "newer_")


def errors(words: Words) -> str:
    """Return a table of the codes of each kind of error, with what to do."""
    return "\n\n".join(
        [
            words["errors_about"],
            f"### {words['request_errors']}",
            _requests(words),
            f"### {words['file_errors']}",
            _simple(words, {one.value: [f"file_{one.value.lower()}"] for one in ErrorCode}),
            f"### {words['destination_errors']}",
            words["destination_errors_about"],
            _simple(words, destination_codes()),
            f"### {words['delivery_errors']}",
            _simple(words, _by_prefix("delivery_")),
        ]
    )


@cache
def request_codes() -> Mapping[str, list[str]]:
    """Return the codes of refused requests with the keys of their messages."""
    trees = [_parsed(path.read_text(encoding="utf-8")) for path in sorted(COMPONENT.rglob("*.py"))]
    names = {name: value for tree in trees for name, value in _constants(tree)}
    found: defaultdict[str, set[str]] = defaultdict(set)
    for tree in trees:
        for node in ast.walk(tree):
            arguments = getattr(node, "args", None) or getattr(node, "elts", None)
            if not isinstance(node, ast.Call | ast.Tuple) or not arguments:
                continue
            for first, second in pairwise(arguments):
                code, key = _code(first, names), _text(second)
                if code and key in _messages() and not key.startswith(_FOREIGN):
                    found[code].add(key)
    found["INVALID_FORMULA"] |= {key for key in _messages() if key.startswith("formula_")}
    found["TOO_MANY_EXPORTS"].add("too_many_exports")
    found["HISTORY_UNAVAILABLE"].add("delivery_history_unavailable")
    # What a delivery is refused for when its schedule is made is told by the key without prefix.
    for key in _messages():
        if f"delivery_{key}" in _messages():
            found[key.upper()].add(key)
    return {code: sorted(keys) for code, keys in sorted(found.items())}


@cache
def destination_codes() -> Mapping[str, list[str]]:
    """Return the codes of destinations with the keys of their messages, variants together."""
    sources = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("destinations", "pushes", "flows")
        for path in sorted((COMPONENT / folder).rglob("*.py"))
    )
    texts = set(re.findall(r'"([a-z_]+)"', sources))
    found: defaultdict[str, list[str]] = defaultdict(list)
    for key in _messages():
        name = key.removeprefix("destination_")
        shorter = [name[: place.start()] for place in re.finditer("_|$", name)]
        base = next((one for one in reversed(shorter) if one in texts), name)
        # Remarks on a test that succeeded have no code, what requests are refused for another.
        is_remark = base not in texts and key in texts
        is_refusal = f"DESTINATION_{base.upper()}" in request_codes()
        if name == key or is_remark or is_refusal or name == "test_succeeded":
            continue
        found[base.upper()].append(key)
    for key in ("push_lost", "push_too_old", "push_not_correctable", "push_left_behind"):
        found[key.removeprefix("push_").upper()].append(key)
    found["INTERRUPTED"].append("push_interrupted")
    return {code: _singular_dropped(sorted(keys)) for code, keys in sorted(found.items())}


def _requests(words: Words) -> str:
    rows = [(words["code"], "HTTP", words["it_says"], words["remedy"])]
    for code, keys in request_codes().items():
        status = STATUS_OF_CODE.get(code, HTTPStatus.BAD_REQUEST)
        if code == "HISTORY_UNAVAILABLE":
            status = HTTPStatus.SERVICE_UNAVAILABLE
        said = "<br>".join(words.message(key) for key in _singular_dropped(keys))
        remedy = words.own["remedies"].get(code, "")
        rows.append((f"`{code}`", str(int(status)), said, remedy))
    return table(*rows)


def _simple(words: Words, codes: Mapping[str, list[str]]) -> str:
    rows = [(words["code"], words["it_says_and_remedy"])]
    for code, keys in sorted(codes.items()):
        said = [words.message(key) for key in keys if key in _messages()]
        said = said or [words.own["remedies"].get(code, "")]
        rows.append((f"`{code}`", "<br>".join(said)))
    return table(*rows)


def _by_prefix(prefix: str) -> Mapping[str, list[str]]:
    keys = [key for key in _messages() if key.startswith(prefix)]
    return {key.removeprefix(prefix).upper(): [key] for key in keys}


def _singular_dropped(keys: Iterable[str]) -> list[str]:
    return [
        key for key in keys if key.removesuffix("_one") not in _messages() or key[-4:] != "_one"
    ]


@cache
def _messages() -> frozenset[str]:
    return frozenset(Words("en").translations["exceptions"])


def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


def _constants(tree: ast.Module) -> Iterable[tuple[str, str]]:
    """Return the constants of a module that hold a code."""
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign | ast.Assign):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            value = _text(node.value)
            if isinstance(target, ast.Name) and target.id.isupper() and _CODE.fullmatch(value):
                yield target.id, value


def _code(node: ast.AST, names: Mapping[str, str]) -> str:
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    text = _text(node)
    return text if _CODE.fullmatch(text) else ""


def _text(node: ast.AST | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""

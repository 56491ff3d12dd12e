"""The first look at a formula: its words and signs, before anything is parsed.

It bounds what the parser has to do, and lets only known words reach it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from sqlglot import TokenType
from sqlglot.dialects.sqlite import SQLite
from sqlglot.errors import TokenError

from .errors import FormulaError, FormulaProblem

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlglot import Token

MAX_LENGTH: Final = 1_000
"""Characters."""
MAX_TOKENS: Final = 300
"""Words, numbers and signs. A chain of operators is a tree as deep as half of them."""
MAX_DEPTH: Final = 20
"""Brackets, CASEs and prefixes inside each other; the parser takes 25 frames for each."""

FUNCTIONS: Final = ("ROUND", "ABS", "MIN", "MAX", "COALESCE", "DATE", "HOUR", "SUM", "AVG", "COUNT")

_KEYWORDS: Final = frozenset(
    ("CASE", "WHEN", "THEN", "ELSE", "END", "AND", "OR", "NOT", "IS", "NULL", "TRUE", "FALSE")
)
_SIGNS: Final = frozenset(
    (
        TokenType.L_PAREN,
        TokenType.R_PAREN,
        TokenType.COMMA,
        TokenType.PLUS,
        TokenType.DASH,
        TokenType.STAR,
        TokenType.SLASH,
        TokenType.MOD,
        TokenType.LT,
        TokenType.LTE,
        TokenType.GT,
        TokenType.GTE,
        TokenType.EQ,
        TokenType.NEQ,
        TokenType.NUMBER,
        TokenType.STRING,
    )
)
_PREFIXES: Final = frozenset((TokenType.NOT, TokenType.PLUS, TokenType.DASH))
_QUOTED: Final = frozenset((TokenType.STRING, TokenType.IDENTIFIER))
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]+\.?[0-9]*([eE][+-]?[0-9]+)?", re.ASCII)
_SHOWN: Final = 30


def scan(text: str, fields: Collection[str]) -> Sequence[Token]:
    """Return the words and signs of a formula.

    Args:
        text: as the user wrote it.
        fields: the names it may use.

    Raises:
        FormulaError: it is too long or too deep, or has a word or sign that no formula has.

    """
    if len(text) > MAX_LENGTH:
        raise FormulaError(FormulaProblem.TOO_LONG, MAX_LENGTH + 1, limit=MAX_LENGTH)
    for place, character in enumerate(text):
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\t\r\n":
            raise FormulaError(
                FormulaProblem.NOT_ALLOWED, place + 1, found=f"U+{ord(character):04X}"
            )
    try:
        tokens: Sequence[Token] = SQLite().tokenize(text)
    except TokenError as err:
        raise FormulaError(
            FormulaProblem.INCOMPLETE, max(len(text), 1), found=shown(text[-_SHOWN:])
        ) from err
    if not tokens:
        raise FormulaError(FormulaProblem.EMPTY, 1)
    if len(tokens) > MAX_TOKENS:
        raise FormulaError(
            FormulaProblem.TOO_MANY_WORDS, tokens[MAX_TOKENS].start + 1, limit=MAX_TOKENS
        )
    _check_words(text, tokens, fields)
    _check_depth(tokens)
    return tokens


def shown(text: str) -> str:
    """Return a part of a formula as an error shows it."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def _check_words(text: str, tokens: Sequence[Token], fields: Collection[str]) -> None:
    for token, following in zip(tokens, (*tokens[1:], None), strict=True):
        place = token.start + 1
        written = text[token.start : token.end + 1]
        if token.comments:
            raise FormulaError(
                FormulaProblem.NOT_ALLOWED, place, found=shown(f"--{token.comments[0]}")
            )
        if token.token_type is TokenType.NUMBER:
            allowed = _NUMBER.fullmatch(written) is not None
        elif token.token_type in _QUOTED or not _WORD.fullmatch(written):
            allowed = token.token_type in _SIGNS
        elif written.upper() == "DISTINCT":
            allowed = text[: token.start].rstrip().endswith("(")
        else:
            calls = following is not None and following.token_type is TokenType.L_PAREN
            allowed = True
            _check_name(written, place, fields, calls=calls)
        if not allowed:
            raise FormulaError(FormulaProblem.NOT_ALLOWED, place, found=shown(written))


def _check_name(name: str, place: int, fields: Collection[str], *, calls: bool) -> None:
    """Refuse a word that is no keyword, function or field."""
    if name.upper() in _KEYWORDS:
        return
    if calls and name.upper() not in FUNCTIONS:
        problem, known = FormulaProblem.UNKNOWN_FUNCTION, ", ".join(FUNCTIONS)
    elif not calls and name.lower() not in fields:
        problem, known = FormulaProblem.UNKNOWN_FIELD, ", ".join(fields)
    else:
        return
    raise FormulaError(problem, place, found=shown(name), known=known)


def _check_depth(tokens: Sequence[Token]) -> None:
    """Bound what is inside each other, and what makes the parser try twice."""
    opened: list[str] = []
    prefixes = 0
    before = ""
    for token in tokens:
        kind = token.token_type
        word = token.text.upper()
        if kind is TokenType.L_PAREN:
            # The parser reads what is in a DATE twice: DATEs inside each other double it again.
            if before == "DATE" and before in opened:
                raise FormulaError(
                    FormulaProblem.NOT_ALLOWED, token.start + 1, found="DATE(… DATE(…))"
                )
            opened.append(before)
        elif kind is TokenType.CASE:
            opened.append("CASE")
        elif kind in (TokenType.R_PAREN, TokenType.END):
            if not opened or (opened[-1] == "CASE") is not (kind is TokenType.END) or before == ",":
                raise FormulaError(
                    FormulaProblem.INCOMPLETE, token.start + 1, found=shown(token.text)
                )
            opened.pop()
        prefixes = prefixes + 1 if kind in _PREFIXES else 0
        if len(opened) + prefixes > MAX_DEPTH:
            raise FormulaError(FormulaProblem.TOO_DEEP, token.start + 1, limit=MAX_DEPTH)
        before = "" if kind in _QUOTED else word
    if opened:
        last = tokens[-1]
        raise FormulaError(FormulaProblem.INCOMPLETE, last.end + 1, found=shown(last.text))

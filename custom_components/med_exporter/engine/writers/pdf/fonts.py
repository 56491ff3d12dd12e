"""Text of any script: which font has its characters, how wide it is, in which order it is drawn.

The fonts lie in `engine/fonts/`; all but the first two are loaded when a text needs them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import bidirectional, combining, east_asian_width

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

if TYPE_CHECKING:
    from collections.abc import Sequence

    type Run = tuple[str, str]
    """Name of a font, and a text whose characters it has."""

REGULAR = "DejaVuSans"
BOLD = "DejaVuSans-Bold"

_FOLDER = Path(__file__).parents[2] / "fonts"
_CHINESE = "DroidSansFallback"
_SYMBOLS = "Symbola-subset"
_OTHERS: Sequence[tuple[int, int, str]] = (
    (0x0900, 0x097F, "NotoSansDevanagari-Regular"),
    (0x0980, 0x09FF, "NotoSansBengali-Regular"),
    (0x0A00, 0x0A7F, "NotoSansGurmukhi-Regular"),
    (0x0A80, 0x0AFF, "NotoSansGujarati-Regular"),
    (0x0B80, 0x0BFF, "NotoSansTamil-Regular"),
    (0x0C00, 0x0C7F, "NotoSansTelugu-Regular"),
    (0x0C80, 0x0CFF, "NotoSansKannada-Regular"),
    (0x0D00, 0x0D7F, "NotoSansMalayalam-Regular"),
    (0x0D80, 0x0DFF, "NotoSansSinhala-Regular"),
    (0x0E00, 0x0E7F, "NotoSansThai-Regular"),
    (0x1000, 0x109F, "NotoSansMyanmar-Regular"),
    (0x1200, 0x139F, "NotoSansEthiopic-Regular"),
    (0x1780, 0x17FF, "NotoSansKhmer-Regular"),
    (0x2190, 0x2BFF, _SYMBOLS),
    (0x1100, 0x11FF, _CHINESE),
    (0x2E80, 0xA4CF, _CHINESE),
    (0xAC00, 0xD7FF, _CHINESE),
    (0xF900, 0xFAFF, _CHINESE),
    (0xFE30, 0xFE4F, _CHINESE),
    (0xFF00, 0xFFEF, _CHINESE),
    (0x1F000, 0x1FAFF, _SYMBOLS),
    (0x20000, 0x3FFFF, _CHINESE),
)
"""First and last code point, and the font for those that the first two do not have."""

_BOX = "□"
_ELLIPSIS = "…"
# Joiners, variation selectors and marks of direction have no picture of their own.
_UNSEEN = re.compile(
    "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef]"
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_RIGHT_TO_LEFT = frozenset(("R", "AL"))
_TOKENS = re.compile(r"\S+\s*|\s+")


def register() -> None:
    """Make the fonts known that every file uses."""
    for name in (REGULAR, BOLD):
        _characters(name)


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a text is, in points."""
    if text.isascii() and text.isprintable():
        return float(pdfmetrics.stringWidth(text, BOLD if bold else REGULAR, size))
    return _width_of_one(text, bold=bold) * size


def runs(text: str, *, bold: bool = False) -> Sequence[Run]:
    """Return a text in the order in which it is drawn from the left, cut by font."""
    if text.isascii() and text.isprintable():
        return ((BOLD if bold else REGULAR, text),)
    return _runs(text, bold=bold)


def font_for(text: str) -> str:
    """Return the one font that has most of a text, for where only one is possible."""
    found = [name for name, run in runs(text) for _ in run]
    return max(set(found), key=found.count) if found else REGULAR


def shown(text: str) -> str:
    """Return a text in the order in which it is drawn, with a box for what no font has."""
    return "".join(run for _, run in runs(text))


@lru_cache(20_000)
def lines(text: str, size: float, room: float, most: int, *, bold: bool = False) -> list[str]:
    """Break a text into lines; what does not fit into the last one becomes an ellipsis.

    Args:
        text: may have line ends of its own.
        size: of the font, in points.
        room: width of the lines, in points.
        most: number of lines.
        bold: which font.

    """
    found: list[str] = []
    for paragraph in text.splitlines() or [""]:
        found += _broken(paragraph, size, room, bold=bold)
        if len(found) > most:
            break
    if len(found) <= most:
        return found
    last = found[most - 1].rstrip()
    while last and width(last + _ELLIPSIS, size, bold=bold) > room:
        last = last[:-1]
    return [*found[: most - 1], last + _ELLIPSIS]


def is_right_to_left(text: str) -> bool:
    """Tell whether a text has characters of a script that runs from right to left."""
    return not text.isascii() and any(bidirectional(char) in _RIGHT_TO_LEFT for char in text)


def _broken(paragraph: str, size: float, room: float, *, bold: bool) -> list[str]:
    """Break at spaces, and inside words that are longer than a line."""
    if width(paragraph, size, bold=bold) <= room:
        return [paragraph]
    found = [""]
    for token in _TOKENS.findall(paragraph):
        if width((found[-1] + token).rstrip(), size, bold=bold) <= room:
            found[-1] += token
            continue
        pieces = [token] if width(token.rstrip(), size, bold=bold) <= room else list(token)
        if len(pieces) == 1 and found[-1]:
            found.append("")
        for piece in pieces:
            if found[-1] and width((found[-1] + piece).rstrip(), size, bold=bold) > room:
                found.append("")
            found[-1] += piece
    return [line.rstrip() for line in found]


@lru_cache(50_000)
def _width_of_one(text: str, *, bold: bool) -> float:
    return sum(float(pdfmetrics.stringWidth(run, name, 1)) for name, run in _runs(text, bold=bold))


@lru_cache(20_000)
def _runs(text: str, *, bold: bool) -> Sequence[Run]:
    first = BOLD if bold else REGULAR
    text = _CONTROL.sub(" ", text)
    if is_right_to_left(text):
        text = _drawn_order(text)
    text = _UNSEEN.sub("", text)
    found: list[tuple[str, list[str]]] = []
    for char in text:
        name = _font_of(char, first)
        if found and (found[-1][0] == name or (combining(char) and name == first)):
            found[-1][1].append(char)
        elif name:
            found.append((name, [char]))
        elif found and found[-1][0] == first:
            found[-1][1].append(_BOX)
        else:
            found.append((REGULAR, [_BOX]))
    return [(name, "".join(chars)) for name, chars in found]


def _drawn_order(text: str) -> str:
    """Join Arabic letters and put right-to-left parts into the order of drawing."""
    from arabic_reshaper import reshape  # noqa: PLC0415  # few files need them
    from bidi import get_display  # noqa: PLC0415

    return str(get_display(reshape(text)))


def _font_of(char: str, first: str) -> str:
    """Return the font that has a character, "" when none has."""
    code = ord(char)
    for name in (first, REGULAR):
        if code in _characters(name):
            return name
    for low, high, name in _OTHERS:
        if low <= code <= high and code in _characters(name):
            return name
    wide = east_asian_width(char) in "WF"
    return _CHINESE if wide and code in _characters(_CHINESE) else ""


@lru_cache(len(_OTHERS) + 2)
def _characters(name: str) -> frozenset[int]:
    """Load a font and return the code points that it has; none where the file is missing."""
    try:
        font = TTFont(name, str(_FOLDER / f"{name}.ttf"))
    except (TTFError, OSError):
        if name == REGULAR:
            raise
        return frozenset()
    pdfmetrics.registerFont(font)
    return frozenset(font.face.charToGlyph)

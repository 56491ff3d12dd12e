"""Text of many scripts: which font has its characters, how wide it is, in which order it is drawn.

The fonts lie in `engine/fonts/`, but for those of Chinese, Japanese and Korean. What no font has is
shown as a box; so are scripts whose letters change beside each other (those of India, Khmer,
Burmese), which would be misspelt when drawn one by one.
"""

from __future__ import annotations

import gzip
import re
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import bidirectional, combining, east_asian_width

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont

if TYPE_CHECKING:
    from collections.abc import Sequence

    type Run = tuple[str, str]
    """Name of a font, and a text whose characters it has."""

REGULAR = "DejaVuSans"
BOLD = "DejaVuSans-Bold"

_FOLDER = Path(__file__).parents[2] / "fonts"
_FALLBACKS = ("NotoSansThai", "Symbola")
"""Fonts for what the first two do not have, loaded when a text needs them."""

_CHINESE, _JAPANESE, _KOREAN = (
    ("STSong-Light", "gbk"),
    ("HeiseiKakuGo-W5", "cp932"),
    ("HYGothic-Medium", "cp949"),
)
"""Fonts that a PDF names and that its reader brings, since files of ours would weigh more than all
the rest of the integration; with the encoding that has the same characters."""
_KANA = re.compile("[\u3040-\u30ff]")

_BOX = "□"
_ELLIPSIS = "…"
# Joiners, variation selectors and marks of direction have no picture of their own.
_UNSEEN = re.compile(
    "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef]"
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_RIGHT_TO_LEFT = frozenset(("R", "AL"))
_TOKENS = re.compile(r"[\S\xa0\u202f]+[^\S\xa0\u202f]*|\s+")


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
    named = (_JAPANESE, _CHINESE, _KOREAN) if _KANA.search(text) else (_CHINESE, _JAPANESE, _KOREAN)
    for char in text:
        name = _font_of(char, first, named)
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

    return get_display(reshape(text))


def _font_of(char: str, first: str, named: Sequence[tuple[str, str]]) -> str:
    """Return the font that has a character, "" when none has."""
    code = ord(char)
    for name in (first, REGULAR, *_FALLBACKS):
        if code in _characters(name):
            return name
    if east_asian_width(char) in "WFH":
        for name, encoding in named:
            if char.encode(encoding, "ignore"):
                return _named(name)
    return ""


@lru_cache(3)
def _named(name: str) -> str:
    """Make a font known that is not embedded."""
    pdfmetrics.registerFont(UnicodeCIDFont(name))
    return name


@lru_cache(2 + len(_FALLBACKS))
def _characters(name: str) -> frozenset[int]:
    """Load a font and return the code points that it has."""
    data = gzip.decompress((_FOLDER / f"{name}.ttf.gz").read_bytes())
    font = TTFont(name, BytesIO(data))
    pdfmetrics.registerFont(font)
    return frozenset(font.face.charToGlyph)

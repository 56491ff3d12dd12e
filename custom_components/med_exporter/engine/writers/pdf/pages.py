"""The pages of a PDF: A4, with a running foot, bookmarks and a list of contents."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any, cast

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFStream, PDFZCompress
from reportlab.pdfgen.canvas import Canvas

from . import fonts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

    from ...words.phrases import Words
    from ..format import Stream

INK = HexColor("#1b1f24")
MUTED = HexColor("#5b6572")
ACCENT = HexColor("#1f4e79")
RULE = HexColor("#c9d1da")
STRIPE = HexColor("#f3f6f9")
WHITE = HexColor("#ffffff")

MARGIN = 48.0
"""Points between the paper's edge and what is on it."""
_FOOT = 26.0
_FOOT_SIZE = 7.5
_LINE = 1.35
"""Height of a line in font sizes."""

_PAGE, _NUMBERS = "page", "numbers"


class Pages:
    """Pages that are drawn from top to bottom, one after the other.

    Args:
        stream: takes the bytes when everything is drawn.
        title: of the document.
        words: of its language.

    """

    def __init__(self, stream: Stream, title: str, words: Words) -> None:
        fonts.register()
        self.canvas = Canvas(cast("IO[bytes]", stream), pagesize=A4, pageCompression=1)
        self.canvas.setTitle(title)
        self.canvas.setAuthor("")
        self.canvas.setCreator("")
        self.canvas.setSubject("")
        self._title = title
        self._words = words
        self._started = False
        self._listed: list[tuple[float, float, int | None]] = []
        self._sections: list[int] = []
        self.width, self.height = A4
        self.y = 0.0
        """Where the next thing goes, from below."""

    @property
    def room(self) -> float:
        """Width between the margins."""
        return self.width - 2 * MARGIN

    @property
    def bottom(self) -> float:
        """The lowest that something may go."""
        return MARGIN

    def begin(self, *, wide: bool = False) -> None:
        """Begin a page, on its side when it is to be wide."""
        if self._started:
            self._end()
        self._started = True
        self.width, self.height = landscape(A4) if wide else A4
        self.canvas.setPageSize((self.width, self.height))
        self.y = self.height - MARGIN
        (title,) = fonts.lines(self._title, _FOOT_SIZE, self.room / 2, 1)
        self.draw(MARGIN, _FOOT, title, _FOOT_SIZE, color=MUTED)
        self._place(f"{_PAGE}-{self.canvas.getPageNumber()}", _FOOT)

    def needs(self, height: float) -> None:
        """Begin another page of the same kind unless this one has so much room left."""
        if self.y - height < self.bottom:
            self.begin(wide=self.width > self.height)

    def section(self, title: str, *, size: float = 16) -> None:
        """Write a heading that contents and bookmarks lead to."""
        key = f"section-{len(self._sections)}"
        self._sections.append(self.canvas.getPageNumber())
        self.canvas.bookmarkHorizontal(key, 0, self.y)
        self.canvas.addOutlineEntry(title, key)
        self.paragraph(title, size, bold=True, color=ACCENT)
        self.y -= 6

    def contents(self, titles: Sequence[str]) -> None:
        """Write the list of the sections that will come, in their order."""
        self.paragraph(self._words.text("contents"), 16, bold=True, color=ACCENT)
        self.y -= 8
        for place, title in enumerate(titles):
            (line,) = fonts.lines(title, 10.5, self.room - 40, 1)
            self.needs(20)
            self.y -= 18
            self.draw(MARGIN, self.y, line, 10.5)
            start = MARGIN + fonts.width(line, 10.5) + 6
            self.canvas.saveState()
            self.canvas.setStrokeColor(RULE)
            self.canvas.setDash(1, 3)
            self.canvas.line(start, self.y + 2, self.width - MARGIN - 30, self.y + 2)
            self.canvas.restoreState()
            area = (MARGIN, self.y - 4, self.width - MARGIN, self.y + 12)
            self.canvas.linkRect("", f"section-{place}", area, relative=0, thickness=0)
            self._place(f"{_NUMBERS}-{place}", self.y)

    def paragraph(
        self,
        text: str,
        size: float,
        *,
        bold: bool = False,
        color: Color = INK,
        most: int = 40,
        indent: float = 0,
    ) -> None:
        """Write a text over the width of the page, and go below it."""
        for line in fonts.lines(text, size, self.room - indent, most, bold=bold):
            self.needs(size * _LINE)
            self.y -= size * _LINE
            self.draw(MARGIN + indent, self.y, line, size, bold=bold, color=color)

    def draw(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        bold: bool = False,
        color: Color = INK,
    ) -> None:
        """Draw one line of text from a point."""
        words = self.canvas.beginText(x, y)
        words.setFillColor(color)
        for name, run in fonts.runs(text, bold=bold):
            words.setFont(name, size)
            words.textOut(run)
        self.canvas.drawText(words)

    def finish(self) -> None:
        """Fill in what was not known before, and hand over the bytes."""
        total = self.canvas.getPageNumber()
        self._end()
        for number in range(1, total + 1):
            words = f"{self._words.text('page', number=str(number))} {total}"
            self._form(f"{_PAGE}-{number}", words, _FOOT_SIZE, color=MUTED)
        for place, page in enumerate(self._sections):
            self._form(f"{_NUMBERS}-{place}", str(page), 10.5)
        self.canvas.save()

    def _end(self) -> None:
        """End a page, and keep no more of it than the file will have.

        reportlab would keep its drawing as it is until the last page, many times as large.
        """
        canvas: Any = self.canvas
        canvas.showPage()
        page = canvas._doc.Pages.pages[-1]  # noqa: SLF001  # there is no other way to it
        packed = PDFZCompress.encode(page.stream)
        how = PDFDictionary({"Filter": PDFArray([PDFName(PDFZCompress.pdfname)])})
        page.Contents, page.stream = PDFStream(how, packed), None

    def _place(self, name: str, y: float) -> None:
        """Leave room at the right margin for what is not known before the end."""
        self.canvas.saveState()
        self.canvas.translate(self.width - MARGIN, y)
        self.canvas.doForm(name)
        self.canvas.restoreState()

    def _form(self, name: str, text: str, size: float, *, color: Color = INK) -> None:
        width = fonts.width(text, size)
        self.canvas.beginForm(name, -ceil(width) - 1, -10, 1, 20)
        self.draw(-width, 0, text, size, color=color)
        self.canvas.endForm()

# ruff: noqa: RUF001  # names as people write them
"""The document: everything is there, on numbered pages with repeated headings."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tracemalloc
from itertools import pairwise

import pytest

from custom_components.med_exporter.engine.readings.fields import Kind
from custom_components.med_exporter.engine.rows.content import Chart, ChartKind, Content, Series
from custom_components.med_exporter.engine.rows.tables import Column, Table
from custom_components.med_exporter.engine.words.phrases import Words
from custom_components.med_exporter.engine.writers.pdf.fonts import lines, register, shown
from custom_components.med_exporter.engine.writers.pdf.pages import Pages

from .documents import FIGURES, READING_COLUMNS, WARNING, charts, readings, table, written

pytestmark = pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="pdftotext (poppler) is not installed"
)
NAME = (Column("device_name", Kind.TEXT),)


def run(program: str, data: bytes, *arguments: str) -> str:
    return subprocess.run(
        [program, *arguments], input=data, capture_output=True, check=True
    ).stdout.decode()


def pages(content: Content, locale: str = "en", **about) -> list[str]:
    data = written(content, "pdf", locale, **about)
    return run("pdftotext", data, "-layout", "-", "-").split("\f")[:-1]


def words(content: Content, locale: str = "en", **about) -> str:
    return " ".join(" ".join(pages(content, locale, **about)).split())


def test_the_cover_says_what_this_is():
    cover = " ".join(pages(Content(tables=[readings(1)], figures=FIGURES))[0].split())
    for text in (
        "Device readings", "January 2026", "Fridge, Oven", "1,234.50 kWh",
        "€321.50", "Europe/Paris (UTC+01:00)", "Page 1 of 1",
    ):  # fmt: skip
        assert text in cover


@pytest.mark.parametrize("rows", [1, 600])
def test_the_foot_ends_at_the_right_margin_of_every_page(rows):
    found = run("pdftotext", written(Content(tables=[readings(rows)]), "pdf"), "-bbox", "-", "-")
    ends = []
    for page in found.split("<page ")[1:]:
        width = float(re.match(r'width="([\d.]+)"', page)[1])
        words = [tuple(map(float, one)) for one in re.findall(r'yMin="(.*?)" xMax="(.*?)"', page)]
        ends.append(width - max(words)[1])
    assert (len(ends) >= 10) == (rows == 600)
    assert ends == pytest.approx([48.0] * len(ends), abs=0.5)


def test_a_french_document_is_french():
    found = words(Content(tables=[readings(2)], figures=FIGURES), "fr", warnings=[WARNING])
    for text in (
        "Relevés des appareils", "janvier 2026", "1 234,50 kWh",
        "Avertissements", "Aucun relevé sur cette période : Fridge", "Puissance", "1 000,50",
        "01/01/2026 01:00:00", "oui", "Page 1 sur 1",
    ):  # fmt: skip
        assert text in found


def test_every_cell_is_there_under_headings_on_every_page():
    found = pages(Content(tables=[readings(400)]))
    tables = found
    assert len(tables) > 5
    for number, page in enumerate(tables, 1):
        assert "Power (W)" in page
        assert f"Page {number} of {len(found)}" in " ".join(page.split())
    text = "\n".join(tables)
    powers = re.findall(r"1,[0-9]{3}\.50", text)
    assert powers == [f"{1000.5 + number:,.2f}" for number in range(400)]
    assert text.count("Fridge") == 400


def test_the_contents_lead_to_the_sections():
    found = pages(
        Content(tables=[readings(300), table(NAME, [("x",)], "cost_breakdown")], charts=charts("a"))
    )
    listed = dict(re.findall(r"^\s*(\S.*?)\s{3,}(\d+)$", found[0], re.MULTILINE))
    assert set(listed) == {"Charts", "Device readings", "Costs"}
    for title, page in listed.items():
        assert re.search(rf"^\s*{title}$", found[int(page) - 1], re.MULTILINE)


def test_the_contents_list_what_is_short_before_the_charts_as_it_stands():
    tables = [table(NAME, [("x",)], "cost_breakdown"), readings(300)]
    found = pages(Content(tables=tables, charts=charts("a")), warnings=[WARNING])
    listed = re.findall(r"^\s*(\S.*?)\s{3,}(\d+)$", found[0], re.MULTILINE)
    assert [title for title, _ in listed] == ["Warnings", "Costs", "Charts", "Device readings"]
    assert [int(page) for _, page in listed] == sorted(int(page) for _, page in listed)


def test_an_amount_of_a_pie_stands_beside_the_name_it_belongs_to():
    found = "\n".join(pages(Content(tables=[readings(1)], charts=charts("Fridge", "Oven"))))
    assert re.search(r"Fridge {1,8}1\.00 kWh", found)


def test_warnings_stand_before_the_tables():
    found = pages(Content(tables=[readings(1)]), warnings=[WARNING])
    (page,) = found
    assert page.index("No readings in this range: Fridge") < page.index("1,000.50")


def test_a_short_document_has_no_list_of_contents():
    assert "Contents" not in words(Content(tables=[readings(20)], charts=charts("a")))


def test_the_last_rows_of_a_table_may_be_its_total(tmp_path):
    total = table(NAME, [("Fridge",), ("Everything",)])
    total.totals = 1
    file = tmp_path / "total.pdf"
    file.write_bytes(written(Content(tables=[total]), "pdf"))
    bold = run("pdftohtml", b"", "-xml", "-stdout", "-i", str(file))
    assert re.search(r"<b>Everything</b>", bold)
    assert not re.search(r"<b>Fridge</b>", bold)


def test_local_times_have_their_offset_where_the_clock_changes():
    found = words(Content(tables=[readings(1)]))
    assert "+01:00" not in found.replace("UTC+01:00", "")
    later = words(Content(tables=[readings(1)]), job_changes={"end": 1_780_000_000.0})
    assert "1 Jan 2026 01:00:00 +01:00" in later


@pytest.mark.parametrize(
    ("locale", "shown_as"),
    [("en", ("28 Jan 2026", "January 2026")), ("fr", ("28/01/2026", "janvier 2026"))],
)
def test_a_month_is_a_word_and_a_day_a_date(locale, shown_as):
    moment = 1_769_556_000.0
    for span, expected in zip(("day", "month"), shown_as, strict=True):
        columns = (Column("day", Kind.TIME, span=span),)
        assert expected in words(Content(tables=[table(columns, [(moment,)])]), locale)


@pytest.mark.parametrize(
    "name",
    [
        "Réfrigérateur de l’été",
        "Ψυγείο",
        "Холодильник",
        "客厅灯",
        "거실램프",
        "冷蔵庫",
        "מקרר",
        "ห้องนอน",
    ],
)
def test_names_in_any_script_are_readable(name):
    assert name in words(Content(tables=[table(NAME, [(name,)])]))


def test_arabic_letters_are_joined_and_run_from_right_to_left():
    data = written(Content(tables=[table(NAME, [("غرفة",)])]), "pdf")
    assert "\ufee2" not in run("pdftotext", data, "-", "-")
    assert shown("غرفة") == "\ufe94\ufed3\ufeae\ufecf"


def embedded(name: str) -> dict[str, str]:
    """The fonts of a document by their names, and whether each is in the file."""
    listed = run("pdffonts", written(Content(tables=[table(NAME, [(name,)])]), "pdf"), "-")
    rows = (re.split(r"\s+", line) for line in listed.splitlines()[2:])
    return {row[0].rpartition("+")[2]: row[-5] for row in rows}


@pytest.mark.parametrize(
    ("name", "font"),
    [
        ("Réfrigérateur", "DejaVuSans"),
        ("Ψυγείο Холодильник", "DejaVuSans"),
        ("مصباح", "DejaVuSans"),
        ("מקרר", "DejaVuSans"),
        ("ห้องนอน", "NotoSansThai-Regular"),
        ("🔌 Lampe", "Symbola"),
    ],
)
def test_fonts_are_embedded_where_they_are_needed(name, font):
    found = embedded(name)
    assert found[font] == "yes"
    assert {other for other in found if other.startswith(("Noto", "Symbola"))} <= {font}


def test_a_number_and_its_unit_stay_on_one_line():
    register()
    for room in range(20, 200, 5):
        assert not any(line.startswith("%") for line in lines("Décaler de 10\xa0%", 8, room, 9))


@pytest.mark.parametrize(
    ("name", "fonts"),
    [
        ("客厅灯", {"STSong-Light"}),
        ("客廳燈", {"STSong-Light"}),
        ("冷蔵庫の灯", {"HeiseiKakuGo-W5"}),
        ("거실램프", {"HYGothic-Medium"}),
        ("冷蔵庫の灯 厅", {"HeiseiKakuGo-W5", "STSong-Light"}),
    ],
)
def test_east_asian_fonts_are_left_to_the_reader(name, fonts):
    found = embedded(name)
    assert {font for font in found if not font.startswith(("DejaVu", "Helvetica"))} == fonts
    assert all(found[font] == "no" for font in fonts)


@pytest.mark.parametrize("name", ["रसोई", "রান্নাঘর", "ខ្មែរ", "မြန်မာ"])
def test_a_script_that_would_be_misspelt_is_shown_as_boxes(name):
    assert set(shown(name)) == {"□"}


@pytest.mark.parametrize(
    "name", ["🔌 😀 👩‍👩‍👧", "\U0001fae8", "\x00\x07\ud800", "\U000e0041", "\U00013000", ""]
)
def test_what_has_no_picture_does_not_break_the_document(name):
    assert "end" in words(Content(tables=[table(NAME, [(f"{name} end",)])]))


def test_long_texts_wrap_and_very_long_ones_end_with_an_ellipsis():
    found = words(Content(tables=[table(NAME, [("word " * 30 + "last",), ("x" * 5000,)])]))
    assert "last" in found
    assert "…" in found


def test_wide_tables_lose_no_number():
    columns = tuple(Column(f"field_{place}", Kind.NUMBER, 2) for place in range(30))
    found = words(Content(tables=[table(columns, [tuple(100.25 + n for n in range(30))])]))
    assert all(f"{100 + n}.25" in found for n in range(30))


def test_a_wide_table_lies_on_its_side():
    data = written(
        Content(tables=[table(READING_COLUMNS * 2, [(0.0, "n" * 40, 1, 2, True) * 2])]), "pdf"
    )
    assert "841.89 x 595.276" in run("pdfinfo", data, "-l", "9", "-")


def test_charts_have_titles_and_legends():
    found = words(Content(tables=[readings(1)], charts=charts("Fridge", "客厅灯")))
    for text in ("Some bar (kWh)", "Some heat_map", "Shares", "客厅灯", "1.00 kWh (33.3%)"):
        assert text in found


def bars(values: list[float], kind: ChartKind = ChartKind.STACKED_BAR) -> Chart:
    return Chart(
        kind=kind, title="Cost", unit="EUR", decimals=2,
        categories=[f"day {place}" for place in range(len(values))],
        series=[Series("Fridge", values)],
    )  # fmt: skip


def page_words(chart: Chart) -> list[tuple[float, float, str]]:
    """Return where the words of a page stand, from the left and from its top, in points."""
    content = written(Content(tables=[], charts=[chart]), "pdf")
    found = re.findall(
        r'<word xMin="([^"]+)" yMin="([^"]+)"[^>]*>([^<]*)</word>',
        run("pdftotext", content, "-bbox", "-", "-"),
    )
    return [(float(x), float(y), word) for x, y, word in found]


@pytest.mark.parametrize("most", [0.004, 0.03, 0.2, 0.7, 3, 12, 40_000])
def test_the_marks_of_an_axis_are_told_apart(most):
    """However little something cost."""
    found = page_words(bars([most] * 3))
    above = max(y for _, y, word in found if word == "Cost")
    left, below, _ = next(one for one in found if one[2] == "day")
    marks = [word.replace(",", "") for x, y, word in found if x < left and above + 5 < y < below]
    values = sorted(map(float, marks))
    steps = {round((after - before) / most, 6) for before, after in pairwise(values)}
    assert len(values) > 2
    assert len(steps) == 1
    assert max(map(len, marks)) <= 6


@pytest.mark.parametrize("kind", [ChartKind.BAR, ChartKind.STACKED_BAR, ChartKind.LINE])
def test_what_stands_below_columns_is_not_covered_by_those_below_zero(kind):
    found = page_words(bars([3, -9, 4, -6], kind))
    lowest = max(y for _, y, word in found if re.fullmatch(r"-?\d+", word) and int(word) < 0)
    assert all(y >= lowest for _, y, word in found if word == "day")


@pytest.mark.parametrize("kind", [ChartKind.BAR, ChartKind.STACKED_BAR, ChartKind.LINE])
def test_a_series_without_values_stands_beside_others(kind):
    """As a contract does of which no price is known."""
    chart = bars([1.0, 2.0, 3.0], kind)
    chart.series.append(Series("Nothing", [None] * 3))
    assert "Nothing" in words(Content(tables=[], charts=[chart]))


def test_a_heat_map_of_one_value_is_not_empty():
    content = written(Content(tables=[], charts=[bars([1.0, 1.0], ChartKind.HEAT_MAP)]), "pdf")
    picture = subprocess.run(
        ["pdftoppm", "-r", "20"], input=content, capture_output=True, check=True
    ).stdout
    assert picture.count(bytes.fromhex("ffd966")) > 100


def test_charts_without_values_say_so():
    empty = charts("Fridge")[0]
    for series in empty.series:
        series.values[:] = [None] * 3
    assert "No values in this period" in words(Content(tables=[readings(1)], charts=[empty]))


def test_a_table_without_rows_says_so():
    assert "No rows" in words(Content(tables=[table(NAME, [])]))


def test_a_zone_that_is_kept_secret_is_shown_by_its_offsets_only():
    assert "Paris" not in words(Content(tables=[readings(1)]), timezone=None)


def test_nobody_is_named_as_the_author():
    found = run("pdfinfo", written(Content(tables=[readings(1)]), "pdf"), "-")
    assert re.search(r"Title:\s+Device readings", found)
    assert not re.search(r"Author:[ \t]+\S", found)


def turned(tables: list[Table]) -> list[bool]:
    """Return of each page whether it lies on its side."""
    told = run("pdfinfo", written(Content(tables=tables), "pdf", "en"), "-l", "-1", "-")
    sizes = re.findall(r"Page +\d+ size: +([\d.]+) x ([\d.]+)", told)
    return [float(width) > float(height) for width, height in sizes]


def test_no_page_is_turned_back_for_a_few_rows():
    wide = [Column(f"a_rather_long_name_{number}", Kind.TEXT) for number in range(12)]
    narrow = [Column("name", Kind.TEXT)]

    def wide_table() -> Table:
        return table(tuple(wide), [("a text of some words",) * 12] * 3, "wide")

    def narrow_table(rows: int) -> Table:
        return table(tuple(narrow), [("x",)] * rows, "narrow")

    assert turned([wide_table()]) == [True]
    assert turned([narrow_table(3), wide_table(), narrow_table(4)]) == [True]
    assert turned([narrow_table(30), wide_table()]) == [False, True]
    assert turned([narrow_table(3)]) == [False]


def test_a_page_that_is_full_waits_in_a_few_kilobytes():
    document = Pages(io.BytesIO(), "Title", Words("en"))

    def draw(count: int) -> None:
        for _ in range(count):
            document.begin()
            for line in range(60):
                document.paragraph(f"{line} device readings of a whole day, and of the next", 8)

    draw(5)
    tracemalloc.start()
    draw(50)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held / 50 < 6000

"""Type scale, tables and texts of the proposal. Every text that enters a page goes through `para` or `plain`."""

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from reportlab import rl_config
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import CondPageBreak, Flowable, KeepTogether, LongTable, Paragraph, Spacer, Table, TableStyle

from prefab.documents.style import (
    BOLD,
    GREEN,
    GREY,
    INK,
    ITALIC,
    NAVY,
    RED,
    REGULAR,
    RULE,
    SKY,
    TEAL,
    WHITE,
    ZEBRA,
    printable,
)

# Nothing in a text may make reportlab open a file or an address.
rl_config.trustedHosts = []
rl_config.trustedSchemes = []

PAGE_WIDTH, PAGE_HEIGHT = A4
MARGIN = 51.0
INNER_WIDTH = PAGE_WIDTH - 2 * MARGIN
LANDSCAPE_WIDTH = PAGE_HEIGHT - 2 * MARGIN


def _style(
    name: str, size: float, leading: float, colour: str = INK, font: str = REGULAR, **more: Any
) -> ParagraphStyle:
    return ParagraphStyle(name, fontName=font, fontSize=size, leading=leading, textColor=HexColor(colour), **more)


BODY = _style("body", 9.5, 13.5, spaceAfter=6)
CAPTION = _style("caption", 8, 10.5, GREY, ITALIC, spaceBefore=3, spaceAfter=8)
BULLET = _style("bullet", 9.5, 13, leftIndent=12, bulletIndent=2, spaceAfter=3)
H1 = _style("h1", 19, 23, NAVY, BOLD, spaceBefore=22, spaceAfter=9, keepWithNext=1)
H2 = _style("h2", 12.5, 16, TEAL, BOLD, spaceBefore=12, spaceAfter=5, keepWithNext=1)
H2_BEFORE_LONG = _style("h2-before-long", 12.5, 16, TEAL, BOLD, spaceBefore=12, spaceAfter=5)
QUESTION = _style("question", 11, 15, NAVY, BOLD)
ANSWER = _style("answer", 10, 14)
CELL = _style("cell", 8, 10)
CELL_SMALL = _style("cell-small", 7.2, 8.8)
CELL_SMALL_GREY = _style("cell-small-grey", 7.2, 8.8, GREY, spaceBefore=1)
CELL_SMALL_BOLD = _style("cell-small-bold", 7.2, 8.8, font=BOLD)
CELL_RIGHT = _style("cell-right", 8, 10, alignment=TA_RIGHT)
CELL_BOLD = _style("cell-bold", 8, 10, font=BOLD)
CELL_BOLD_RIGHT = _style("cell-bold-right", 8, 10, font=BOLD, alignment=TA_RIGHT)
CELL_GOOD = _style("cell-good", 8, 10, GREEN, BOLD)
CELL_BAD = _style("cell-bad", 8, 10, RED, BOLD)
HEAD = _style("head", 8, 10, WHITE, BOLD)
HEAD_RIGHT = _style("head-right", 8, 10, WHITE, BOLD, alignment=TA_RIGHT)


class Heading(Paragraph):
    """A heading that the contents and the outline list; `level` 0 or 1.

    It stays with what follows, except `before_long`: a table over several pages would be pushed to a new one.
    """

    def __init__(self, text: str, level: int, key: str, before_long: bool = False) -> None:
        super().__init__(escape(printable(text)), H2_BEFORE_LONG if before_long else H2 if level else H1)
        self.title, self.level, self.key = printable(text), level, key


def colour(value: str) -> Color:
    """A colour of the house style or of the catalog."""
    return HexColor(value)


def para(text: str, style: ParagraphStyle = BODY) -> Paragraph:
    """A paragraph that shows the text as it is, markup and all."""
    return Paragraph(escape(printable(text)), style)


def bullets(texts: Sequence[str]) -> list[Flowable]:
    """A list of texts with bullets."""
    return [Paragraph(escape(printable(text)), BULLET, bulletText="\u2022") for text in texts]


Cell = str | Paragraph | Sequence[Paragraph]


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    widths: Sequence[float],
    align: str = "",
    total_rows: int = 0,
    full_width: float = INNER_WIDTH,
) -> Table:
    """A striped table whose head repeats on every page.

    Args:
        head: Titles of the columns, with units.
        rows: Texts, or paragraphs where a cell has a style of its own.
        widths: Relative widths of the columns; together they fill `full_width`.
        align: A letter per column, `l` or `r`.
        total_rows: How many rows at the end are totals.
        full_width: In points.
    """
    align = align or "l" * len(head)
    scale = full_width / sum(widths)
    cells: list[list[Paragraph | list[Paragraph]]] = [
        [para(title, HEAD_RIGHT if a == "r" else HEAD) for title, a in zip(head, align, strict=True)]
    ]
    first_total = len(rows) - total_rows
    for index, row in enumerate(rows):
        plain, right = (CELL_BOLD, CELL_BOLD_RIGHT) if index >= first_total else (CELL, CELL_RIGHT)
        cells.append(
            [
                para(cell, right if a == "r" else plain)
                if isinstance(cell, str)
                else cell
                if isinstance(cell, Paragraph)
                else list(cell)
                for cell, a in zip(row, align, strict=True)
            ]
        )
    style = _grid()
    style.add("BACKGROUND", (0, 0), (-1, 0), colour(NAVY))
    style.add("ROWBACKGROUNDS", (0, 1), (-1, -1), [colour(WHITE), colour(ZEBRA)])
    for column in (i for i in range(len(align) - 1) if align[i : i + 2] == "rl"):
        # Figures at the right edge of their column keep away from the text that begins the next.
        style.add("RIGHTPADDING", (column, 0), (column, -1), 14)
    if total_rows:
        style.add("BACKGROUND", (0, -total_rows), (-1, -1), colour(SKY))
        style.add("LINEABOVE", (0, -total_rows), (-1, -total_rows), 0.8, colour(NAVY))
    kind = LongTable if len(rows) > 40 else Table
    return kind(
        cells,
        colWidths=[w * scale for w in widths],
        repeatRows=1,
        style=style,
        spaceBefore=3,
        spaceAfter=9,
        hAlign="LEFT",
    )


def _grid() -> TableStyle:
    """What all tables have in common."""
    return TableStyle(
        [
            ("LINEBELOW", (0, 0), (-1, -1), 0.25, colour(RULE)),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 4.5),
            ("RIGHTPADDING", (0, 0), (-1, -1), 4.5),
            ("TOPPADDING", (0, 0), (-1, -1), 2.6),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3.2),
        ]
    )


def facts(rows: Sequence[tuple[str, str]], full_width: float = INNER_WIDTH, share: float = 0.34) -> Table:
    """Names and their values, without a head."""
    cells = [[para(name, CELL_BOLD), para(value, CELL)] for name, value in rows]
    style = _grid()
    style.add("ROWBACKGROUNDS", (0, 0), (-1, -1), [colour(ZEBRA), colour(WHITE)])
    style.add("LINEABOVE", (0, 0), (-1, 0), 0.8, colour(NAVY))
    widths = [full_width * share, full_width * (1 - share)]
    return Table(cells, colWidths=widths, style=style, spaceBefore=3, spaceAfter=9, hAlign="LEFT")


def cards(pairs: Sequence[tuple[str, str]]) -> list[Flowable]:
    """Questions and answers, each behind a bar."""
    style = TableStyle(
        [
            ("LINEBEFORE", (0, 0), (0, -1), 3, colour(TEAL)),
            ("BACKGROUND", (0, 0), (-1, -1), colour(ZEBRA)),
            ("LEFTPADDING", (0, 0), (-1, -1), 10),
            ("RIGHTPADDING", (0, 0), (-1, -1), 8),
            ("TOPPADDING", (0, 0), (-1, -1), 5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 6),
        ]
    )
    return [
        Table(
            [[[para(question, QUESTION), para(answer, ANSWER)]]],
            colWidths=[INNER_WIDTH],
            style=style,
            spaceAfter=7,
            hAlign="LEFT",
        )
        for question, answer in pairs
    ]


def section(height: float = 300) -> CondPageBreak:
    """A new page unless this much room is left."""
    return CondPageBreak(height)


def together(*flowables: Flowable) -> KeepTogether:
    """What may not be torn apart by a page break."""
    return KeepTogether(list(flowables))


def space(points: float) -> Spacer:
    """White space between two things."""
    return Spacer(1, points)

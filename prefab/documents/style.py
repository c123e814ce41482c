"""The house style that drawings, PDF and workbook share: colours, typefaces, and texts made fit to print."""

import re
from functools import cache
from pathlib import Path

import font_source_sans_pro
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

INK = "#1b2733"
NAVY = "#12304a"
TEAL = "#0e7c86"
SKY = "#e6f0f2"
GREY = "#5f6f7b"
RULE = "#c5d0d7"
ZEBRA = "#f3f6f8"
WHITE = "#ffffff"
AMBER = "#b86e00"
RED = "#b3261e"
GREEN = "#2e7d32"

REGULAR = "SourceSansPro"
BOLD = "SourceSansPro-Bold"
ITALIC = "SourceSansPro-It"

# Line ends and tabs are kept as spaces; what else cannot be seen would only disturb (or be refused by) the file.
_SPACES = re.compile("[\t\n\r\v\f\x85\u2028\u2029]+")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """The text on one line, without control, bidi and invisible characters."""
    return _UNPRINTABLE.sub("", _SPACES.sub(" ", text))


@cache
def _glyphs() -> frozenset[int]:
    """Code points that the upright faces can print; registers the faces."""
    folder = Path(font_source_sans_pro.font_directory)
    files = ((REGULAR, "Regular"), (BOLD, "Bold"), (ITALIC, "It"))
    faces = [TTFont(name, str(folder / f"SourceSansPro-{file}.ttf")) for name, file in files]
    for face in faces:
        pdfmetrics.registerFont(face)
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=ITALIC, boldItalic=BOLD)
    return frozenset(faces[0].face.charToGlyph.keys() & faces[1].face.charToGlyph.keys())


def printable(text: str) -> str:
    """The text with every character that the typeface lacks written as `[U+4E2D]`, so that none is lost unseen."""
    glyphs = _glyphs()
    return "".join(c if ord(c) in glyphs else f"[U+{ord(c):04X}]" for c in clean(text))


def width_of(text: str, size: float, bold: bool = False) -> float:
    """Width in points of a printed line."""
    return float(pdfmetrics.stringWidth(printable(text), BOLD if bold else REGULAR, size))


def fitted(text: str, width: float, size: float, bold: bool = False) -> str:
    """The text, cut with an ellipsis where it is wider than `width` points."""
    text = printable(text)
    if width_of(text, size, bold) <= width:
        return text
    while text and width_of(f"{text.rstrip()}…", size, bold) > width:
        text = text[:-1]
    return f"{text.rstrip()}…" if text else ""


def lines_of(text: str, width: float, size: float, bold: bool = False, most: int = 2) -> tuple[str, ...]:
    """The text broken at its plain spaces into at most `most` lines of `width` points, the last cut where need be."""
    lines: list[str] = []
    rest = [word for word in printable(text).split(" ") if word]
    while rest and len(lines) < most - 1:
        line = rest.pop(0)
        while rest and width_of(f"{line} {rest[0]}", size, bold) <= width:
            line = f"{line} {rest.pop(0)}"
        lines.append(fitted(line, width, size, bold))
    if rest:
        lines.append(fitted(" ".join(rest), width, size, bold))
    return tuple(lines)

"""Texts made fit to print."""

import pytest

from prefab.documents.style import clean, fitted, lines_of, printable, width_of


def test_clean_keeps_one_line_without_controls():
    assert clean("a\nb\tc\x00\x1b[31m\u202ed\ufeff") == "a b c[31md"


@pytest.mark.parametrize("text", ["₹ Łódź → ≥", "Δη ≈ ±½ °C", "<b>x</b>"])
def test_typeface_has_these(text):
    assert printable(text) == text


def test_missing_letters_are_named():
    assert printable("中x") == "[U+4E2D]x"


def test_fitted_is_cut_to_its_width():
    long = "a long text that does not fit"
    short = fitted(long, 50, 8)
    assert short.endswith("…")
    assert width_of(short, 8) <= 50
    assert fitted(long, 500, 8) == long
    assert fitted("x", 0.1, 8) == ""


def test_lines_break_at_spaces_and_stop():
    lines = lines_of("one two three four five six seven", 40, 8, most=2)
    assert len(lines) == 2
    assert lines[0] == "one two"
    assert all(width_of(line, 8) <= 40 for line in lines)
    assert lines_of("a\u00a0b c", 500, 8, most=1) == ("a\u00a0b c",)
    assert lines_of("", 50, 8) == ()

"""Reading TOML: every mistake at once, each with its file, line, key and what is allowed."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, ValidationError

from prefab.errors import InputError
from prefab.tables import Frozen, read_text, read_toml, validate


class Wheel(Frozen):
    size_mm: Annotated[int, Field(gt=0)]
    maker: str = ""


class Motor(Frozen):
    power_kw: Annotated[float, Field(gt=0)]
    points: tuple[tuple[float, float], ...] = ()


class Car(Frozen):
    name: Annotated[str, Field(max_length=10)]
    length_mm: int
    width_mm: int = 1800
    built: date | None = None
    fuel: Literal["diesel", "electric"] = "electric"
    sold: bool = False
    motor: Motor | None = None
    wheels: tuple[Wheel, ...] = ()


GOOD = """\
name = "Ada"
length_mm = 4000
built = 2026-05-01

[motor]
power_kw = 100
points = [[0.0, 1.0], [1.0, 2.0]]

[[wheels]]
size_mm = 400

[[wheels]]
size_mm = 410
maker = "Rund"
"""


def mistakes_of(path: Path, text: str | bytes) -> list[str]:
    """What is wrong with the file, without its folder."""
    path = path / "car.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(InputError) as caught:
        read_toml(path, Car)
    assert all(m.startswith(str(path)) for m in caught.value.mistakes)
    return [m.replace(str(path), "car.toml") for m in caught.value.mistakes]


def test_a_good_file(tmp_path: Path) -> None:
    path = tmp_path / "car.toml"
    path.write_text(GOOD)
    car = read_toml(path, Car)
    assert car.built == date(2026, 5, 1)
    assert car.motor == Motor(power_kw=100.0, points=((0.0, 1.0), (1.0, 2.0)))
    assert [w.size_mm for w in car.wheels] == [400, 410]
    with pytest.raises(ValidationError):
        car.name = "Bea"  # type: ignore[misc]


def test_every_mistake_at_once(tmp_path: Path) -> None:
    text = """\
# a comment first
nmae = "Ada"
length_mm = "long"
width_mm = 1.5
fuel = "coal"
sold = "yes"

[motor]
power_kw = -5

[[wheels]]
size_mm = 400

[[wheels]]
size_mm = 0
makre = "Rund"
"""
    assert sorted(mistakes_of(tmp_path, text)) == sorted(
        [
            "car.toml: name: missing; it must be given",
            "car.toml:2: nmae: unknown key; did you mean name?",
            "car.toml:3: length_mm: input should be a valid integer (given: 'long')",
            "car.toml:4: width_mm: input should be a valid integer (given: 1.5)",
            "car.toml:5: fuel: input should be 'diesel' or 'electric' (given: 'coal')",
            "car.toml:6: sold: input should be a valid boolean (given: 'yes')",
            "car.toml:9: motor.power_kw: input should be greater than 0 (given: -5)",
            "car.toml:15: wheels[1].size_mm: input should be greater than 0 (given: 0)",
            "car.toml:16: wheels[1].makre: unknown key; did you mean maker?",
        ]
    )


def test_unknown_key_without_a_near_miss_lists_what_is_allowed(tmp_path: Path) -> None:
    (mistake,) = mistakes_of(tmp_path, GOOD + "colour = 1\n")
    assert mistake == "car.toml:15: wheels[1].colour: unknown key; allowed: maker, size_mm"


def test_unknown_table(tmp_path: Path) -> None:
    (mistake,) = mistakes_of(tmp_path, GOOD + "\n[moter]\npower_kw = 1\n")
    assert mistake == "car.toml:16: moter: unknown key; did you mean motor?"


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        # A key that several tables have is found in the table that is wrong.
        ("size_mm = 410", "size_mm = -1", "car.toml:13: wheels[1].size_mm"),
        ("size_mm = 400", "size_mm = -1", "car.toml:10: wheels[0].size_mm"),
        # A missing key has no line; its table has.
        ("size_mm = 400\n", "\n", "car.toml:9: wheels[0].size_mm"),
        ("size_mm = 410\n", "", "car.toml:12: wheels[1].size_mm"),
        ("power_kw = 100\n", "", "car.toml:5: motor.power_kw"),
        # What is missing at the top is not sought in the tables, even where a table has a key of that name.
        ("length_mm = 4000\n", "", "car.toml: length_mm"),
        # An entry of an array names the line of its key.
        ("[1.0, 2.0]]", "[1.0, 'x']]", "car.toml:7: motor.points[1][1]"),
    ],
)
def test_lines_are_true(tmp_path: Path, old: str, new: str, place: str) -> None:
    assert old in GOOD
    (mistake,) = mistakes_of(tmp_path, GOOD.replace(old, new, 1))
    assert mistake.startswith(place + ": "), mistake


def test_a_missing_top_key_does_not_borrow_the_line_of_a_table(tmp_path: Path) -> None:
    class Fleet(Frozen):
        maker: str
        wheels: tuple[Wheel, ...]

    path = tmp_path / "fleet.toml"
    path.write_text('[[wheels]]\nsize_mm = 1\nmaker = "Rund"\n')
    with pytest.raises(InputError) as caught:
        read_toml(path, Fleet)
    assert caught.value.mistakes == (f"{path}: maker: missing; it must be given",)


def test_a_heading_on_the_first_line_has_a_line(tmp_path: Path) -> None:
    class Garage(Frozen):
        motor: Motor

    path = tmp_path / "garage.toml"
    path.write_text("[motor]\n")
    with pytest.raises(InputError) as caught:
        read_toml(path, Garage)
    assert caught.value.mistakes == (f"{path}:1: motor.power_kw: missing; it must be given",)


def test_arrays_over_several_lines_do_not_hide_what_follows(tmp_path: Path) -> None:
    text = GOOD.replace(
        "power_kw = 100\npoints = [[0.0, 1.0], [1.0, 2.0]]",
        "points = [\n    [0.0, 1.0],\n    [1.0, 2.0]\n]\npower_kw = 0  # no power",
    )
    (mistake,) = mistakes_of(tmp_path, text)
    assert mistake.startswith("car.toml:10: motor.power_kw: ")


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_lines_are_true_with_either_line_ending(tmp_path: Path, ending: str) -> None:
    text = GOOD.replace("size_mm = 410", "size_mm = 0").replace("\n", ending)
    (mistake,) = mistakes_of(tmp_path, text.encode())
    assert mistake.startswith("car.toml:13: wheels[1].size_mm: ")


def test_headings_may_be_indented_and_commented(tmp_path: Path) -> None:
    text = GOOD.replace("[[wheels]]\nsize_mm = 410", "  [[ wheels ]]  # rear\n  size_mm = 0")
    (mistake,) = mistakes_of(tmp_path, text)
    assert mistake.startswith("car.toml:13: wheels[1].size_mm: ")


def test_dotted_keys_have_a_line(tmp_path: Path) -> None:
    text = 'name = "Ada"\nlength_mm = 4000\nmotor.power_kw = 0\n'
    (mistake,) = mistakes_of(tmp_path, text)
    assert mistake.startswith("car.toml:3: motor.power_kw: ")


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("length_mm = 4000", 'length_mm = "4000"', "length_mm"),
        ("length_mm = 4000", "length_mm = 4000.5", "length_mm"),
        ("length_mm = 4000", "length_mm = true", "length_mm"),
        ("power_kw = 100", 'power_kw = "100"', "motor.power_kw"),
        ("power_kw = 100", "power_kw = [100]", "motor.power_kw"),
        ('name = "Ada"', "name = 7", "name"),
        ('name = "Ada"', 'name = "Ada Lovelace the first"', "name"),
        ("built = 2026-05-01", 'built = "soon"', "built"),
        ("built = 2026-05-01", "built = 2026-05-01T12:30:00", "built"),
        ("power_kw = 100", "power_kw = nan", "motor.power_kw"),
        ("power_kw = 100", "power_kw = inf", "motor.power_kw"),
        ("power_kw = 100", "power_kw = -inf", "motor.power_kw"),
        ("[0.0, 1.0]", "[0.0, nan]", "motor.points[0][1]"),
        ("[0.0, 1.0]", "[0.0]", "motor.points[0][1]"),
    ],
)
def test_wrong_types_and_numbers_that_are_none(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert old in GOOD
    (mistake,) = mistakes_of(tmp_path, GOOD.replace(old, new, 1))
    assert f": {key}: " in mistake


@pytest.mark.parametrize("code", ["\\u0007", "\\u001b[31m", "\\u202e", "\\u200b", "\\ufeff", "\\u0000", "\\r"])
def test_control_and_invisible_characters_are_refused(tmp_path: Path, code: str) -> None:
    (mistake,) = mistakes_of(tmp_path, GOOD.replace('"Ada"', f'"A{code}"'))
    assert mistake == "car.toml:1: name: holds a control or invisible character; plain text is allowed"


def test_invisible_characters_in_a_key_are_refused(tmp_path: Path) -> None:
    found = mistakes_of(tmp_path, '"na\\u200bme" = 1\n' + GOOD)
    assert any("holds a control or invisible character" in m for m in found)


def test_text_that_looks_like_code_is_plain_text(tmp_path: Path) -> None:
    path = tmp_path / "car.toml"
    path.write_text(GOOD.replace('"Ada"', '"=1+1<b>&"'))
    assert read_toml(path, Car).name == "=1+1<b>&"


def test_not_utf8(tmp_path: Path) -> None:
    assert mistakes_of(tmp_path, GOOD.replace("Ada", "Adé").encode("latin-1")) == ["car.toml: not UTF-8 text"]


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.toml: no such file"):
        read_toml(tmp_path / "absent.toml", Car)


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_toml(tmp_path, Car)


def test_a_file_too_large(tmp_path: Path) -> None:
    path = tmp_path / "big.toml"
    path.write_bytes(b"#" * 5_000_001)
    with pytest.raises(InputError, match="larger than 5,000,000 bytes"):
        read_text(path)
    path.write_bytes(b"#" * 5_000_000)
    assert len(read_text(path)) == 5_000_000


@pytest.mark.parametrize("text", ['name = "Ada\n', "name = \n", "[motor\n", "name = 1\nname = 2\n"])
def test_toml_that_is_none_names_its_place(tmp_path: Path, text: str) -> None:
    (mistake,) = mistakes_of(tmp_path, text)
    assert mistake.startswith("car.toml: not valid TOML: ")
    assert "line" in mistake


def test_a_tree_without_its_text_has_no_lines() -> None:
    with pytest.raises(InputError) as caught:
        validate({"name": "Ada", "length_mm": "x"}, Car, "plan.json")
    (mistake,) = caught.value.mistakes
    assert mistake.startswith("plan.json: length_mm: ")


def test_the_whole_file_may_be_wrong() -> None:
    class Pair(Frozen):
        low: int = 0
        high: int = 0

        def model_post_init(self, _context: object) -> None:
            if self.low > self.high:
                raise ValueError("low must not exceed high")

    with pytest.raises(InputError, match=r"pair: low must not exceed high"):
        validate({"low": 2, "high": 1}, Pair, "pair")

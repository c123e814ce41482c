"""Mistakes in a brief."""

import re

import pytest
from build import a_brief

from prefab.brief import read_brief
from prefab.errors import InputError

GOOD = """
name = "Site"
customer = "Customer"
as_of = 2026-11-23
[site]
country = "SE"
climate = "mild"
width_m = 100
depth_m = 100
setback_m = 5
[it]
workload = "chat"
[[phases]]
name = "One"
it_mw = 1
energised_by = 2029-01-01
[grid]
capacity_mw = 3
voltage_kv = 20
tariff = "flat"
[redundancy]
power = "N+1"
cooling = "N+1"
[autonomy]
ups_min = 5
generator_h = 24
"""


def mistakes(tmp_path, old, new):
    path = tmp_path / "brief.toml"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(InputError) as error:
        read_brief(path)
    return error.value.mistakes


def test_good_one_reads(tmp_path):
    path = tmp_path / "brief.toml"
    path.write_text(GOOD)
    assert read_brief(path).it_kw == 1000


@pytest.mark.parametrize(
    ("old", "new", "texts"),
    [
        ("it_mw = 1", "it_mw = -1", ["it_mw", "greater than 0", "-1"]),
        ("energised_by = 2029-01-01", "energised_by = 2026-01-01", ["energised_by", "later than 2026-11-23"]),
        ("width_m = 100", "widht_m = 100", ["brief.toml:8: site.widht_m: unknown key; did you mean width_m?"]),
        (
            'power = "N+1"',
            'power = "3N"',
            ["redundancy.power", "'N', 'N+1', 'N+2', '2N', '2(N+1)', '3N/2', '4N/3' or 'catcher'"],
        ),
        ("setback_m = 5", "setback_m = 50", ["set-backs leave no land"]),
        ('country = "SE"', 'country = "Sweden"', ["site.country"]),
        ("capacity_mw = 3", 'capacity_mw = "3"', ["grid.capacity_mw", "number"]),
        ("capacity_mw = 3", "capacity_mw = nan", ["grid.capacity_mw", "finite"]),
        ('name = "Site"', 'name = "Si\\u202ete"', ["name", "control or invisible"]),
        ("generator_h = 24", "generator_h = 24\n[storage]\npower_mw = 3", ["storage: give both"]),
    ],
)
def test_mistake(tmp_path, old, new, texts):
    found = " ".join(mistakes(tmp_path, old, new))
    for text in texts:
        assert text in found


DEMANDS = '[[it.demand]]\nname = "chat"\nworkload = "chat"\n'
SLOTS = '[[works.factory]]\nfamily = "power"\nmodules_per_week = 1\n'
PHASE = '[[phases]]\nname = "One"\nit_mw = 1\nenergised_by = 2030-01-01\n'


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        (
            '[it]\nworkload = "chat"\n',
            DEMANDS * 2,
            "it: demand: 'chat' is named twice; every name must be different",
        ),
        (
            '[it]\nworkload = "chat"\n',
            "[it]\n",
            "it: give either a workload (and pods), or [[it.demand]] with name, workload and pods",
        ),
        ("[grid]\n", SLOTS * 2 + "[grid]\n", "works: factory: 'power' is named twice; every family must be different"),
        ("[grid]\n", PHASE + "[grid]\n", "phases: 'One' is named twice; every name must be different"),
        (
            "[grid]\n",
            '[prefer]\nmakers = ["A"]\n[grid]\n',
            "prefer: give both makers and margin_frac, or neither",
        ),
    ],
)
def test_a_mistake_of_several_keys_says_once_where_and_what(tmp_path, old, new, text):
    (mistake,) = mistakes(tmp_path, old, new)
    assert re.fullmatch(rf"\S+brief\.toml(:\d+)?: {re.escape(text)}", mistake)


def test_all_mistakes_at_once(tmp_path):
    path = tmp_path / "brief.toml"
    wrong = GOOD.replace("it_mw = 1", "it_mw = 0").replace("width_m = 100", "width_m = 0")
    path.write_text(wrong.replace("[it]\n", "[it]\nx = 1\n"))
    with pytest.raises(InputError) as error:
        read_brief(path)
    assert len(error.value.mistakes) == 3


def test_load_until_a_phase_includes_the_earlier_ones():
    brief = a_brief(
        phases=[
            {"name": "a", "it_mw": 1.0, "energised_by": "2029-01-01"},
            {"name": "b", "it_mw": 2.5, "energised_by": "2030-01-01"},
        ]
    )
    assert [brief.it_kw_until(p) for p in (0, 1)] == [1000, 3500]
    assert brief.it_kw == 3500


def test_works_are_the_design_basiss_unless_said():
    works = a_brief().works
    assert {works.crane_crews, works.connection_crews, works.commissioning_crews, works.fat_bays} == {None}
    assert a_brief(works={"crane_crews": 3}).works.crane_crews == 3


@pytest.mark.parametrize("key", ["crane_crews", "connection_crews", "commissioning_crews", "fat_bays"])
@pytest.mark.parametrize("value", [0, 1001, 1.5])
def test_works_out_of_bounds(key, value):
    with pytest.raises(InputError, match=f"works.{key}"):
        a_brief(works={key: value})

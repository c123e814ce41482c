"""Mistakes in a brief."""

import re
from datetime import date

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
        ("capacity_mw = 3", "capacity_mw = 3\nramp_mw_per_min = 0", ["ramp_mw_per_min", "greater than 0", "0"]),
        ("capacity_mw = 3", "capacity_mw = 3\nswing_mw = -1.5", ["swing_mw", "greater than or equal to 0", "-1.5"]),
        ("ups_min = 5", "ups_min = 4320", ["ups_min", "less than or equal to 120", "4320"]),
        (
            "[autonomy]",
            "[storage.shaving]\nallowed = true\npeak_h = 3\n[autonomy]",
            ["storage", "peak_h and rest_frac together"],
        ),
        (
            "[autonomy]",
            "[storage.shaving]\npeak_h = 3\nrest_frac = 0.8\n[autonomy]",
            ["storage", "allowed = true, or leave peak_h out"],
        ),
        (
            "[autonomy]",
            "[storage.shaving]\nallowed = true\npeak_h = 24\nrest_frac = 0.8\n[autonomy]",
            ["peak_h", "less than 24"],
        ),
        ("[autonomy]", "[storage]\nduration_h = 2\n[autonomy]", ["storage", "power_mw and duration_h, or neither"]),
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


def steps(*each):
    """A series of the grid beside the rest of its table."""
    return 'tariff = "flat"\n' + "".join(f"[[grid.series]]\n{step}\n" for step in each)


ONE, TWO = "since = 2028-01-01\nfirm_mw = 1", "since = 2029-06-01\nfirm_mw = 2\ninterruptible_mw = 1"


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (steps(TWO, ONE), "grid: series: 2028-01-01 stands after 2029-06-01; dates must rise"),
        (steps(ONE, ONE), "grid: series: 2028-01-01 stands after 2028-01-01; dates must rise"),
        (
            steps("since = 2028-01-01\nfirm_mw = 3", "since = 2029-06-01\nfirm_mw = 2"),
            "grid: series: 2 MW from 2029-06-01 on are less than 3 MW before; firm_mw and interruptible_mw together "
            "must never fall",
        ),
        (
            steps(ONE),
            "grid: series: it ends with 1 MW, capacity_mw is 3; they must be equal, or leave capacity_mw out",
        ),
        (
            steps("since = 2029-06-01\nfirm_mw = 3"),
            "grid: series: it begins on 2029-06-01, phase 'One' is asked by 2029-01-01; begin earlier, ask later or "
            "set grid.bridge.allowed",
        ),
        (
            steps(ONE, TWO),
            "grid: interruption_h: is missing: give the hours that the utility may call it off",
        ),
        (
            "interruption_h = 4\n" + steps("since = 2028-01-01\nfirm_mw = 3"),
            "grid: interruption_h: is for interruptible_mw of a series, and for nothing else",
        ),
        (
            "interruption_h = 30\n" + steps(ONE, TWO),
            "grid: interruption_h: 30 h; sets carry what is called off with the fuel stored, so at most "
            "autonomy.generator_h, 24",
        ),
        (
            'tariff = "flat"\n[grid.bridge]\nallowed = true',
            "grid: bridge: there is nothing to bridge without [[grid.series]]; give it, or leave bridge out",
        ),
    ],
)
def test_a_series_says_once_what_is_wrong(tmp_path, more, text):
    more = more if 'tariff = "flat"' in more else more + 'tariff = "flat"'
    (mistake,) = mistakes(tmp_path, 'tariff = "flat"\n', more + "\n")
    assert re.fullmatch(rf"\S+brief\.toml(:\d+)?: {re.escape(text)}", mistake)


def test_a_connection_is_built_for_the_end_of_its_series(tmp_path):
    found = []
    for number, mw in enumerate(("", "capacity_mw = 2.5\n")):
        path = tmp_path / f"{number}.toml"
        more = steps(ONE, "since = 2029-06-01\nfirm_mw = 2.5")
        path.write_text(GOOD.replace("capacity_mw = 3\n", mw).replace('tariff = "flat"\n', more))
        found.append(read_brief(path))
    assert found[0] == found[1]
    assert found[0].grid.capacity_mw == 2.5


def test_no_connection_of_unknown_size(tmp_path):
    (mistake,) = mistakes(tmp_path, "capacity_mw = 3\n", "")
    assert "grid: capacity_mw: missing; give it, or [[grid.series]]" in mistake


def test_what_the_connection_gives_on_a_day():
    series = [
        {"since": date(2028, 1, 1), "firm_mw": 1.0},
        {"since": date(2029, 6, 1), "firm_mw": 1.5, "interruptible_mw": 0.5},
        {"since": date(2029, 12, 31), "firm_mw": 3.0},
    ]
    grid = a_brief(grid={"series": series, "interruption_h": 2.0}).grid
    for day, firm, given in (
        ("2027-12-31", 0, 0), ("2028-01-01", 1, 1), ("2029-05-31", 1, 1), ("2029-06-01", 1.5, 2), ("2035-01-01", 3, 3),
    ):  # fmt: skip
        step = grid.step_on(date.fromisoformat(day))
        assert (step.firm_mw, step.given_mw) == (firm, given)
    assert a_brief().grid.step_on(date(1990, 1, 1)).firm_mw == a_brief().grid.capacity_mw

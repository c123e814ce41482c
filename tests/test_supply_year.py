"""Sun, wind and contracts: what a brief and a profile may say, and what they make of the year."""

from dataclasses import replace

import numpy as np
import pytest
from build import a_brief, a_catalog
from wired import hand_wired_plan

from prefab.catalog import load_catalog
from prefab.design import make_design
from prefab.documents.projection_csv import _columns
from prefab.errors import InputError
from prefab.names import check_names
from prefab.projection import make_projection
from prefab.supply import SupplyHours
from prefab.supply_file import read_profile, read_supply

SUN = {"name": "sun", "kind": "pv", "mw": 4.0, "on_site": True, "ha": 10.0, "profile": "sun.csv"}
SEA = {"name": "sea", "kind": "wind", "mw": 1.0, "profile": "sea.csv"}
DEAL = {"name": "deal", "kind": "ppa", "mw": 0.2, "usd_per_mwh": 40.0}
DAY = tuple(float(6 <= h % 24 < 18) for h in range(8760))


def with_supply(*sources, hours=DAY, **grid):
    brief = a_brief(supply=list(sources), grid=grid)
    carried = tuple(
        SupplyHours(name=s.name, source=s.profile, capacity_frac=hours) for s in brief.supply if s.profile
    )  # fmt: skip
    update = {"brief": brief, "supply_basis": load_catalog().supply, "supply_hours": carried}
    return hand_wired_plan().model_copy(update=update)


# what may be said ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "change", "said"),
    [
        (SUN, {"mw": -1.0}, r"supply\[0\].mw: input should be greater than 0"),
        (SUN, {"kind": "coal"}, r"supply\[0\].kind: input should be 'pv', 'wind' or 'ppa'"),
        (SUN, {"ha": None}, "ha: missing; pv on site needs land of its own"),
        (SUN, {"ha": 0.0}, r"supply\[0\].ha: input should be greater than 0"),
        (SUN, {"profile": None}, "profile: missing; pv needs a file of 8,760 hours"),
        (SUN, {"usd_per_mwh": 30.0}, "usd_per_mwh: only a ppa has one"),
        (SEA, {"ha": 3.0}, "ha: only what is on site takes land"),
        (DEAL, {"usd_per_mwh": None}, "usd_per_mwh: missing; a ppa needs its price"),
        (DEAL, {"on_site": True, "ha": 3.0}, "on_site: a ppa comes from elsewhere"),
        (DEAL, {"price": 3.0}, r"supply\[0\].price: unknown key"),
    ],
)
def test_one_message_for_each_mistake(source, change, said):
    tree = {key: value for key, value in {**source, **change}.items() if value is not None}
    with pytest.raises(InputError, match=said) as error:
        a_brief(supply=[tree])
    assert len(error.value.mistakes) == 1


def test_names_differ_and_only_sources_on_site_export():
    with pytest.raises(InputError, match="supply: 'sea' is named twice"):
        a_brief(supply=[SEA, SEA])
    with pytest.raises(InputError, match="export_mw: only"):
        a_brief(supply=[SEA], grid={"export_mw": 1.0})
    with pytest.raises(InputError, match="export_mw: 4; at most capacity_mw, 3"):
        a_brief(supply=[SUN], grid={"export_mw": 4.0})


def test_land_below_the_catalogs_is_refused_before_sizing():
    catalog = a_catalog().model_copy(update={"supply": load_catalog().supply})
    check_names(a_brief(supply=[SUN | {"ha": 8.0}]), catalog)
    with pytest.raises(InputError, match=r"supply\[0\].ha: 7.9; 4 MW of pv take at least 8 ha"):
        check_names(a_brief(supply=[SUN | {"ha": 7.9}]), catalog)
    with pytest.raises(InputError, match=r"no supply\.toml"):
        check_names(a_brief(supply=[DEAL]), a_catalog())


def test_hours_are_asked_for_before_sizing():
    with pytest.raises(InputError, match="the hours of sun are not given"):
        make_design(a_brief(supply=[SUN, DEAL]), a_catalog())


# profiles ------------------------------------------------------------------------------------------------------------


def test_profile_with_and_without_heading(tmp_path):
    path = tmp_path / "sun.csv"
    for text in ("\n".join(map(str, DAY)), "output\r\n" + "\r\n".join(map(str, DAY)) + "\r\n\r\n"):
        path.write_text(text, newline="")
        assert read_profile(path) == DAY
    brief = a_brief(supply=[SUN, DEAL])
    assert read_supply(tmp_path, brief.supply) == (SupplyHours(name="sun", source="sun.csv", capacity_frac=DAY),)


@pytest.mark.parametrize(
    ("lines", "said", "count"),
    [
        (["0.5"] * 8759, "8,759 hours; a year has 8,760", 1),
        (["0.5"] * 8784, "8,784 hours; a year has 8,760", 1),
        (["head", "0.5", "1.2", *["0.5"] * 8758], "line 3: '1.2'; output over the rating, 0 to 1", 1),
        (["0.5", "-0.1", "", "nan", *["0.5"] * 8756], "line 2: '-0.1'", 3),
        (["0.5", *["x"] * 8759], "8,749 more mistakes", 11),
        ([""], "0 hours", 1),
    ],
)
def test_a_profile_that_is_no_year(tmp_path, lines, said, count):
    (tmp_path / "p.csv").write_text("\n".join(lines))
    with pytest.raises(InputError, match=said) as error:
        read_profile(tmp_path / "p.csv")
    assert len(error.value.mistakes) == count


# the year ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bare():
    return make_projection(hand_wired_plan())


def test_the_site_takes_the_same_with_supply(bare):
    found = make_projection(with_supply(SUN, SEA, DEAL))
    same = replace(
        found, supplied=None, notes=bare.notes, cue_kg_per_kwh=bare.cue_kg_per_kwh,
        energy_usd_per_mtok=bare.energy_usd_per_mtok, carbon_g_per_mtok=bare.carbon_g_per_mtok,
    )  # fmt: skip
    assert same == bare


def test_sun_on_site_by_day(bare):
    # 4 MW from 6 to 18 o'clock, more than the site ever takes; nothing may go back.
    plan = with_supply(SUN)
    found = make_projection(plan)
    site, day = np.array(bare.hourly.site_kw), np.array(DAY) > 0
    assert max(site) < 4000
    supplied = found.supplied
    np.testing.assert_allclose(supplied.import_kw, np.where(day, 0, site))
    np.testing.assert_allclose(supplied.curtailed_kw, np.where(day, 4000 - site, 0))
    assert sum(supplied.export_kw) == 0
    night_frac = site[~day].sum() / site.sum()
    assert supplied.hourly_frac == pytest.approx(1 - night_frac)
    assert supplied.annual_frac == pytest.approx(1 - night_frac)
    assert found.cue_kg_per_kwh == pytest.approx(bare.cue_kg_per_kwh * night_frac)
    assert found.carbon_g_per_mtok == pytest.approx(bare.carbon_g_per_mtok * night_frac)
    assert sum(supplied.carbon_kg) == pytest.approx(supplied.unmatched_carbon_kg)
    (line,) = supplied.lines
    assert (line.capacity_frac, line.usd) == (pytest.approx(0.5), None)
    assert line.used_mwh == pytest.approx(site[day].sum() / 1000)
    assert any("lies outside 9 to 35 %" in note for note in found.notes)
    assert make_projection(with_supply(SUN, export_mw=1.0)).supplied.annual_frac > supplied.annual_frac


def test_a_contract_is_paid_whole_and_replaces_the_tariff(bare):
    plan = with_supply(DEAL)
    found, price = make_projection(plan), plan.tariff.energy_usd_per_kwh
    assert min(bare.hourly.site_kw) > 200
    mwh = 0.2 * 8760
    assert found.supplied.lines[0].usd == pytest.approx(40 * mwh)
    assert found.supplied.energy_usd == pytest.approx(found.supplied.tariff_usd + mwh * (40 - 1000 * price))
    assert found.energy_usd_per_mtok * found.mtok.base == pytest.approx(found.supplied.energy_usd)
    assert found.supplied.hourly_frac == pytest.approx(mwh / bare.site_mwh)
    # The import is what it was: contracts change what is matched, not what flows or is emitted.
    assert found.supplied.import_kw == bare.hourly.site_kw
    assert found.carbon_g_per_mtok == bare.carbon_g_per_mtok
    assert found.supplied.unmatched_carbon_kg < sum(found.supplied.carbon_kg)


def test_sources_elsewhere_without_a_price_leave_the_bill():
    found = make_projection(with_supply(SEA | {"mw": 3.0})).supplied
    assert found.energy_usd == found.tariff_usd
    # 3 MW for half of the hours are more than 1.4 MW for all, and match half of the hours.
    assert found.annual_frac == 1.0
    assert found.hourly_frac == pytest.approx(0.5, abs=0.01)


def test_hours_that_are_not_in_the_plan_are_asked_for():
    with pytest.raises(InputError, match="sun: profile: its hours are not in the plan"):
        make_projection(with_supply(SUN).model_copy(update={"supply_hours": ()}))


def test_columns_only_where_there_is_supply(bare):
    found = _columns(make_projection(with_supply(SUN, DEAL)))
    more = ["supply_sun_kw", "supply_deal_kw", "import_kw", "export_kw", "curtailed_kw", "carbon_kg"]
    assert list(found) == [*_columns(bare), *more]


def test_a_brief_without_supply_says_nothing_of_it():
    assert "supply" not in a_brief().model_dump()
    assert "export_mw" not in a_brief().model_dump()["grid"]
    assert "supply_basis" not in hand_wired_plan().model_dump()

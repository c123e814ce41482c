"""Modules that may not stand at a site, and those that give less there, with the reason; arithmetic in the comments."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from build import CARRIERS, GEN, MODULES, POD, UPS, a_brief, a_catalog, a_module

from prefab.brief import read_brief
from prefab.module import Certification, Derating
from prefab.plan import read_plan
from prefab.refusals import derated_modules, refused_modules
from prefab.rules import HOOKS

LAYOUTS = Path(__file__).parents[1] / "layouts"


def refused(brief, catalog):
    found = refused_modules(brief, catalog, HOOKS.shapes)
    assert len({r.sku for r in found}) == len(found)
    return {r.sku: r.reason for r in found}


def derated(brief, catalog):
    return {d.sku: d for d in derated_modules(brief, catalog, HOOKS.shapes)}


def with_modules(*changed):
    """The small catalog with some modules replaced."""
    return a_catalog((*(m for m in MODULES if m.sku not in {c.sku for c in changed}), *changed))


def at(dry_bulb_degc=30.0, altitude_m=0.0, **more):
    return a_brief(
        site={"design_dry_bulb_degc": dry_bulb_degc, "altitude_m": altitude_m, **more.pop("site", {})}, **more
    )


def test_nothing_is_refused_where_everything_serves():
    assert refused(at(), a_catalog()) == {}
    assert derated(at(), a_catalog()) == {}


def test_too_hot():
    # Coolant of 40 °C asks for water of 36 °C, the air units for 20 °C; the chiller's curve ends at 43 °C.
    found = refused(at(47.0), a_catalog())
    assert set(found) == {"DRY-1000", "CHL-400"}
    assert found["DRY-1000"] == "cannot deliver 36 °C water at 47 °C dry bulb and 20 °C wet bulb"
    assert "47 °C dry bulb" in found["CHL-400"]


def test_tried_as_warm_as_the_pods_allow():
    """At 34 °C air with an approach of 5 K the rated 36 °C is out of reach, the 40 °C of warmer coolant is not."""
    warm = tuple(c.model_copy(update={"grades_degc": (44.0,)}) if c.key == "coolant" else c for c in CARRIERS)
    assert set(refused(at(34.0), a_catalog())) == {"DRY-1000"}
    assert refused(at(34.0), a_catalog(carriers=warm)) == {}


def test_coolers_are_tried_in_this_weather_even_where_nothing_asks_for_them():
    alone = {"limits": {"exclude": ["CDU-500", "FWU-150", "PMP-1000"]}}
    assert set(refused(at(30.0, **alone), a_catalog())) == {"CDU-500", "FWU-150", "PMP-1000"}
    assert "47 °C dry bulb" in refused(at(47.0, **alone), a_catalog())["DRY-1000"]


def test_warmer_sites_never_take_what_cooler_ones_refuse(catalog, edge_brief):
    before: set[str] = set()
    for degrees in (20.0, 30.0, 36.0, 40.0, 44.0, 50.0):
        site = edge_brief.site.model_copy(update={"design_dry_bulb_degc": degrees})
        now = set(refused(edge_brief.model_copy(update={"site": site}), catalog))
        assert before <= now
        before = now


def test_what_is_left_of_a_chiller_in_hot_air():
    # Level to 35 °C, 0.75 at 43 °C: 0.875 at 39 °C. The dry cooler cannot.
    found = derated(at(39.0), a_catalog())
    assert set(found) == {"CHL-400"}
    assert found["CHL-400"].left == pytest.approx(350)
    assert found["CHL-400"].rated == 400
    assert "39 °C air" in found["CHL-400"].reason


def test_derated_by_height():
    # 0.6 % for each 100 m beyond 1,000 m: 18 % at 4,000 m.
    gen = GEN.model_copy(update={"derating": Derating(altitude_frac_per_100m=0.006)})
    found = derated(at(20.0, 4000.0), with_modules(gen))["GEN-2000"]
    assert (found.left, found.rated, found.unit) == (pytest.approx(1640), 2000, "kW")
    assert found.carrier == "standby_mv"
    assert "4,000 m" in found.reason


def test_too_high():
    gen = GEN.model_copy(update={"derating": Derating(altitude_frac_per_100m=0.05)})
    found = refused(at(20.0, 3000.0), with_modules(gen))
    assert found == {"GEN-2000": "nothing is left of its rating at 3,000 m and 20 °C air"}
    assert "GEN-2000" not in derated(at(20.0, 3000.0), with_modules(gen))


def test_what_the_battery_lasts_for():
    # 150 kWh x 0.8 x 0.8 x 0.96 = 92.16 kWh, in half an hour 184.32 kW of 800.
    found = derated(at(autonomy={"ups_min": 30.0, "generator_h": 24.0}), a_catalog())
    assert set(found) == {"UPS-800"}
    assert found["UPS-800"].left == pytest.approx(184.32)
    assert found["UPS-800"].reason == "its battery for 30 min"


def test_a_ups_without_a_battery():
    bare = UPS.model_copy(update={"ups_battery": None})
    assert refused(at(), with_modules(bare)) == {"UPS-800": "no battery, 5 min of autonomy asked"}


def test_wrong_frequency():
    european = GEN.model_copy(update={"certification": Certification(standards=("IEC", "UL"), frequencies_hz=(50,))})
    assert refused(at(restrict={"frequency_hz": 50}), with_modules(european)) == {}
    found = refused(at(restrict={"frequency_hz": 60}), with_modules(european))
    assert found == {"GEN-2000": "built for 50 Hz; the site has 60 Hz"}


def test_a_country_that_takes_ul_only(catalog, edge_brief):
    european = Certification(standards=("IEC",))
    modules = (m.model_copy(update={"certification": european}) if m.sku == "TXD-1600" else m for m in catalog.modules)
    there = edge_brief.model_copy(update={"site": edge_brief.site.model_copy(update={"country": "US"})})
    changed = catalog.model_copy(update={"modules": tuple(modules)})
    assert "TXD-1600" not in refused(edge_brief, changed)
    assert "TXD-1600" not in refused(there, catalog)
    assert refused(there, changed)["TXD-1600"] == "certified to IEC; the site needs UL"


def test_restrictions_of_the_brief_come_first():
    light = a_module("FTK-010", "fuel", mass_kg=8000, gives=[{"carrier": "fuel", "capacity_l": 10_000}])
    brief = at(restrict={"transport_mass_kg": 9000}, limits={"exclude": ["CHL-400"]})
    found = refused(brief, with_modules(light))
    assert found["CHL-400"] == "excluded by the brief"
    assert found["POD-1000"] == "travels with a mass of 10,000 kg; the route takes 9,000"
    assert set(found) == {m.sku for m in MODULES}


def test_lead_time():
    late = GEN.model_copy(update={"deployment": GEN.deployment.model_copy(update={"lead_weeks": 300.0})})
    found = refused(at(), with_modules(late))
    assert set(found) == {"GEN-2000"}
    assert found["GEN-2000"].startswith("lead time of 300 weeks")
    soon = at(phases=[{"name": "One", "it_mw": 1.0, "energised_by": date(2026, 12, 31)}])
    assert set(refused(soon, a_catalog())) == {m.sku for m in MODULES}


def test_pods_that_the_workload_does_not_run_on(catalog, edge_brief):
    found = refused(edge_brief, catalog)
    assert found["ITL-1136"] == "holds GB300, the workload runs on B300"
    assert "ITA-464" not in found


def test_what_is_laid_by_the_metre_is_refused_for_what_keeps_it_away_only(catalog, edge_brief):
    laid = {m.sku for m in catalog.modules if m.stands == "per_metre"}
    assert laid
    assert not laid & set(refused(edge_brief, catalog))
    without = edge_brief.model_copy(
        update={"limits": edge_brief.limits.model_copy(update={"exclude": tuple(sorted(laid))})}
    )
    assert {refused(without, catalog)[sku] for sku in laid} == {"excluded by the brief"}


def test_a_voltage_above_what_the_switchgear_is_built_for(catalog, edge_brief):
    high = edge_brief.model_copy(update={"grid": edge_brief.grid.model_copy(update={"voltage_kv": 33.0})})
    lower = {m.sku for m in catalog.modules for g in m.gives if (g.voltage_max_kv or 99.0) < 33.0}
    assert lower
    found = refused(high, catalog)
    assert all("the site has 33 kV" in found[sku] for sku in lower)


def test_a_hot_site_keeps_away_most_coolers_of_the_shipped_catalog(catalog, edge_brief):
    site = edge_brief.site.model_copy(update={"design_dry_bulb_degc": 49.0, "altitude_m": 1900.0})
    hot = edge_brief.model_copy(update={"site": site})
    found, left = refused(hot, catalog), derated(hot, catalog)
    assert "49 °C dry bulb" in found["DRY-2900"]
    assert "49 °C dry bulb" in found["CHL-1500"]
    assert 0 < left["GEN-2000"].left < left["GEN-2000"].rated == 2000
    assert not set(found) & set(left)


@pytest.mark.parametrize("name", ["edge-2mw", "training-20mw", "inference-60mw"])
def test_nothing_that_a_stored_site_is_made_of_is_refused_there(catalog, name):
    plan = read_plan(LAYOUTS / name / "plan.json")
    found = refused(read_brief(LAYOUTS / name / "brief.toml"), catalog)
    assert not {e.sku for e in plan.connected.equipment} & set(found)


def explained(*arguments):
    command = [sys.executable, "-m", "prefab", "explain", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_command_lists_both(catalog, edge_brief):
    done = explained(LAYOUTS / "edge-2mw" / "brief.toml", "--modules")
    assert done.returncode == 0, done.stderr
    wanted = refused(edge_brief, catalog)
    assert done.stdout.startswith(f"{len(wanted)} of {len(catalog.modules)} modules may not stand here:\n")
    for sku, reason in wanted.items():
        assert any(line.split(maxsplit=1) == [sku, reason] for line in done.stdout.splitlines())
    below = done.stdout.partition("Derated here:\n")[2]
    for sku, d in derated(edge_brief, catalog).items():
        assert f"{sku}" in below
        assert f"{d.left:,.0f} of {d.rated:,.0f} {d.unit}: {d.reason}" in below


def test_command_gives_json_and_asks_for_no_site_that_fits(catalog, tmp_path):
    text = (LAYOUTS / "edge-2mw" / "brief.toml").read_text()
    path = tmp_path / "brief.toml"
    path.write_text(text.replace("capacity_mw = 4.5", "capacity_mw = 0.1"))
    done = explained(path, "--modules", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    brief = read_brief(path)
    assert said["modules"] == len(catalog.modules)
    assert {r["sku"]: r["reason"] for r in said["refused"]} == refused(brief, catalog)
    assert {d["sku"] for d in said["derated"]} == set(derated(brief, catalog))
    assert set(said["derated"][0]) == {"sku", "carrier", "left", "rated", "unit", "reason"}


def test_command_refuses_names_that_the_catalog_has_not(tmp_path):
    text = (LAYOUTS / "edge-2mw" / "brief.toml").read_text()
    path = tmp_path / "brief.toml"
    path.write_text(text.replace('climate = "frankfurt"', 'climate = "atlantis"'))
    done = explained(path, "--modules")
    assert done.returncode == 2
    assert "'atlantis' is not in the catalog" in done.stderr


def test_a_pod_that_no_demand_takes_says_why_of_each():
    split = [{"demand": "ask", "it_mw": 0.5}, {"demand": "learn", "it_mw": 0.5}]
    demand = [{"name": "ask", "workload": "chat", "pods": ["POD-1"]}, {"name": "learn", "workload": "chat"}]
    phases = [{"name": "One", "it_mw": 1.0, "split": split, "energised_by": date(2029, 12, 31)}]
    others = [
        POD.model_copy(update={"sku": sku, "it": POD.it.model_copy(update={"accelerator": name})})
        for sku, name in (("POD-1", "T1"), ("POD-2", "T2"))
    ]
    brief = at(it={"workload": None, "demand": demand}, phases=phases)
    found = refused(brief, with_modules(*others))
    assert found == {
        "POD-2": "ask: not among the brief's it.demand[0].pods (ask); learn: holds T2, the workload runs on T1"
    }
    excluded = brief.model_copy(update={"limits": brief.limits.model_copy(update={"exclude": ("POD-1", "POD-1000")})})
    found = refused(excluded, with_modules(*others))
    assert found["POD-1"] == "excluded by the brief"


def test_command_tells_what_only_early_phases_do_without(tmp_path):
    text = (LAYOUTS / "edge-2mw" / "brief.toml").read_text()
    ready = next(line for line in text.splitlines() if line.startswith("energised_by"))
    first = "energised_by = 2028-01-31"
    assert text.count("[[phases]]") == 1
    path = tmp_path / "brief.toml"
    path.write_text(text.replace(ready, f'{first}\n\n[[phases]]\nname = "Later"\nit_mw = 1\nenergised_by = 2030-12-31'))
    done = explained(path, "--modules")
    assert done.returncode == 0, done.stderr
    never, heading, early = done.stdout.partition(" may stand here, but not in the first phases yet:\n")
    assert heading
    assert "from phase Later on it may" in early
    assert "from phase" not in never
    said = json.loads(explained(path, "--modules", "--json").stdout)["refused"]
    assert {r["sku"] for r in said if r["early_phases_only"]} == {
        line.split()[0] for line in early.splitlines() if "from phase" in line
    }

"""Several IT demands in one brief: each in blocks of its own, each with its own tokens and share of the energy."""

from datetime import date
from pathlib import Path

import pytest
from test_lead_times import with_weeks

from prefab.brief import Phase, read_brief
from prefab.catalog import load_catalog
from prefab.connecting import make_connected
from prefab.design import make_plan
from prefab.errors import Impossible, InputError
from prefab.projection import make_projection
from prefab.rules import SUPPLY, it_load
from prefab.sizing import make_sized
from prefab.solver import QUICK

BRIEF = (Path(__file__).parents[1] / "examples" / "training-20mw.toml").read_text()
ONE = '[it]\nworkload = "llama31-405b-training-gb300"\n'
TWO = """[[it.demand]]
name = "training"
workload = "llama31-405b-training-gb300"

[[it.demand]]
name = "inference"
workload = "deepseek-r1-gb200"
"""
SPLIT = 'it_mw = 8\nsplit = [{ demand = "training", it_mw = 5 }, { demand = "inference", it_mw = 3 }]'


def a_brief(tmp_path, it=TWO, load=SPLIT, more=""):
    path = tmp_path / "brief.toml"
    assert ONE in BRIEF
    assert "it_mw = 20" in BRIEF
    text = BRIEF.replace(ONE, it).replace("it_mw = 20", load).replace("as_of", f"{more}\nas_of")
    path.write_text(text)
    return read_brief(path)


def a_plan(brief, catalog):
    sized = make_sized(brief, catalog, QUICK)
    return make_plan(brief, catalog, sized, make_connected(brief, catalog, sized))


@pytest.fixture(scope="module")
def catalog():
    return load_catalog()


@pytest.fixture(scope="module")
def plan(tmp_path_factory, catalog):
    return a_plan(a_brief(tmp_path_factory.mktemp("two")), catalog)


@pytest.mark.parametrize(
    ("it", "load", "message"),
    [
        (TWO, "it_mw = 8", "split: is missing; it says how many megawatts are for inference, training"),
        (TWO, SPLIT.replace("3 }", "4 }"), "must add up to it_mw, 8"),
        (
            TWO,
            SPLIT.replace('"inference"', '"storage"'),
            "'storage' is no demand of the brief; allowed: inference, training",
        ),
        (TWO, SPLIT.replace("inference", "training"), "split: 'training' is named twice; each demand at most once"),
        (TWO, 'it_mw = 8\nsplit = [{ demand = "training", it_mw = 8 }]', "inference: no phase has megawatts of it"),
        (ONE, SPLIT, "there is one demand"),
        (TWO.replace("inference", "training"), SPLIT, "every name must be different"),
        (ONE + TWO, SPLIT, "give either a workload"),
        ("[it]\n", "it_mw = 8", "give either a workload"),
    ],
)
def test_refuses_what_does_not_add_up(tmp_path, it, load, message):
    with pytest.raises(InputError, match=message):
        a_brief(tmp_path, it, load)


def test_every_demand_has_one_kind_of_block_with_pods_that_serve_it(plan):
    held = {k.demand: plan.module(k.pod).it.accelerator for k in plan.sized.kinds}
    assert held == {"training": "GB300", "inference": "GB200"}
    assert (plan.sized.status, plan.sized.gap_frac) == ("optimal", 0.0)
    given = dict.fromkeys(held, 0.0)
    for kind, counts in zip(plan.sized.kinds, plan.sized.blocks, strict=True):
        given[kind.demand] += counts[-1] * kind.pods * plan.module(kind.pod).it.sustained_kw
    assert given["training"] >= 5000
    assert given["inference"] >= 3000


def test_keeps_every_rule(plan):
    assert [f for rule in SUPPLY for f in rule.check(plan) if not f.kept] == []


def test_two_demands_cost_at_least_as_much_as_each_alone_and_share_the_plant(tmp_path, plan, catalog):
    one_kind, loads = "limits = { block_kinds = 1 }", (("llama31-405b-training-gb300", 5), ("deepseek-r1-gb200", 3))
    briefs = [a_brief(tmp_path, f'[it]\nworkload = "{key}"\n', f"it_mw = {mw}", one_kind) for key, mw in loads]
    alone = [make_sized(brief, catalog, QUICK).objective_usd for brief in briefs]
    assert max(alone) < plan.sized.objective_usd < sum(alone)


def test_load_of_one_demand_is_no_load_of_the_other(plan):
    """The same pods, said to serve the other demand."""
    renamed = {"training": "inference", "inference": "training"}
    kinds = tuple(k.model_copy(update={"demand": renamed[k.demand]}) for k in plan.sized.kinds)
    swapped = plan.model_copy(update={"sized": plan.sized.model_copy(update={"kinds": kinds})})
    assert not all(f.kept for f in it_load.check(swapped))
    more = plan.brief.phases[0].model_copy(
        update={"split": tuple(p.model_copy(update={"it_mw": 9 - p.it_mw}) for p in plan.brief.phases[0].split)}
    )
    other = plan.model_copy(update={"brief": plan.brief.model_copy(update={"phases": (more,)})})
    assert [f.kept for f in it_load.check(other) if f.unit == "kW"] == [True, False]


def test_cards_in_another_order_than_their_demands_are_refused(plan):
    it = plan.brief.it
    exchanged = it.model_copy(update={"demand": it.demand[::-1]})
    damaged = plan.model_copy(update={"brief": plan.brief.model_copy(update={"it": exchanged})})
    assert {f.rule for rule in SUPPLY for f in rule.check(damaged) if not f.kept} == {it_load.RULE}
    twice = plan.model_copy(update={"further_workloads": (*plan.further_workloads, plan.workload)})
    assert {f.rule for rule in SUPPLY for f in rule.check(twice) if not f.kept} == {it_load.RULE}


def test_tokens_are_those_of_each_demand_and_the_energy_is_shared_out_whole(plan):
    projection = make_projection(plan)
    training, inference = projection.yields
    assert training.energy_frac + inference.energy_frac == pytest.approx(1)
    assert 0.5 < training.energy_frac < 0.8
    for y in projection.yields:
        site_mtok = y.energy_frac * projection.site_mwh * 1000 / y.mtok.base
        assert y.tokenergy_kwh_per_mtok.base == pytest.approx(site_mtok)
    assert projection.mtok == training.mtok
    assert sum(step.kwh_per_mtok for step in projection.waterfall) == pytest.approx(projection.b3_kwh_per_mtok)
    # Without the blocks of the other demand the tokens stay the same and the energy is what fell to these.
    last = plan.sized.kinds.index(next(k for k in plan.sized.kinds if k.demand == "inference"))
    counts = tuple((0,) if n == last else c for n, c in enumerate(plan.sized.blocks))
    alone = plan.model_copy(update={"further_workloads": (), "sized": plan.sized.model_copy(update={"blocks": counts})})
    left = make_projection(alone)
    assert left.mtok.base == pytest.approx(training.mtok.base)
    assert left.site_mwh == pytest.approx(training.energy_frac * projection.site_mwh, rel=0.02)


def test_no_pods_for_one_demand_is_said_with_its_name(tmp_path, catalog):
    brief = a_brief(tmp_path, more="limits = { exclude = [" + ", ".join(f'"{s}"' for s in _gb200(catalog)) + "] }")
    with pytest.raises(Impossible, match="none may stand here for inference"):
        make_sized(brief, catalog, QUICK)


def _gb200(catalog):
    return [m.sku for m in catalog.modules if m.it and m.it.accelerator == "GB200"]


def test_unknown_names_are_reported_by_demand(tmp_path, catalog):
    with pytest.raises(InputError, match=r"it\.demand\[1\]\.workload: 'nothing'"):
        make_sized(a_brief(tmp_path, TWO.replace("deepseek-r1-gb200", "nothing")), catalog, QUICK)


def test_fabric_of_the_brief_is_bought_drawn_and_checked(tmp_path, catalog):
    plans = [a_plan(a_brief(tmp_path, ONE, "it_mw = 8", f"fabric_frac = {f}"), catalog) for f in (0.02, 0.06)]
    for plan in plans:
        assert [f for rule in SUPPLY for f in rule.check(plan) if not f.kept] == []
    few, many = ([e for e in p.connected.equipment if e.carrier == "fabric"] for p in plans)
    assert 0 < len(few) < len(many)
    less, more = (make_projection(p) for p in plans)
    counted = zip(plans[0].sized.kinds, plans[0].sized.blocks, strict=True)
    racks_kw = sum(kind.pods * n[-1] * plans[0].module(kind.pod).it.measured_kw for kind, n in counted)
    assert more.it_mwh > less.it_mwh > 0.9 * racks_kw * 8760 / 1000


@pytest.mark.parametrize("cooling", ["N", "N+1", "N+2", "2N", "2(N+1)"])
def test_without_fabric_no_room_is_bought_for_it(tmp_path, catalog, cooling):
    brief = a_brief(tmp_path, ONE, "it_mw = 8", "fabric_frac = 0.0")
    asked = brief.redundancy.model_copy(update={"cooling": cooling})
    plan = a_plan(brief.model_copy(update={"redundancy": asked}), catalog)
    assert [f for rule in SUPPLY for f in rule.check(plan) if not f.kept] == []
    assert [e.tag for e in plan.connected.equipment if e.carrier == "fabric"] == []


def test_supply_of_a_demand_that_begins_later_may_come_later(tmp_path, catalog):
    # Direct current serves only the second demand, which begins with the second phase.
    power = {m.sku for m in catalog.modules if m.given("critical_dc800")}
    it = TWO.replace('"deepseek-r1-gb200"', '"deepseek-r1-vr200"\npods = ["ITV-2300"]')
    brief = a_brief(tmp_path, it)
    ends = (brief.phases[0].energised_by, date(2032, 12, 31))
    phases = (
        Phase(name=part.demand, it_mw=part.it_mw, split=(part,), energised_by=end)
        for part, end in zip(brief.phases[0].split, ends, strict=True)
    )
    brief = brief.model_copy(update={"phases": tuple(phases)})
    late = _with_lead_weeks(catalog, power, 190.0)
    found = make_sized(brief, late, QUICK)
    assert found.status == "optimal"
    assert {g.sku for k in found.kinds if k.demand == "inference" for g in k.groups} & power
    with pytest.raises(Impossible, match="no module may give it here"):
        make_sized(brief, _with_lead_weeks(catalog, power, 400.0), QUICK)


def _with_lead_weeks(catalog, skus, lead_weeks):
    modules = (with_weeks(m, lead_weeks) if m.sku in skus else m for m in catalog.modules)
    return catalog.model_copy(update={"modules": tuple(modules)})

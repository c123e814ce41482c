"""What the search for a layout takes neighbours to hear is what the rule finds, and layouts keep quiet."""

from random import Random

import pytest
from build import a_module
from land import placed_plan

from prefab.errors import OutOfBudget
from prefab.lots import Standing
from prefab.placing import make_placed
from prefab.quiet import Quiet
from prefab.rules import boundary, clearance, noise, road_access
from prefab.site import Receptor

CARRIERS = ("heat_rejection", "standby_mv", "facility_water")


def random_plan(pick):
    stands, turned = {}, []
    for n in range(pick.randint(1, 12)):
        gives = [{"carrier": pick.choice(CARRIERS), "capacity_kw": 1000}]
        loud = pick.choice([None, *(pick.uniform(70, 115) for _ in range(4))])
        sku, tag = f"MOD-{n}", f"MOD-{n:02d}"
        stands[tag] = (
            a_module(sku, "pump", gives=gives, sound_power_dba=loud),
            pick.randrange(110_000),
            pick.randrange(110_000),
        )
        turned += [tag] * pick.randint(0, 1)
    receptors = [
        {
            "name": f"R{n}",
            "at_m": [pick.uniform(-200, 300), pick.uniform(-200, 300)],
            "day_dba": pick.uniform(30, 70),
            "night_dba": pick.uniform(30, 70),
            "test_dba": pick.uniform(30, 70),
            "emergency_dba": pick.uniform(30, 70),
        }
        for n in range(3)
    ]
    site = {"receptor": receptors, "night_quieter_db": pick.choice([0.0, 7.5])}
    return placed_plan(stands, turned, site=site)


@pytest.mark.parametrize("seed", range(25))
def test_as_the_rule(seed):
    plan = random_plan(Random(seed))
    modules = {m.sku: m for m in plan.modules}
    at = {e.tag: e for e in plan.connected.equipment}
    lots = []
    for p in plan.placed.positions:
        m = modules[at[p.tag].sku]
        along, across = (m.width_mm, m.length_mm) if p.turned else (m.length_mm, m.width_mm)
        rect = (p.x_mm, p.y_mm, p.x_mm + along, p.y_mm + across)
        lots.append(Standing(p.tag, "", (p.tag,), rect, ((rect, p.turned),)))
    quiet = Quiet(plan.brief.site, modules, plan.connected.equipment)
    findings = {(f.where, f.limit): f for f in noise.check(plan)}
    assert len(findings) == 12
    heard = quiet.heard(lots)
    for h in heard:
        assert max(0.0, h.level_dba) == pytest.approx(findings.pop((h.receptor, h.limit_dba)).actual, abs=1e-9)
    assert all(f.actual == 0.0 for f in findings.values())  # silence
    too_loud = sum(max(0.0, h.level_dba - h.limit_dba) for h in heard)
    assert quiet.excess_db(lots) == pytest.approx(too_loud)
    assert (too_loud == 0) == all(f.kept for f in noise.check(plan))


def test_rectangles_are_searched_for_quiet_too_and_say_where_there_is_none(edge_plan):
    modules = {m.sku: m for m in edge_plan.modules}

    def placed(at_m, limit):
        receptor = Receptor(name="Farm", at_m=at_m, day_dba=limit)
        more = {"width_m": 160.0, "depth_m": 140.0, "receptor": (receptor,)}
        brief = edge_plan.brief.model_copy(update={"site": edge_plan.brief.site.model_copy(update=more)})
        found = make_placed(brief, edge_plan.basis, modules, edge_plan.connected.equipment)
        return edge_plan.model_copy(update={"brief": brief, "placed": found})

    (loud,) = noise.check(placed((250.0, 20.0), 120.0))
    plan = placed((250.0, 20.0), loud.actual - 0.5)
    assert all(f.kept for rule in (noise, boundary, clearance, road_access) for f in rule.check(plan))
    with pytest.raises(OutOfBudget, match=r"the quietest layout found is heard with .* by day at Farm; 20 is"):
        placed((250.0, 20.0), 20.0)

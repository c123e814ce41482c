"""Storage duties at whole sites of many kinds: every plan keeps every supply rule, and no bound refuses one."""

from bisect import bisect_right
from dataclasses import replace
from pathlib import Path

import pytest

from prefab.brief import SiteBrief, read_brief
from prefab.candidates import candidates_of
from prefab.connecting import make_connected
from prefab.design import make_plan
from prefab.duties import Duties
from prefab.errors import Impossible, InputError, OutOfBudget
from prefab.physics.duties import nameplate_kwh
from prefab.plan import Plan
from prefab.problem import Problem, make_problem
from prefab.rules import HOOKS, SUPPLY
from prefab.sizing import make_sized
from prefab.solver import QUICK
from prefab.tables import validate

LAYOUT = Path(__file__).parents[1] / "layouts" / "training-20mw" / "brief.toml"
TRAINING = ("deepseek-v3-training-gb300", "llama31-405b-training-gb200", "llama31-405b-training-gb300")
CAPACITORS = ["CAP-020", "CAP-420"]
UPS = ["GUP-1250", "GUP-2500"]
PLAIN = {"power_mw": 0.0, "duration_h": 0.0}


def a_brief(it_mw: float, phases: int = 1, workloads: tuple[str, ...] = TRAINING[1:2], **sections: dict) -> SiteBrief:
    """A site at 20 kV without generating sets; several workloads share the load evenly."""
    tree = read_brief(LAYOUT).model_dump(mode="json")
    named = [{"name": f"P{n}", "it_mw": it_mw / phases, "energised_by": f"{2032 + n}-06-30"} for n in range(phases)]
    tree |= {"phases": named, "it": {"workload": workloads[0]}, "storage": PLAIN}
    if len(workloads) > 1:
        tree["it"] = {"demand": [{"name": f"d{n}", "workload": w} for n, w in enumerate(workloads)]}
        for phase in named:
            share = it_mw / phases / len(workloads)
            phase["split"] = [{"demand": f"d{n}", "it_mw": share} for n in range(len(workloads))]
    tree["redundancy"] = {"power": "N+1", "cooling": "N", "intake": "N"}
    tree["autonomy"] = {"ups_min": 5, "generator_h": 0}
    tree["grid"] = {"capacity_mw": 3 * it_mw, "voltage_kv": 20, "tariff": "de-wholesale"}
    for name, section in sections.items():
        tree[name] = tree.get(name, {}) | section
    return validate(tree, SiteBrief, "drawn")


def a_plan(brief: SiteBrief, catalog) -> Plan:
    sized = make_sized(brief, catalog, QUICK)
    return make_plan(brief, catalog, sized, make_connected(brief, catalog, sized))


def broken(plan: Plan) -> list[str]:
    return [str(f) for rule in SUPPLY for f in rule.check(plan) if f.kept is False]


FOUND = {
    # Swings are thought larger than they are, by losses on the way: what storage takes up is never more than there is.
    "batteries alone take up every swing": a_brief(
        8, 2, redundancy={"power": "2N"}, grid={"swing_mw": 0.0}, limits={"exclude": CAPACITORS + UPS}
    ),
    # The job starts again while storage still recharges from its end.
    "UPS and batteries on a slow ramp": a_brief(
        15, redundancy={"power": "N"}, autonomy={"ups_min": 3}, grid={"ramp_mw_per_min": 3.0, "swing_mw": 2.0}
    ),
    "a ramp as slow as the pause": a_brief(2, grid={"ramp_mw_per_min": 0.2}),
    # What is fast is taken up, what is slow is left, or the other way round.
    "two rhythms, one of which the grid may see": a_brief(
        12, workloads=TRAINING[:2], grid={"swing_mw": 3.0}, limits={"exclude": CAPACITORS + UPS}
    ),
    # Of every job a part stays in the storage, which takes longer to give it back than the next one comes.
    "a ramp slower than the pause between two jobs": a_brief(
        8, grid={"ramp_mw_per_min": 0.25}, limits={"exclude": UPS}
    ),
    # Held down for the worst situation, and charged below that level: the connection's own room is no use.
    "hours of a peak beside others nearly as high": a_brief(
        2, redundancy={"power": "2N"}, grid={"capacity_mw": 2.5}, limits={"exclude": CAPACITORS + UPS},
        storage={"shaving": {"allowed": True, "peak_h": 0.5, "rest_frac": 0.9}},
    ),
    "a connection that no peak comes near": a_brief(
        2, grid={"capacity_mw": 1e6, "swing_mw": 0.2},
        storage={"shaving": {"allowed": True, "peak_h": 23.9, "rest_frac": 0.99}},
    ),
    # What its rectifiers' own transformers lose makes a swing larger on the medium voltage.
    "swings behind 800 V direct current": a_brief(
        8, workloads=TRAINING[2:], it={"pods": ["ITV-2300"]}, grid={"swing_mw": 0.2, "ramp_mw_per_min": 2.0},
        limits={"exclude": CAPACITORS + UPS},
    ),
    "a demand that swings beside one that does not": a_brief(
        10, 2, workloads=(TRAINING[2], "deepseek-r1-gb200"), grid={"swing_mw": 0.5, "ramp_mw_per_min": 2.0}
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FOUND)
def test_every_supply_rule_is_kept(name, catalog):
    plan = a_plan(FOUND[name], catalog)
    assert plan.sized.storage
    assert broken(plan) == []


def test_storage_without_end_is_refused_and_counted_in_coarser_parts(catalog):
    """Rows of the master once grew beyond what its solver takes, which was called a bug of the program."""
    slow = a_brief(2, grid={"ramp_mw_per_min": 1e-5})
    ask = make_problem(slow, catalog, HOOKS).storage
    assert ask.most_wh > 5e9
    assert ask.parts < make_problem(a_brief(2, grid={"ramp_mw_per_min": 1.0}), catalog, HOOKS).storage.parts
    with pytest.raises((Impossible, OutOfBudget)):
        make_sized(slow, catalog, QUICK)
    with pytest.raises(InputError, match=r"GWh of batteries, more than can be counted; a faster grid.ramp_mw_per_min"):
        make_sized(a_brief(2, grid={"ramp_mw_per_min": 1e-12}), catalog, QUICK)


def test_s17_hours_above_the_connection_through_the_sizing(catalog):
    """4 MW for 3 h are 12 MWh given, and more by losses, window and age on the nameplate: so for what is shaved."""
    free = a_plan(a_brief(8, redundancy={"power": "N"}), catalog)
    drawn_mw = max(f.actual for rule in SUPPLY for f in rule.check(free) if f.rule == "grid_limit") / 1000
    brief = a_brief(
        8,
        redundancy={"power": "N"},
        grid={"capacity_mw": round(0.8 * drawn_mw, 3)},
        storage={"shaving": {"allowed": True, "peak_h": 3.0, "rest_frac": 0.7}},
        limits={"exclude": CAPACITORS + UPS},
    )
    plan = a_plan(brief, catalog)
    assert broken(plan) == []
    (shaved,) = (s for s in plan.sized.storage if s.duty == "shaving")
    taken_kw = sum(s.relief_kw for s in plan.sized.storage)
    assert taken_kw / 1000 == pytest.approx(0.2 * drawn_mw, rel=0.05)
    assert shaved.energy_kwh == pytest.approx(12 / 4 * shaved.relief_kw)
    module = next(m for m in catalog.modules if m.sku == shaved.sku)
    battery = module.grid_battery
    assert battery is not None
    stands = sum(p.per_side[-1] for p in plan.sized.plant if p.sku == shaved.sku)
    usable_frac = (battery.soc_max_frac - battery.soc_min_frac) * battery.end_of_life_frac
    nameplate = nameplate_kwh(shaved.energy_kwh, battery.round_trip_frac**0.5, usable_frac)
    assert nameplate > 12 / 4 * shaved.relief_kw
    assert nameplate <= stands * battery.energy_kwh
    assert (stands - 1) * battery.power_kw < taken_kw or (stands - 1) * battery.energy_kwh < nameplate


def test_slower_ramps_ask_for_more(catalog):
    def ramp_h(limit: float) -> float:
        return Duties(a_brief(8, grid={"ramp_mw_per_min": limit}), catalog).ramp_h(7000.0, 0.02, 0.45)

    limits = [10.0 * 0.97**n for n in range(400)]
    hours = [ramp_h(limit) for limit in limits]
    assert hours == sorted(hours)


def test_a_peak_below_the_sites_own_is_kept_by_relief_that_is_there(catalog):
    """At two thirds of what swings can spare: the batteries' part of the losses on the way is no relief."""
    free = a_plan(a_brief(8, redundancy={"power": "2N"}), catalog)
    drawn_mw = max(f.actual for rule in SUPPLY for f in rule.check(free) if f.rule == "grid_limit") / 1000
    limited = a_brief(
        8,
        redundancy={"power": "2N"},
        grid={"capacity_mw": round(drawn_mw - 0.5, 3)},
        storage={"shaving": {"allowed": True}},
    )
    plan = a_plan(limited, catalog)
    assert broken(plan) == []
    assert sum(s.relief_kw for s in plan.sized.storage) > 0
    with pytest.raises(Impossible):
        make_sized(limited.model_copy(update={"storage": free.brief.storage}), catalog, QUICK)


def test_bounds_of_three_demands_count_what_storage_takes_off_the_peak(catalog):
    """As those of two do: at the first connection that is refused without storage it is not refused with it."""
    asked = {"workloads": TRAINING, "redundancy": {"power": "N"}, "limits": {"pods_per_block": 1}}
    shaved = a_brief(9, **asked, storage={"shaving": {"allowed": True}})
    bare, relieved = (make_problem(brief, catalog, HOOKS) for brief in (a_brief(9, **asked), shaved))
    refused_w = 100_000 * bisect_right(range(90, 250), x=-1, key=lambda n: -refuses(bare, 100_000 * n)) + 8_900_000
    assert refuses(bare, refused_w)
    assert not refuses(relieved, refused_w)
    assert refuses(relieved, round(0.8 * refused_w))


def refuses(problem: Problem, grid_w: int) -> bool:
    """Whether bounds show that a connection is too small."""
    return candidates_of(replace(problem, grid_w=grid_w)).refuses()


def test_more_to_choose_from_is_never_dearer(catalog):
    """Ways of one block to hold storage once filled the first master: with capacitors a site was a tenth dearer."""
    asked = {"ramp_mw_per_min": 2.0, "swing_mw": 0.5}
    free, bare = (
        make_sized(a_brief(8, grid=asked, limits={"exclude": gone}), catalog, QUICK) for gone in ([], CAPACITORS)
    )
    assert free.objective_usd <= bare.objective_usd

"""Two sides of sizing: what the columns admit the checks keep, and nothing in a column could be left out."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from build import CDU, CHL, CTL, DRY, FWU, GEN, MODULES, MVS, PMP, UPS, a_brief, a_catalog, a_module
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prefab.columns import make_columns
from prefab.connecting import make_connected
from prefab.design import make_plan
from prefab.dominance import telling
from prefab.errors import AuditError
from prefab.fronts import Front, Key, chosen, merged
from prefab.plan import BlockKind, Plant, Sized
from prefab.rules import HOOKS, bus_limit, contingencies, feeds, liquid_flow, supply_temperature, ups_autonomy

BLOCK_RULES = (feeds, contingencies, supply_temperature, liquid_flow, bus_limit, ups_autonomy)


def block_alone(brief, catalog, column):
    """The plan of one block of a column with plant in plenty."""
    sized = Sized(
        kinds=(BlockKind(name="a", pod=column.pod, pods=column.pods, groups=column.groups),),
        blocks=((1,),),
        plant=(
            Plant(carrier="mv_ac", sku="MVS-10", sides=2, per_side=(1,)),
            Plant(carrier="standby_mv", sku="GEN-2000", per_side=(9,)),
            Plant(carrier="fuel", sku="FTK-030", per_side=(9,)),
        ),
        intakes=(1,),
        status="feasible",
        objective_usd=0,
        bound_usd=0,
        parameters="",
    )
    return make_plan(brief, catalog, sized, make_connected(brief, catalog, sized))


def faults(plan):
    return [f for rule in BLOCK_RULES for f in rule.check(plan) if not f.kept]


def resized(module, capacity_kw):
    return module.model_copy(
        update={"gives": (module.gives[0].model_copy(update={"capacity_kw": capacity_kw}), *module.gives[1:])}
    )


# Half of the capacities lie within 2 % of a whole share of the load they meet.
near = st.builds(lambda n, off: 1 / n * (1 + off), st.integers(1, 3), st.floats(-0.02, 0.02))
anywhere = st.floats(0.3, 1.5)
share = st.one_of(near, anywhere)
levels = st.sampled_from(["N", "N+1", "2N"])


@st.composite
def cases(draw):
    pods = draw(st.integers(1, 2))
    load = {"coolant": 800.0 * pods, "air": 200.0 * pods, "warm": 808.0 * pods, "cold": 210.0 * pods}
    modules = [
        resized(CDU, draw(share) * load["coolant"]),
        resized(FWU, draw(share) * load["air"]),
        resized(PMP, draw(share) * load["warm"]),
        resized(DRY, draw(share) * load["warm"]),
        resized(CHL, draw(share) * load["cold"]),
        resized(UPS, draw(share) * 1130.0 * pods),
    ]
    power, cooling, control = draw(levels), draw(levels), draw(st.sampled_from(["N", "2N"]))
    others = [m for m in MODULES if m.sku not in {x.sku for x in modules}]
    brief = a_brief(
        redundancy={"power": power, "cooling": cooling, "control": control},
        phases=[{"name": "One", "it_mw": 1.0 * pods, "energised_by": "2029-12-31"}],
        grid={"capacity_mw": 8.0, "voltage_kv": 20.0, "tariff": "flat"},
        autonomy={"ups_min": draw(st.sampled_from([0.0, 4.0, 8.0])), "generator_h": 24.0},
        limits={"pods_per_block": pods},
    )
    return brief, a_catalog((*modules, *others))


seen = {"kept": 0, "trimmed": 0}


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(cases())
def test_every_column_is_kept_by_the_checks(case):
    brief, catalog = case
    for column in make_columns(brief, catalog, HOOKS):
        assert faults(block_alone(brief, catalog, column)) == []
        seen["kept"] += 1


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(cases())
def test_no_group_of_a_column_has_a_module_too_many(case):
    brief, catalog = case
    for column in make_columns(brief, catalog, HOOKS):
        for i, group in enumerate(column.groups):
            if group.carrier == "heat_rejection":
                continue  # one unit more than needed is offered, for its fans turn slower
            if group.unit_for is not None or any(g.unit_for == group.carrier for g in column.groups):
                continue  # a unit and its consumer only go together; that pair is covered by the brute force
            fewer = group.per_side - 1
            groups = list(column.groups)
            if fewer == 0:
                del groups[i]
            else:
                groups[i] = group.model_copy(update={"per_side": fewer})
            try:
                plan = block_alone(brief, catalog, replace(column, groups=tuple(groups)))
            except AuditError:
                continue  # nothing left to feed from
            seen["trimmed"] += 1
            assert faults(plan), f"{group.sku}: {fewer} would do in {column.name}"


def test_columns_were_seen():
    # Run alone (or on another worker) this test makes its own cases.
    if not seen["kept"]:
        test_every_column_is_kept_by_the_checks()
    if not seen["trimmed"]:
        test_no_group_of_a_column_has_a_module_too_many()
    assert seen["kept"] >= 20
    assert seen["trimmed"] >= 50


def test_default_column_serves_every_carrier():
    columns = make_columns(a_brief(), a_catalog(), HOOKS)
    assert columns
    assert {g.carrier for g in columns[0].groups} == {
        "coolant", "air_cooling", "facility_water", "heat_rejection", "control", "critical_ac", "lv_ac",
    }  # fmt: skip


def test_hand_made_block_is_what_the_columns_find():
    columns = make_columns(a_brief(), a_catalog(), HOOKS)
    with_both_loops = [c for c in columns if sum(g.carrier == "facility_water" for g in c.groups) == 2]
    column = min(with_both_loops, key=lambda c: c.modules)
    found = {(g.sku, g.supply_degc, g.unit_for): (g.sides, g.per_side) for g in column.groups}
    assert found == {
        ("CDU-500", 40.0, None): (1, 3),
        ("FWU-150", None, None): (1, 3),
        ("PMP-1000", 36.0, None): (1, 2),
        ("PMP-1000", 20.0, None): (1, 2),
        ("DRY-1000", 36.0, None): (1, 2),
        ("CHL-400", 20.0, None): (1, 2),
        ("CTL-20", None, None): (2, 1),
        ("UPS-800", None, None): (1, 3),
        ("TRF-1000", None, "critical_ac"): (1, 3),
        ("TRF-1000", None, None): (2, 1),
    }


def test_dearer_twin_is_dropped():
    twin = a_module(
        "CDU-501", "cdu", price_usd=CDU.price_usd + 1, prefix="CDU",
        **{k: v for k, v in CDU.model_dump(mode="json").items() if k in ("gives", "needs", "stands", "bay")},
    )  # fmt: skip
    with_twin = make_columns(a_brief(), a_catalog((*MODULES, twin)), HOOKS)
    assert [c.groups for c in with_twin] == [c.groups for c in make_columns(a_brief(), a_catalog(), HOOKS)]


@pytest.mark.parametrize("missing", [CDU, FWU, PMP, UPS, CTL])
def test_no_column_without_a_needed_family(missing):
    kept = tuple(m for m in MODULES if m is not missing)
    assert make_columns(a_brief(), a_catalog(kept), HOOKS) == ()


def several_ways():
    """Up to three pods a block, and for most of what they need a smaller module that is cheaper per kilowatt."""
    brief = a_brief(limits={"pods_per_block": 3}, phases=[{"name": "One", "it_mw": 3.0, "energised_by": "2029-12-31"}])
    rivals = []
    for module in (CDU, FWU, PMP, UPS, DRY, CHL):
        price = module.price.model_copy(update={"amount": module.price.amount * 0.55})
        smaller = resized(module, 0.6 * module.gives[0].capacity_kw)
        rivals.append(smaller.model_copy(update={"sku": f"{module.sku}-S", "price": price}))
    return brief, a_catalog((*MODULES, *rivals))


def test_columns_do_not_depend_on_how_many_blocks_are_compared_at_a_time(monkeypatch):
    whole = make_columns(*several_ways(), HOOKS)
    assert len(whole) > 10
    for at_once, few in ((1, 0), (2, 1), (7, 0), (7, 1000)):
        monkeypatch.setattr("prefab.dominance._AT_ONCE", at_once)
        monkeypatch.setattr("prefab.dominance._FEW", few)
        assert make_columns(*several_ways(), HOOKS) == whole


@pytest.mark.parametrize("power", ["N", "N+1", "2N", "2(N+1)", "3N/2", "catcher"])
def test_columns_are_the_same_with_every_situation_kept(monkeypatch, catalog, edge_brief, power):
    asked = edge_brief.redundancy.model_copy(update={"power": power})
    sites = [several_ways(), (edge_brief.model_copy(update={"redundancy": asked}), catalog)]
    without_them = [make_columns(*site, HOOKS) for site in sites]
    monkeypatch.setattr("prefab.block_walk.telling", list)
    assert [make_columns(*site, HOOKS) for site in sites] == without_them


def a_front(*rows):
    """Rows of loads, each by key and situation."""
    loads, numbers = np.array(rows, dtype=np.float64), np.arange(len(rows))
    nothing = np.zeros((len(rows), 0))
    groups = chosen([()] * len(rows), len(rows))
    return Front((Key("a"), Key("b")), loads, np.zeros(len(rows)), nothing, nothing, groups, numbers, numbers)


def test_situations_that_tell_nothing():
    covered = [[5, 9, 7, 9], [5, 6, 4, 6]]  # the second and the last are equal and ask most of both
    normal_covers = [[5, 4, 5, 5], [6, 6, 3, 6]]
    apart = [[5, 9, 1, 2], [5, 1, 9, 2]]
    each = telling([a_front(covered), a_front(normal_covers), a_front(apart), a_front([[5], [6]])])
    assert [front.loads_kw.tolist() for front in each] == [
        [[[5, 9], [5, 6]]],
        [[[5], [6]]],
        [[[5, 9, 1], [5, 1, 9]]],
        [[[5], [6]]],
    ]
    (together,) = telling([a_front(covered, normal_covers, apart)])
    assert together.loads_kw.tolist() == [[[5, 9, 9], [5, 6, 6]], [[5, 5, 5], [6, 6, 6]], [[5, 9, 1], [5, 1, 9]]]


def test_fronts_with_fewer_situations_are_merged_with_their_last_one_again():
    one, other = a_front([[5, 9, 1], [5, 1, 9]]), a_front([[4, 7], [4, 7]])
    (both,) = merged([one, replace(other, place=other.place + 1)])
    assert both.loads_kw.tolist() == [[[5, 9, 1], [5, 1, 9]], [[4, 7, 7], [4, 7, 7]]]


def test_no_column_is_undercut_by_another_of_the_same_pods():
    columns = make_columns(*several_ways(), HOOKS)
    for one, other in permutations(columns, 2):
        if one.pods == other.pods and dict(one.services).keys() == dict(other.services).keys():
            pairs = zip(
                (one.cost_usd, one.mv_kw, one.mv_worst_kw, *dict(one.services).values()),
                (other.cost_usd, other.mv_kw, other.mv_worst_kw, *dict(other.services).values()),
                strict=True,
            )
            assert not all(a <= b for a, b in pairs), f"{one.name} undercuts {other.name}"


def test_site_plant_is_no_part_of_a_column():
    column = make_columns(a_brief(), a_catalog(), HOOKS)[0]
    assert not {g.sku for g in column.groups} & {MVS.sku, GEN.sku}

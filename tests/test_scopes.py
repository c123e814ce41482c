"""Coolant and cooled air of each pod's own: what is sized so, against checks, brute force and arithmetic by hand."""

import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from build import CARRIERS, CDU, FTK, FWU, GEN, MODULES, MVS, POD, TRF, _carrier, a_brief, a_catalog, a_module
from test_columns import block_alone, faults, resized

from prefab.columns import make_columns
from prefab.errors import AuditError, InputError
from prefab.module import Losses
from prefab.problem import make_problem
from prefab.product import Bays
from prefab.rules import HOOKS
from prefab.rules.walk import walk
from prefab.tables import validate

BOTH = ("coolant", "air_cooling")
LEVELS = ("N", "N+1", "N+2", "2N", "2(N+1)")


def scoped(*carriers, pods=2, cooling="N+1", power="N+1", **more):
    """A brief of so many pods in one block at the most, of which each has its own of some carriers."""
    scope = dict.fromkeys(BOTH, "block") | dict.fromkeys(carriers, "pod")
    return a_brief(
        redundancy={"power": power, "cooling": cooling, "scope": scope},
        phases=[{"name": "One", "it_mw": 1.0 * pods, "energised_by": "2029-12-31"}],
        grid={"capacity_mw": 20.0},
        limits={"pods_per_block": pods},
        **more,
    )


def columns_of(brief, catalog, pods):
    return [c for c in make_columns(brief, catalog, HOOKS) if c.pods == pods]


def groups_of(column, carrier):
    return [(g.sides, g.per_side, g.cells) for g in column.groups if g.carrier == carrier]


# the trap: what is enough for the block is not enough for each of its pods -------------------------------------------

ONE_AND_A_HALF = resized(CDU, 534.0)
"""A pod of 800 kW of liquid heat needs one and a half of them: two pods three, or each of them two."""
OF_ONE_AND_A_HALF = a_catalog((*(m for m in MODULES if m is not CDU), ONE_AND_A_HALF))


@pytest.mark.parametrize(
    ("level", "of_block", "of_pods"),
    [
        ("N", (1, 3, 1), (1, 2, 2)),
        ("N+1", (1, 4, 1), (1, 3, 2)),
        ("N+2", (1, 5, 1), (1, 4, 2)),
        ("2N", (2, 3, 1), (2, 2, 2)),
        ("2(N+1)", (2, 4, 1), (2, 3, 2)),
    ],
)
def test_each_pod_is_rounded_up_and_has_its_own_spare(level, of_block, of_pods):
    for carriers, wanted in (((), of_block), (("coolant",), of_pods)):
        brief = scoped(*carriers, cooling=level)
        found = columns_of(brief, OF_ONE_AND_A_HALF, 2)
        assert {tuple(groups_of(c, "coolant")) for c in found} == {(wanted,)}
        for column in found:
            assert faults(block_alone(brief, OF_ONE_AND_A_HALF, column)) == []
            fewer = tuple(
                g.model_copy(update={"per_side": g.per_side - 1}) if g.carrier == "coolant" else g
                for g in column.groups
            )
            broken = faults(block_alone(brief, OF_ONE_AND_A_HALF, replace(column, groups=fewer)))
            assert {f.rule for f in broken} == {"contingencies"}, "of each pod one less is too few"


def test_only_what_is_asked_for_is_a_pods_own():
    for carriers in ((), ("coolant",), ("air_cooling",), BOTH):
        for column in columns_of(scoped(*carriers), a_catalog(), 2):
            assert {g.carrier for g in column.groups if g.cells > 1} == set(carriers)
            assert all(g.cells in (1, 2) for g in column.groups)


def test_a_block_of_one_pod_is_the_same_in_both_scopes():
    for level in LEVELS:
        one, other = (make_columns(scoped(*c, pods=1, cooling=level), a_catalog(), HOOKS) for c in ((), BOTH))
        assert one == other


# what the columns admit the checks keep, and nothing could be left out -----------------------------------------------

CURVE = {"points": [[0, 2], [0.25, 4], [0.5, 8], [0.75, 15], [1, 25]]}
LOSSY = validate(CURVE, Losses, "losses")
CASES = 24
SHARED = ("3N/2", "catcher")


def share(pick):
    """Half of the capacities lie within 2 % of a whole share of a pod's load."""
    return pick.uniform(0.98, 1.02) / pick.randint(1, 3) if pick.random() < 0.5 else pick.uniform(0.3, 1.5)


def a_case(seed):
    """Two or three pods with coolant, air or both of their own."""
    pick = random.Random(f"own {seed}")
    pods = pick.choice([2, 2, 3])
    changed = [resized(CDU, share(pick) * 800.0), resized(FWU, share(pick) * 200.0)]
    if pick.random() < 0.5:
        changed[0] = changed[0].model_copy(update={"losses": LOSSY})
    others = [m for m in MODULES if m.sku not in {x.sku for x in changed}]
    carriers = pick.choice([("coolant",), ("air_cooling",), BOTH])
    power = pick.choice(["N", "N+1", "2N", *SHARED])
    return scoped(*carriers, pods=pods, cooling=LEVELS[seed % 5], power=power), a_catalog((*changed, *others))


seen = Counter()


@pytest.mark.parametrize("seed", range(CASES))
def test_every_column_is_kept_and_none_has_a_module_too_many(seed):
    seen["cases"] += 1
    brief, catalog = a_case(seed)
    for column in make_columns(brief, catalog, HOOKS):
        plan = block_alone(brief, catalog, column)
        assert faults(plan) == []
        worst = walk(plan, 0)
        # What the block draws at the switchgear, normally and at most, is what the walk on its feeds finds.
        assert sum(worst.normal_kw[t] for t in ("MVS-A1", "MVS-B1")) == pytest.approx(column.mv_kw)
        if brief.redundancy.power in SHARED:  # sized for consumers that draw what they are rated for
            assert worst.import_kw <= column.mv_worst_kw
        else:
            assert worst.import_kw == pytest.approx(column.mv_worst_kw, rel=1e-9)
        for group in (g for g in column.groups if g.cells > 1):
            seen["own"] += 1
            if group.per_side > 1:
                fewer = [g.model_copy(update={"per_side": g.per_side - 1}) if g is group else g for g in column.groups]
                assert faults(block_alone(brief, catalog, replace(column, groups=tuple(fewer)))), group
                seen["trimmed"] += 1
            else:
                with pytest.raises(AuditError):
                    block_alone(brief, catalog, replace(column, groups=tuple(g for g in column.groups if g != group)))


def test_cases_were_seen():
    if seen["cases"] < CASES:  # the others ran in another process
        seen.clear()
        for seed in range(CASES):
            test_every_column_is_kept_and_none_has_a_module_too_many(seed)
    assert seen["own"] >= 20
    assert seen["trimmed"] >= 20


# hand arithmetic ------------------------------------------------------------------------------------------------------


def test_one_pod_has_lost_a_unit_while_the_others_have_all():
    """Units of 534 kW make their cold from power, 800 kW for each of two pods; three a pod, of which two carry it."""
    needs = tuple(n.model_copy(update={"kw_per_kw": 0.8 if n.carrier == "coolant" else 1.0}) for n in POD.needs)
    pod = POD.model_copy(update={"needs": tuple(n for n in needs if n.carrier in ("lv_ac", "coolant"))})
    low = {"carrier": "lv_ac", "connection": "transfer", "through": True}
    unit = a_module("CDU-5", "cdu", gives=[{"carrier": "coolant", "capacity_kw": 534}], needs=[low], losses=CURVE)
    given = TRF.gives[0].model_copy(update={"capacity_kva": 9000.0})
    catalog = a_catalog((pod, unit, TRF.model_copy(update={"gives": (given,), "losses": None}), MVS, GEN, FTK))
    brief = scoped("coolant", power="N")
    (column,) = columns_of(brief, catalog, 2)
    assert groups_of(column, "coolant") == [(1, 3, 2)]
    whole, lacking = (800 + n * np.interp(800 / n / 534, *np.array(CURVE["points"]).T) for n in (3, 2))
    assert lacking > whole + 5
    # Peak of the pods besides: 1,100 kW each.
    assert column.mv_kw == pytest.approx(2200 + 2 * whole)
    assert column.mv_worst_kw == pytest.approx(2200 + whole + lacking)
    assert walk(block_alone(brief, catalog, column), 0).import_kw == pytest.approx(column.mv_worst_kw)


# relations between the scopes ----------------------------------------------------------------------------------------


def test_a_header_of_few_units_makes_each_pods_own_the_cheaper_one():
    """A narrower scope is no demand on top: every pod has a header of its own, and no header holds more than two."""
    small = resized(CDU, 800.0).model_copy(update={"sku": "CDU-2", "price": CDU.price})
    small = small.model_copy(update={"gives": (small.gives[0].model_copy(update={"parallel_max": 2}),)})
    large = resized(CDU, 1700.0).model_copy(
        update={"sku": "CDU-9", "price": CDU.price.model_copy(update={"amount": 900_000})}
    )
    catalog = a_catalog((*(m for m in MODULES if m is not CDU), small, large))
    shared, own = (min(c.cost_usd for c in columns_of(scoped(*c), catalog, 2)) for c in ((), ("coolant",)))
    assert own < shared


def test_a_header_that_holds_one_pod_is_enough_for_each():
    carriers = tuple(c.model_copy(update={"group_max_kw": 810.0}) if c.key == "coolant" else c for c in CARRIERS)
    catalog = a_catalog(carriers=carriers)
    assert not columns_of(scoped(), catalog, 2)
    for column in (found := columns_of(scoped("coolant"), catalog, 2)):
        assert faults(block_alone(scoped("coolant"), catalog, column)) == []
    assert found
    tight = tuple(c.model_copy(update={"group_max_kw": 790.0}) if c.key == "coolant" else c for c in CARRIERS)
    assert not columns_of(scoped("coolant"), a_catalog(carriers=tight), 2)


@pytest.mark.parametrize("level", LEVELS)
def test_units_of_a_pods_own(level):
    """Coolant units with a transformer each: of the same pod, one for one."""
    low = {"carrier": "lv_ac", "connection": "unit", "kw_per_kw": 0.02}
    unit = CDU.model_copy(update={"needs": (*CDU.needs, a_module("CDU-1", "cdu", gives=[GIVEN], needs=[low]).needs[0])})
    # A transformer lost takes its unit along, so that power N+1 asks for a spare unit.
    brief = scoped("coolant", cooling=level, power="N" if level == "N" else "N+1")
    catalog = a_catalog((*(m for m in MODULES if m is not CDU), unit))
    found = columns_of(brief, catalog, 2)
    assert found
    for column in found:
        plan = block_alone(brief, catalog, column)
        assert faults(plan) == []
        cell = {e.tag: e.cell for e in plan.connected.equipment}
        own = [f for f in plan.connected.feeds if "CDU" in f.consumer and f.carrier == "lv_ac"]
        assert {cell[f.consumer] for f in own} == {1, 2}
        assert all(cell[f.consumer] == cell[f.suppliers[0]] for f in own)
        assert sum(walk(plan, 0).normal_kw[t] for t in ("MVS-A1", "MVS-B1")) == pytest.approx(column.mv_kw)


GIVEN = {"carrier": "coolant", "capacity_kw": 1}


# what else asks for it ------------------------------------------------------------------------------------------------

FABRIC = tuple(sorted((*CARRIERS, _carrier("fabric", "it", "block", "none")), key=lambda c: c.key))


def with_fabric():
    """Pods with a room of switches in the block, which is cooled by air too."""
    pod = POD.model_copy(update={"needs": (*POD.needs, POD.needs[2].model_copy(update={"carrier": "fabric"}))})
    needs = [{"carrier": "critical_ac", "connection": "dual", "kw_per_kw": 1.0}]
    needs.append({"carrier": "air_cooling", "connection": "header", "kw_per_kw": 1.0})
    room = a_module("FAB-500", "fabric", gives=[{"carrier": "fabric", "capacity_kw": 500}], needs=needs)
    return a_catalog((*(m for m in MODULES if m is not POD), pod, room), carriers=FABRIC)


def test_what_is_no_pod_has_a_group_of_its_own():
    """200 kW of air in each of two pods, two units and one to spare; 400 kW in the room, three and one to spare."""
    brief, catalog = scoped("air_cooling", power="N"), with_fabric()
    found = columns_of(brief, catalog, 2)
    assert found
    for column in found:
        assert sorted(groups_of(column, "air_cooling")) == [(1, 3, 2), (1, 4, 1)]
        plan = block_alone(brief, catalog, column)
        assert faults(plan) == []
        fed = {f.consumer: f.suppliers for f in plan.connected.feeds if f.carrier == "air_cooling"}
        cell = {e.tag: e.cell for e in plan.connected.equipment}
        assert {cell[t] for t in fed["B01-FAB-01"]} == {0}
        assert {cell[t] for t in fed["B01-POD-02"]} == {2}


def test_in_a_block_of_one_pod_it_shares_with_the_pod():
    column = columns_of(scoped("air_cooling", power="N"), with_fabric(), 1)[0]
    assert groups_of(column, "air_cooling") == [(1, 4, 1)]


SIDECAR = a_module(
    "LTA-500", "cdu", gives=[{"carrier": "coolant", "capacity_kw": 500}],
    needs=[
        {"carrier": "air_cooling", "connection": "header", "through": True, "kw_per_kw": 0.05, "fixed_kw": 7.0},
        {"carrier": "critical_ac", "connection": "dual", "kw_per_kw": 0.01},
    ],
)  # fmt: skip
SIDECARS = a_catalog((*(m for m in MODULES if m is not CDU), SIDECAR))
"""Coolant only from units that pass its heat to the air of the pod."""


@pytest.mark.parametrize("level", LEVELS)
def test_units_that_pass_heat_to_the_air_of_their_pod(level):
    brief = scoped(*BOTH, cooling=level)
    found = columns_of(brief, SIDECARS, 2)
    assert found
    for column in found:
        plan = block_alone(brief, SIDECARS, column)
        assert faults(plan) == []
        assert sum(walk(plan, 0).normal_kw[t] for t in ("MVS-A1", "MVS-B1")) == pytest.approx(column.mv_kw)
        fewer = tuple(
            g.model_copy(update={"per_side": g.per_side - 1}) if g.carrier == "air_cooling" else g
            for g in column.groups
        )
        assert faults(block_alone(brief, SIDECARS, replace(column, groups=fewer)))


def test_units_of_all_pods_may_not_pass_heat_to_the_air_of_one():
    assert not columns_of(scoped("air_cooling"), SIDECARS, 2)
    assert columns_of(scoped("air_cooling"), SIDECARS, 1)
    assert columns_of(scoped("coolant"), SIDECARS, 2), "the air may be shared where the coolant is not"


DOOR = FWU.model_copy(update={"sku": "DOR-030", "bay": "rack_door", "bays_count": 1, "fills_bays": True})
DOOR = DOOR.model_copy(update={"gives": (DOOR.gives[0].model_copy(update={"capacity_kw": 60.0}),)})
DOORS = (Bays(kind="rack_door", count=8),)


def test_doors_at_every_rack_of_a_pod():
    pod = POD.model_copy(update={"bays": DOORS})
    catalog = a_catalog((*(m for m in MODULES if m not in (POD, FWU)), pod, DOOR))
    brief = scoped("air_cooling")
    (found, *_) = columns_of(brief, catalog, 2)
    assert groups_of(found, "air_cooling") == [(1, 8, 2)]
    assert faults(block_alone(brief, catalog, found)) == []


def test_doors_at_the_racks_of_pods_cool_no_other_room():
    fabric = with_fabric()
    others = tuple(m for m in fabric.modules if m.it is None and m.sku != FWU.sku)
    pod = next(m for m in fabric.modules if m.it).model_copy(update={"bays": DOORS})
    with_doors = a_catalog((pod, *others, DOOR), carriers=FABRIC)
    assert columns_of(scoped(power="N"), with_doors, 2), "a block's doors take part in all of its air"
    assert not columns_of(scoped("air_cooling", power="N"), with_doors, 2)
    both = a_catalog((*with_doors.modules, FWU), carriers=FABRIC)
    for column in (found := columns_of(scoped("air_cooling", power="N"), both, 2)):
        assert {g.sku for g in column.groups if g.carrier == "air_cooling" and g.cells == 1} == {FWU.sku}
    assert found


# bad input -----------------------------------------------------------------------------------------------------------


def test_only_what_cools_has_a_scope():
    with pytest.raises(InputError, match=r"scope\.power"):
        scoped("power")


@pytest.mark.parametrize("change", [{"scope": "site"}, {"redundancy": "power"}])
def test_a_catalog_that_shares_it_otherwise_is_refused(change):
    carriers = tuple(c.model_copy(update=change) if c.key == "coolant" else c for c in CARRIERS)
    catalog = a_catalog(carriers=carriers)
    make_problem(scoped(), a_catalog(), HOOKS)
    with pytest.raises(InputError, match=r"redundancy\.scope\.coolant"):
        make_problem(scoped("coolant"), catalog, HOOKS)

"""Whatever is placed keeps every rule of the land; what cannot be placed is refused with the right words."""

from math import pi, sqrt

import pytest
from build import a_brief, a_module
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from land import apart, placed_plan, thing
from shapely import box

from prefab.catalog import Catalog
from prefab.connecting import make_connected
from prefab.errors import Impossible, OutOfBudget
from prefab.lot_shapes import make_shapes
from prefab.lots import make_gap, make_lots, refuse_impossible
from prefab.placing import make_placed
from prefab.plan import BlockKind, Connected, Equipment, Group, Plan, Plant, Sized
from prefab.rules import boundary, clearance, road_access

SKUS = (
    ("POD-1", "it_pod", "it", 12_200, 4200),
    ("UPS-1", "power", "critical_ac", 13_700, 3600),
    ("TRF-1", "transformer", "lv_ac", 2500, 1600),
    ("DRY-1", "heat_rejection", "heat_rejection", 6100, 2400),
    ("MVS-1", "intake", "mv_ac", 12_200, 3600),
    ("GEN-1", "generator", "standby_mv", 13_700, 3600),
    ("FTK-1", "fuel", "fuel", 7000, 2400),
    ("BES-1", "battery", "mv_storage", 6060, 2440),
)
IT = {
    "accelerator": "T1", "accelerators_count": 500, "racks_count": 8, "nameplate_kw": 1200, "sustained_kw": 1000,
    "peak_kw": 1100, "measured_kw": 900, "idle_frac": 0.2,
}  # fmt: skip


def modules_with(clearances, classes):
    found = {}
    for (sku, family, carrier, length, width), clear, separation in zip(SKUS, clearances, classes, strict=True):
        unit = "capacity_l" if carrier == "fuel" else "capacity_kw"
        more = {"it": IT} if family == "it_pod" else {}
        found[sku] = a_module(
            sku,
            family,
            gives=[{"carrier": carrier, unit: 1000}],
            length_mm=length,
            width_mm=width,
            clearance_mm=clear,
            separation=separation,
            **more,
        )
    return found


MODULES = modules_with([1200] * 8, ["none"] * 8)


def site_of(blocks, pods=2, ups=2, dry=3, intakes=2, generators=2, tanks=1, batteries=0, phases=1):
    """Equipment of equal blocks, each UPS with a transformer of its own, and the site's plant."""
    carriers = {sku: carrier for sku, _, carrier, _, _ in SKUS}
    found = []
    for block in range(1, blocks + 1):
        phase = (block - 1) * phases // blocks
        for sku, count in (("POD-1", pods), ("UPS-1", ups), ("TRF-1", ups), ("DRY-1", dry)):
            found += [
                Equipment(
                    tag=f"B{block:02d}-{sku[:3]}-{i:02d}",
                    sku=sku,
                    block=block,
                    kind="a",
                    phase=phase,
                    carrier=carriers[sku],
                    unit_for="critical_ac" if sku == "TRF-1" else None,
                )
                for i in range(1, count + 1)
            ]
    for sku, count in (("MVS-1", intakes), ("GEN-1", generators), ("FTK-1", tanks), ("BES-1", batteries)):
        found += [
            Equipment(tag=f"{sku[:3]}-{i:02d}", sku=sku, block=0, phase=0, carrier=carriers[sku])
            for i in range(1, count + 1)
        ]
    return tuple(found)


def plan_of(brief, basis, modules, equipment) -> Plan:
    placed = make_placed(brief, basis, modules, equipment)
    update = {
        "brief": brief,
        "basis": basis,
        "modules": tuple(modules.values()),
        "connected": Connected(equipment=equipment, feeds=()),
        "placed": placed,
    }
    return placed_plan({}).model_copy(update=update)


def broken(plan):
    return [f for rule in (boundary, clearance, road_access) for f in rule.check(plan) if not f.kept]


CLASS = st.sampled_from(["none", "pod", "battery"])


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.integers(0, 4000), min_size=8, max_size=8),
    st.lists(CLASS, min_size=8, max_size=8),
    st.lists(st.tuples(st.sampled_from(["*", "pod", "battery"]), CLASS, st.integers(0, 16_000)), max_size=3),
    st.tuples(*(st.integers(0, n) for n in (5, 3, 4, 6, 2, 14, 3, 5))),
    st.tuples(st.integers(120, 260), st.integers(120, 260), st.sampled_from([0.0, 3.5, 12.0])),
    st.tuples(st.sampled_from([4000, 6100, 9000]), st.sampled_from([20_000, 30_000, 45_000])),
)
def test_whatever_is_placed_keeps_every_rule(clearances, classes, rules, counts, land, road):
    blocks, pods, *others = counts
    equipment = site_of(blocks, pods + 1, *others)
    assume(equipment)
    modules = modules_with(clearances, classes)
    brief = a_brief(site={"width_m": float(land[0]), "depth_m": float(land[1]), "setback_m": land[2]})
    basis = apart(*rules).model_copy(update={"road_width_mm": road[0], "road_reach_mm": road[1]})
    try:
        plan = plan_of(brief, basis, modules, equipment)
    except OutOfBudget:
        return
    assert not broken(plan)
    # Nothing that stands can be called impossible: not even on the rectangle that just holds it.
    boxes = [(p, modules[p.tag.rpartition("-")[0][-3:] + "-1"]) for p in plan.placed.positions]
    ends = [
        (
            p.x_mm,
            p.y_mm,
            p.x_mm + (m.width_mm if p.turned else m.length_mm),
            p.y_mm + (m.length_mm if p.turned else m.width_mm),
        )
        for p, m in boxes
    ]
    width = max(e[2] for e in ends) - min(e[0] for e in ends)
    depth = max(e[3] for e in ends) - min(e[1] for e in ends)
    refuse_impossible([m for _, m in boxes], box(0, 0, width, depth), 0)


def test_enough_of_the_random_sites_are_placed():
    plan = plan_of(a_brief(site={"width_m": 200.0, "depth_m": 200.0}), apart(), MODULES, site_of(4, batteries=4))
    assert not broken(plan)
    assert [f.actual for f in boundary.check(plan) if f.unit == "modules"] == [4 * 9 + 9]


def test_the_same_answer_whatever_the_order():
    equipment = site_of(3, batteries=3)
    brief = a_brief(site={"width_m": 200.0, "depth_m": 200.0})
    first = make_placed(brief, apart(), MODULES, equipment)
    again = make_placed(brief, apart(), MODULES, equipment[::-1])
    assert first == make_placed(brief, apart(), MODULES, equipment)
    assert first.areas == again.areas
    assert sorted(first.positions, key=lambda p: p.tag) == sorted(again.positions, key=lambda p: p.tag)


def test_what_stands_inside_is_not_placed():
    equipment = (*site_of(1), Equipment(tag="B01-CDU-01", sku="CDU-1", block=1, kind="a", phase=0, carrier="coolant"))
    placed = make_placed(a_brief(), apart(), {**MODULES, "CDU-1": thing("CDU-1", stands="inside")}, equipment)
    assert len(placed.positions) == len(equipment) - 1


def test_areas_are_named_hold_their_modules_and_do_not_meet():
    plan = plan_of(
        a_brief(site={"width_m": 220.0, "depth_m": 200.0}), apart(), MODULES, site_of(3, generators=14, batteries=3)
    )
    areas = {a.name: a for a in plan.placed.areas if a.purpose != "road"}
    names = [
        "Battery yard",
        "Block B01",
        "Block B02",
        "Block B03",
        "Generator yard 1",
        "Generator yard 2",
        "Intake yard",
    ]
    assert sorted(areas) == names
    for p in plan.placed.positions:
        block = p.tag[:3] if p.tag[0] == "B" and p.tag[1:3].isdigit() else ""
        kind = {"MVS": "Intake", "GEN": "Generator", "FTK": "Generator", "BES": "Battery"}.get(p.tag[:3], "")
        (home,) = (
            a.name
            for a in areas.values()
            if a.x_mm <= p.x_mm < a.x_mm + a.width_mm and a.y_mm <= p.y_mm < a.y_mm + a.depth_mm
        )
        assert home == f"Block {block}" if block else home.startswith(kind)
    for a in plan.placed.areas:
        for b in plan.placed.areas:
            apart_x = a.x_mm + a.width_mm <= b.x_mm or b.x_mm + b.width_mm <= a.x_mm
            apart_y = a.y_mm + a.depth_mm <= b.y_mm or b.y_mm + b.depth_mm <= a.y_mm
            assert a is b or apart_x or apart_y or a.purpose == b.purpose == "road"


def test_phases_fill_the_land_from_the_gate():
    equipment = site_of(12, generators=6, phases=3)
    plan = plan_of(a_brief(site={"width_m": 150.0, "depth_m": 260.0}), apart(), MODULES, equipment)
    rows = {a.name: (a.y_mm, a.depth_mm) for a in plan.placed.areas if a.purpose == "block"}
    phases = {f"Block B{e.block:02d}": e.phase for e in equipment if e.block}
    middles = [[y + d / 2 for name, (y, d) in rows.items() if phases[name] == phase] for phase in range(3)]
    assert max(middles[0]) <= min(middles[2])
    assert sum(middles[0]) <= sum(middles[1]) <= sum(middles[2])


def test_each_unit_transformer_stands_in_line_with_its_power_module():
    for shape_of in ((90.0, 200.0), (200.0, 90.0)):
        brief = a_brief(site={"width_m": shape_of[0], "depth_m": shape_of[1]})
        plan = plan_of(brief, apart(), MODULES, site_of(2, ups=3))
        place = {p.tag: p for p in plan.placed.positions}
        for i in (1, 2, 3):
            one, other = place[f"B01-UPS-{i:02d}"], place[f"B01-TRF-{i:02d}"]
            size = (3600, 13_700) if one.turned else (13_700, 3600)
            small = (1600, 2500) if other.turned else (2500, 1600)
            in_column = abs(2 * one.x_mm + size[0] - 2 * other.x_mm - small[0]) <= 1
            in_row = abs(2 * one.y_mm + size[1] - 2 * other.y_mm - small[1]) <= 1
            assert in_column or in_row


@pytest.mark.parametrize(
    ("width_mm", "depth_mm", "kept"), [(6000, 2500, True), (2500, 6000, True), (5999, 5999, False), (9000, 2499, False)]
)
def test_impossible_by_the_size_of_one_module(width_mm, depth_mm, kept):
    module = thing("PMP-1", clearance_mm=0)
    if kept:
        refuse_impossible([module], box(0, 0, width_mm, depth_mm), 0)
    else:
        with pytest.raises(Impossible, match=r"PMP-1 is 6 x 2\.5 m"):
            refuse_impossible([module], box(0, 0, width_mm, depth_mm), 0)


def test_impossible_by_area_equal_and_a_hair_over():
    four = [thing("SQR-1", clearance_mm=0, length_mm=5000, width_mm=5000)] * 4
    refuse_impossible(four, box(0, 0, 10_000, 10_000), 0)
    with pytest.raises(Impossible, match="footprints and the road at the gate take at least 100 m2"):
        refuse_impossible(four, box(0, 0, 10_000, 10_000), 1)


def test_impossible_by_clearances_equal_and_a_hair_over():
    # Discs of half the clearance around n squares of side a fill (W + c)(D + c) less the corners at most.
    side, clear, n = 5000, 4000, 9
    squares = [thing("SQR-1", clearance_mm=clear, length_mm=side, width_mm=side)] * n
    swept = n * (side**2 + 2 * side * clear + pi * clear**2 / 4)
    least = int(sqrt(swept + (4 - pi) * clear**2 / 4) - clear)  # the side of a square that holds just less
    refuse_impossible(squares, box(0, 0, least + 1, least + 1), 0)
    with pytest.raises(Impossible, match="clearances they cannot share"):
        refuse_impossible(squares, box(0, 0, least, least), 0)
    one = thing("ONE-1", clearance_mm=3000)
    refuse_impossible([one], box(0, 0, 6000, 2500), 0)


def test_too_little_land_names_what_it_would_take():
    brief = a_brief(site={"width_m": 70.0, "depth_m": 60.0})
    with pytest.raises(OutOfBudget, match=r"best arrangement needs \d+ x \d+ m, there are 70 x 60 m") as caught:
        make_placed(brief, apart(), MODULES, site_of(4))
    width, depth = (float(n) for n in str(caught.value).partition("needs ")[2].partition(" m,")[0].split(" x "))
    wide_enough = a_brief(site={"width_m": width + 1, "depth_m": depth + 1})
    assert not broken(plan_of(wide_enough, apart(), MODULES, site_of(4)))


def test_impossible_before_out_of_budget():
    with pytest.raises(Impossible):
        make_placed(a_brief(site={"width_m": 40.0, "depth_m": 40.0}), apart(), MODULES, site_of(30))


def test_no_shape_beats_another():
    modules = modules_with([1200, 1500, 1000, 1500, 1500, 1500, 1000, 1000], ["none"] * 8)
    for lot in make_lots(site_of(1, batteries=4), modules):
        shapes = make_shapes(lot.stacks, modules, make_gap(apart(), modules))
        sizes = [(s.width_mm, s.depth_mm) for s in shapes]
        assert sizes == sorted(sizes, reverse=True)
        assert sorted(d for _, d in sizes) == [d for _, d in sizes]
        assert all(len(s.spots) == len(lot.tags) for s in shapes)


def groups_of_a_20_mw_block():
    rows = (
        ("coolant", "CDU-1350", 1, 4, 40.0, None),
        ("air_cooling", "FWU-200", 1, 3, None, None),
        ("facility_water", "PMS-2500", 1, 3, 36.0, None),
        ("facility_water", "PMS-2500", 1, 2, 20.0, None),
        ("heat_rejection", "DRY-2900", 1, 4, 36.0, None),
        ("heat_rejection", "CHL-1500", 1, 2, 20.0, None),
        ("thermal_buffer", "BUF-015", 1, 2, 36.0, None),
        ("thermal_buffer", "BUF-005", 1, 2, 20.0, None),
        ("control", "BMS-040", 2, 1, None, None),
        ("critical_ac", "PWM-1500", 1, 4, None, None),
        ("lv_ac", "TXD-2500", 1, 4, None, "critical_ac"),
        ("lv_ac", "TXD-1600", 2, 1, None, None),
        ("fabric", "ITN-0160", 1, 1, None, None),
        ("fire_suppression", "FIR-040", 1, 5, None, None),
        ("smoke_detection", "ASD-040", 1, 6, None, None),
    )
    return tuple(
        Group(carrier=c, sku=sku, sides=sides, per_side=n, supply_degc=t, unit_for=unit)
        for c, sku, sides, n, t, unit in rows
    )


def connected_site(catalog: Catalog, brief, blocks: int) -> Connected:
    sized = Sized(
        kinds=(BlockKind(name="a", pod="ITL-1136", pods=3, groups=groups_of_a_20_mw_block()),),
        blocks=((blocks,),),
        plant=(
            Plant(carrier="mv_ac", sku="MVS-12", sides=2, per_side=(-(-blocks // 4),)),
            Plant(carrier="standby_mv", sku="GEN-3000", per_side=(-(-blocks * 10 // 6),)),
            Plant(carrier="fuel", sku="FTK-085", per_side=(-(-blocks * 4 // 6),)),
            Plant(carrier="mv_storage", sku="BES-5000-2H", per_side=(-(-blocks * 4 // 6),)),
            Plant(carrier="battery_ac", sku="TXO-4400", per_side=(-(-blocks * 4 // 6),)),
            Plant(carrier="network", sku="NET-MMR", sides=2, per_side=(-(-blocks // 10),)),
            Plant(carrier="operations", sku="CTR-100", per_side=(1,)),
            Plant(carrier="fuel_polishing", sku="FPS-002", per_side=(-(-blocks // 3),)),
            Plant(carrier="site_lv_ac", sku="TXH-0630", sides=2, per_side=(1,)),
        ),
        intakes=tuple(block // 4 + 1 for block in range(blocks)),
        status="feasible",
        objective_usd=1,
        bound_usd=1,
        parameters="by hand",
    )
    return make_connected(brief, catalog, sized)


@pytest.mark.parametrize(
    ("blocks", "width_m", "depth_m", "most_ha"), [(6, 180.0, 150.0, 1.95), (60, 500.0, 420.0, 16.5)]
)
def test_sites_from_the_catalog_take_little_land(catalog, blocks, width_m, depth_m, most_ha):
    brief = a_brief(site={"width_m": width_m, "depth_m": depth_m, "setback_m": 10.0})
    modules = {m.sku: m for m in catalog.modules}
    plan = plan_of(brief, catalog.basis, modules, connected_site(catalog, brief, blocks).equipment)
    assert not broken(plan)
    areas = plan.placed.areas
    width = max(a.x_mm + a.width_mm for a in areas) - min(a.x_mm for a in areas)
    depth = max(a.y_mm + a.depth_mm for a in areas)
    assert width * depth / 1e10 <= most_ha

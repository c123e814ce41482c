"""Every feed becomes runs that keep their rule, whatever stands where; A and B keep apart."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from build import CARRIERS, a_brief
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_placing import connected_site
from wired import hand_wired_plan

from prefab.placing import make_placed
from prefab.plan import GRID, Plan, read_plan
from prefab.routing import make_routed
from prefab.rules import runs
from prefab.site_layout import Placed

LAYOUTS = Path(__file__).parents[1] / "layouts"

BY_KEY = {c.key: c for c in CARRIERS}


def routed_plan(plan: Plan, placed: Placed, carriers=BY_KEY) -> Plan:
    assert plan.connected is not None
    modules = {m.sku: m for m in plan.modules}
    routed = make_routed(
        plan.brief, plan.basis, modules, carriers, plan.connected.equipment, plan.connected.feeds, placed
    )
    return plan.model_copy(update={"placed": placed, "routed": routed})


def placed_and_routed(plan: Plan) -> Plan:
    assert plan.connected is not None
    modules = {m.sku: m for m in plan.modules}
    return routed_plan(plan, make_placed(plan.brief, plan.basis, modules, plan.connected.equipment))


@pytest.fixture(scope="module")
def plan() -> Plan:
    return placed_and_routed(hand_wired_plan(site={"width_m": 120.0, "depth_m": 120.0}))


@pytest.fixture(scope="module")
def big_plan(catalog) -> Plan:
    return six_blocks(catalog)


def six_blocks(catalog) -> Plan:
    """Six blocks of catalog modules with their plant."""
    brief = a_brief(site={"width_m": 180.0, "depth_m": 150.0, "setback_m": 10.0})
    connected = connected_site(catalog, brief, 6)
    used = {e.sku for e in connected.equipment}
    update = {
        "brief": brief,
        "basis": catalog.basis,
        "carriers": catalog.carriers,
        "modules": tuple(m for m in catalog.modules if m.sku in used),
        "connected": connected,
    }
    bare = hand_wired_plan().model_copy(update=update)
    modules = {m.sku: m for m in bare.modules}
    placed = make_placed(brief, catalog.basis, modules, connected.equipment)
    return routed_plan(bare, placed, {c.key: c for c in catalog.carriers})


def boxes_of(plan):
    modules, skus = {m.sku: m for m in plan.modules}, {e.tag: e.sku for e in plan.connected.equipment}
    found = {}
    for p in plan.placed.positions:
        along, across = modules[skus[p.tag]].length_mm, modules[skus[p.tag]].width_mm
        along, across = (across, along) if p.turned else (along, across)
        found[p.tag] = (p.x_mm, p.y_mm, p.x_mm + along, p.y_mm + across)
    return found


def test_kept_with_and_without_catalog_figures(plan, big_plan):
    for each in (plan, big_plan):
        assert all(f.kept for f in runs.check(each))


def test_a_header_is_one_run_to_the_nearest_and_ties_between_the_suppliers(plan):
    # Three UPS modules in parallel: two ties, and a run from each of the 13 consumers to the nearest of them.
    bus = [r for r in plan.routed.runs if r.carrier == "critical_ac"]
    ties = [r for r in bus if "UPS" in r.start and "UPS" in r.end]
    assert len(ties) == 2
    assert Counter(r.start for r in bus if r not in ties) == Counter(
        f.consumer for f in plan.connected.feeds if f.carrier == "critical_ac"
    )


def test_nothing_is_run_twice(big_plan):
    names = [(frozenset((r.start, r.end)), r.carrier, r.side) for r in big_plan.routed.runs]
    assert len(set(names)) == len(names)


def test_no_run_is_shorter_than_the_gap_or_much_longer_than_the_way_round(big_plan):
    boxes = boxes_of(big_plan)
    for r in big_plan.routed.runs:
        if r.start in boxes and r.end in boxes:
            a, b = boxes[r.start], boxes[r.end]
            gap = max(0, a[0] - b[2], b[0] - a[2]) + max(0, a[1] - b[3], b[1] - a[3])
            route = sum(abs(p[0] - q[0]) + abs(p[1] - q[1]) for p, q in pairwise(r.points_mm))
            assert gap <= route <= 2 * gap + 150_000


def test_no_run_passes_under_a_third_module(big_plan):
    boxes = boxes_of(big_plan)
    hosted = {e.tag: e.block for e in big_plan.connected.equipment if e.tag not in boxes}
    for r in big_plan.routed.runs:
        if r.start in hosted and r.end in hosted:
            continue  # within a pod, or between two whose tags the run does not say
        for (x, y), (u, v) in pairwise(r.points_mm):
            for tag, (west, south, east, north) in boxes.items():
                crosses = min(x, u) < east and west < max(x, u) and south < y < north
                crosses |= min(y, v) < north and south < max(y, v) and west < x < east
                host = r.start in hosted or r.end in hosted
                assert (
                    not crosses
                    or tag in (r.start, r.end)
                    or (host and tag.startswith(f"B{hosted.get(r.start, hosted.get(r.end)):02d}-POD"))
                )


def test_a_and_b_share_little(big_plan):
    share = next(f for f in runs.check(big_plan) if "one consumer" in f.text)
    assert share.actual > 100
    assert float(share.text.partition("share ")[2].partition("%")[0]) < 5


def test_the_utility_reaches_every_intake_from_the_gate(big_plan):
    ends = {r.start: r.points_mm[-1] for r in big_plan.routed.runs if r.end == GRID}
    assert ends == {"MVS-A1": (90_000, 0), "MVS-A2": (90_000, 0), "MVS-B1": (90_000, 0), "MVS-B2": (90_000, 0)}


def test_one_way_out_of_an_intake_feeds_a_block_and_one_the_batteries(big_plan):
    at = {e.tag: e for e in big_plan.connected.equipment}
    for intake in ("MVS-A1", "MVS-B1", "MVS-A2", "MVS-B2"):
        ways = [r.start for r in big_plan.routed.runs if r.carrier == "mv_ac" and r.end == intake]
        blocks = [at[tag].block for tag in ways]
        fed = {at[f.consumer].block for f in big_plan.connected.feeds if f.suppliers == (intake,)}
        assert sorted(blocks) == sorted(fed)


def test_a_ring_goes_from_the_nearest_to_the_next(plan):
    ring = [(r.start, r.end) for r in plan.routed.runs if r.carrier == "mv_ac" and r.side == "A"]
    # One run out of the intake, then each transformer on the one before: five runs for five transformers.
    assert ring[0][1] == "MVS-A1"
    assert [end for _, end in ring[1:]] == [start for start, _ in ring[:-1]]
    assert len({start for start, _ in ring}) == len(ring) == 5
    boxes = boxes_of(plan)
    middles = {t: (w + e, s + n) for t, (w, s, e, n) in boxes.items()}
    gaps = {t: sum(abs(a - b) for a, b in zip(middles[t], middles["MVS-A1"], strict=True)) for t, _ in ring}
    assert min(gaps, key=lambda t: (gaps[t], t)) == ring[0][0]


def test_an_intakes_own_supply_lies_on_its_side_and_the_generators_are_tied_once(plan):
    supply = [(r.start, r.carrier, r.side) for r in plan.routed.runs if r.start.startswith("MVS")]
    assert sorted(supply) == [
        ("MVS-A1", "standby_mv", "A"),
        ("MVS-A1", "utility_mv", "A"),
        ("MVS-B1", "standby_mv", "B"),
        ("MVS-B1", "utility_mv", "B"),
    ]
    ties = [(r.carrier, r.side) for r in plan.routed.runs if r.start.startswith("GEN") and r.end.startswith("GEN")]
    assert ties == [("standby_mv", "A")]  # two sets


def test_the_utility_reaches_intakes_a_and_b_in_trenches_of_their_own(big_plan):
    text = next(f.text for f in runs.check(big_plan) if "supplies of intakes" in f.text)
    assert float(text.partition("share ")[2].partition("%")[0]) < 5


def test_the_same_answer_again(plan):
    assert routed_plan(plan, plan.placed).routed == plan.routed


STANDING = placed_and_routed(hand_wired_plan())


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100), st.booleans()), min_size=24, max_size=24),
    st.booleans(),
)
def test_a_plan_moved_by_hand_is_routed_all_the_same(spots, with_areas):
    """Modules thrown about on a 1 m grid, even over each other: the runs rule holds where clearance does not."""
    plan = STANDING
    positions = tuple(
        p.model_copy(update={"x_mm": 6000 + x * 1000, "y_mm": 6000 + y * 1000, "turned": turned})
        for p, (x, y, turned) in zip(plan.placed.positions, spots, strict=False)
    )
    areas = plan.placed.areas if with_areas else ()
    again = routed_plan(plan, Placed(positions=positions, areas=areas))
    findings = [f for f in runs.check(again) if not f.kept and "one trench" not in f.text and "differ" not in f.text]
    assert not findings


@pytest.mark.parametrize("setback_m", [0.0, 0.5])
def test_a_rectangle_without_room_along_its_fence_is_routed_like_a_parcel(setback_m):
    stored = read_plan(LAYOUTS / "training-20mw" / "plan.json")
    site = stored.brief.site.model_copy(update={"setback_m": setback_m})
    brief, modules = stored.brief.model_copy(update={"site": site}), {m.sku: m for m in stored.modules}
    equipment, feeds, carriers = stored.connected.equipment, stored.connected.feeds, {c.key: c for c in stored.carriers}
    placed = make_placed(brief, stored.basis, modules, equipment)
    routed = make_routed(brief, stored.basis, modules, carriers, equipment, feeds, placed)
    findings = runs.check(stored.model_copy(update={"brief": brief, "placed": placed, "routed": routed}))
    assert all(f.kept for f in findings)
    assert any("supplies of intakes A and B" in f.text for f in findings)

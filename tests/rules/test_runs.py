"""A consumer fed by UPS modules, two in parallel on side A and one on B; slack 5 %, two risers of 1.5 m."""

from itertools import pairwise

import pytest
from build import a_module
from damage import damaged, item
from land import placed_plan, thing

from prefab.plan import GRID, Connected, Equipment, Feed
from prefab.rules import runs
from prefab.site_layout import Routed, Run

LOAD = a_module(
    "LOD-1",
    "pump",
    gives=[{"carrier": "facility_water", "capacity_kw": 1000}],
    needs=[{"carrier": "critical_ac", "connection": "dual"}, {"carrier": "utility_mv", "connection": "transfer"}],
)
UPS = thing("UPS-1")
INSIDE = thing("CDU-1", stands="inside")
FEEDS = (
    Feed(consumer="LOD-01", carrier="critical_ac", side="A", suppliers=("UPS-A1", "UPS-A2")),
    Feed(consumer="LOD-01", carrier="critical_ac", side="B", suppliers=("UPS-B1",)),
    Feed(consumer="LOD-01", carrier="utility_mv", side="A", suppliers=(GRID,)),
    Feed(consumer="CDU-01", carrier="critical_ac", side="A", suppliers=("UPS-A1",)),
)


def a_run(start, end, side, *points, carrier="critical_ac"):
    route = sum(abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in pairwise(points))
    length = -(-(route * 105 + 300_000) // 100)  # route x 1.05 + 2 x 1,500, rounded up
    return Run(start=start, end=end, carrier=carrier, side=side, points_mm=points, length_mm=length)


RUNS = (
    a_run("LOD-01", "UPS-A1", "A", (21_000, 22_500), (21_000, 30_000)),
    a_run("UPS-A1", "UPS-A2", "A", (26_000, 31_000), (30_000, 31_000)),
    a_run("LOD-01", "UPS-B1", "B", (26_000, 21_000), (40_000, 21_000), (40_000, 30_000)),
    a_run("LOD-01", GRID, "A", (23_000, 20_000), (23_000, 0), (60_000, 0), carrier="utility_mv"),
    a_run("CDU-01", "UPS-A1", "A", (24_001, 22_000), (24_001, 30_500)),
)
_BARE = placed_plan(
    {
        "LOD-01": (LOAD, 20_000, 20_000),
        "UPS-A1": (UPS, 20_000, 30_000),
        "UPS-A2": (UPS, 30_000, 30_000),
        "UPS-B1": (UPS, 40_000, 30_000),
        "CDU-01": (INSIDE, 0, 0),
    }
)
assert _BARE.connected is not None
PLAN = _BARE.model_copy(
    update={"connected": _BARE.connected.model_copy(update={"feeds": FEEDS}), "routed": Routed(runs=RUNS)}
)


def broken(plan):
    return [f for f in runs.check(plan) if not f.kept]


def with_runs(*new):
    return PLAN.model_copy(update={"routed": Routed(runs=new)})


def replaced(index, **change):
    return with_runs(*(r.model_copy(update=change) if i == index else r for i, r in enumerate(RUNS)))


def test_kept():
    findings = runs.check(PLAN)
    assert all(f.kept for f in findings)
    assert [(f.actual, f.unit) for f in findings] == [
        (4, "feeds"), (0, "modules"), (5, "runs"), (5, "runs"), (0, "pairs"), (1, "pairs"),
    ]  # fmt: skip


def test_the_direction_and_order_of_runs_do_not_matter():
    turned = (r.model_copy(update={"start": r.end, "end": r.start, "points_mm": r.points_mm[::-1]}) for r in RUNS)
    assert not broken(with_runs(*reversed(list(turned))))


@pytest.mark.parametrize(
    ("missing", "consumers"), [(0, {"LOD-01"}), (1, {"LOD-01"}), (2, {"LOD-01"}), (3, {"LOD-01"}), (4, {"CDU-01"})]
)
def test_a_missing_run_or_tie_breaks_the_feed(missing, consumers):
    plan = with_runs(*(r for i, r in enumerate(RUNS) if i != missing))
    assert {f.where for f in broken(plan)} == consumers | {"site"}


def test_a_run_of_another_side_or_carrier_does_not_serve():
    assert broken(replaced(0, side="B"))
    assert broken(replaced(0, carrier="lv_ac"))


def test_a_feed_does_not_pass_through_another_consumer():
    bridge = a_run("UPS-A2", "CDU-01", "A", (30_000, 30_500), (25_000, 30_500), (25_000, 22_000))
    assert {f.where for f in broken(with_runs(RUNS[0], bridge, *RUNS[2:]))} == {"LOD-01", "site"}


@pytest.mark.parametrize(("off_mm", "kept"), [(-1, True), (0, True), (1, True), (2, False), (-2, False)])
def test_length_to_the_millimetre(off_mm, kept):
    # 7,500 x 1.05 + 3,000 = 10,875
    assert RUNS[0].length_mm == 10_875
    assert bool(broken(replaced(0, length_mm=10_875 + off_mm))) != kept


def test_length_counts_every_segment():
    assert RUNS[2].length_mm == 14_000 + 9000 + 1150 + 3000
    assert broken(replaced(2, length_mm=9000 + 450 + 3000))


@pytest.mark.parametrize(
    ("points", "kept"),
    [
        (((20_000, 22_500), (20_000, 30_000)), True),  # corners count
        (((19_999, 22_500), (19_999, 30_000)), False),
        (((21_000, 22_501), (21_000, 30_000)), False),
        (((21_000, 22_500), (21_000, 29_999)), False),
        (((21_000, 22_000), (21_000, 32_500)), True),
        (((21_000, 22_000), (21_000, 32_501)), False),
        (((21_000, 22_500), (21_500, 30_000)), False),  # aslant
    ],
)
def test_ends_lie_on_what_they_join(points, kept):
    run = a_run("LOD-01", "UPS-A1", "A", *points)
    assert bool(broken(with_runs(run, *RUNS[1:]))) != kept


def test_what_stands_inside_ends_on_a_module_of_its_own_block():
    assert broken(with_runs(*RUNS[:4], a_run("CDU-01", "UPS-A1", "A", (24_000, 25_000), (24_000, 30_500))))

    def elsewhere(tree):
        item(tree["connected"]["equipment"], tag="CDU-01")["block"] = 2

    assert [f.where for f in broken(damaged(PLAN, elsewhere))] == ["CDU-01 / UPS-A1", "site"]


@pytest.mark.parametrize(("x_mm", "kept"), [(60_000, True), (59_999, False), (60_001, False)])
def test_the_utility_comes_in_at_the_gate(x_mm, kept):
    run = a_run("LOD-01", GRID, "A", (23_000, 20_000), (23_000, 0), (x_mm, 0), carrier="utility_mv")
    assert bool(broken(with_runs(*RUNS[:3], run, RUNS[4]))) != kept
    off = a_run("LOD-01", GRID, "A", (23_000, 20_000), (23_000, 1), (60_000, 1), carrier="utility_mv")
    assert broken(with_runs(*RUNS[:3], off, RUNS[4]))


def test_a_run_stays_on_the_land():
    path = ((26_000, 21_000), (120_000, 21_000), (120_000, 31_000), (46_000, 31_000))
    assert not broken(with_runs(*RUNS[:2], a_run("LOD-01", "UPS-B1", "B", *path), *RUNS[3:]))
    path = ((26_000, 21_000), (120_001, 21_000), (120_001, 31_000), (46_000, 31_000))
    assert broken(with_runs(*RUNS[:2], a_run("LOD-01", "UPS-B1", "B", *path), *RUNS[3:]))


def test_a_run_may_touch_the_fence():
    path = ((20_000, 21_000), (0, 21_000), (0, 120_000), (40_000, 120_000), (40_000, 32_500))
    assert not broken(with_runs(*RUNS[:2], a_run("LOD-01", "UPS-B1", "B", *path), *RUNS[3:]))
    for x, y in ((-1, 120_000), (0, 120_001)):
        path = ((20_000, 21_000), (x, 21_000), (x, y), (40_000, y), (40_000, 32_500))
        assert broken(with_runs(*RUNS[:2], a_run("LOD-01", "UPS-B1", "B", *path), *RUNS[3:]))


def test_a_run_to_nowhere_is_a_finding():
    extra = a_run("LOD-01", "GHOST-01", "A", (21_000, 22_500), (21_000, 30_000))
    assert [f.where for f in broken(with_runs(*RUNS, extra))] == ["LOD-01 / GHOST-01", "site"]


def test_a_module_without_a_position_is_another_rule():
    def remove(tree):
        tree["placed"]["positions"] = [p for p in tree["placed"]["positions"] if p["tag"] != "UPS-B1"]

    assert not broken(damaged(PLAN, remove))


def test_a_and_b_in_one_trench_all_the_way():
    def same_supplier_spot(tree):  # UPS-B1 now stands where UPS-A1 is, so the very route of A leads to it
        item(tree["placed"]["positions"], tag="UPS-B1").update(x_mm=20_000, y_mm=30_000)

    plan = damaged(PLAN, same_supplier_spot)
    path = RUNS[0].points_mm
    for b in (a_run("LOD-01", "UPS-B1", "B", *path), a_run("UPS-B1", "LOD-01", "B", *path[::-1])):
        first = broken(plan.model_copy(update={"routed": Routed(runs=(*RUNS[:2], b, *RUNS[3:]))}))[0]
        assert (first.where, first.text) == ("LOD-01", "critical_ac: feeds A and B lie in one trench all the way")
    beside = a_run("LOD-01", "UPS-B1", "B", (21_001, 22_500), (21_001, 30_000))
    assert not broken(plan.model_copy(update={"routed": Routed(runs=(*RUNS[:2], beside, *RUNS[3:]))}))


@pytest.mark.parametrize("backwards", [False, True])
def test_the_shared_length_is_reported(backwards):
    path = ((21_000, 22_500), (21_000, 26_250), (45_000, 26_250), (45_000, 31_000))
    b = a_run("UPS-B1", "LOD-01", "B", *path[::-1]) if backwards else a_run("LOD-01", "UPS-B1", "B", *path)
    findings = runs.check(with_runs(*RUNS[:2], b, *RUNS[3:]))
    assert all(f.kept for f in findings)
    assert "share 50.0%" in findings[-1].text  # 3,750 of the 7,500 mm of A
    # West to east: A ends along y = 21,000, where B begins.
    a = a_run("UPS-A1", "LOD-01", "A", (20_000, 31_000), (20_000, 21_000), (26_000, 21_000))
    b = a_run("LOD-01", "UPS-B1", "B", (22_000, 21_000), (40_000, 21_000), (40_000, 30_000))
    text = runs.check(with_runs(a, RUNS[1], b, *RUNS[3:]))[-1].text
    assert "share 25.0%" in text  # 4,000 of the 16,000 mm of A


def test_positions_of_unknown_tags_and_second_ones_are_another_rule():
    def haunt(tree):
        first = tree["placed"]["positions"][0]
        tree["placed"]["positions"] += [{**first, "tag": "GHOST-01"}, {**first, "x_mm": 90_000}]

    assert not broken(damaged(PLAN, haunt))


def test_a_dual_need_alone_is_looked_at():
    transfer = LOAD.model_copy(
        update={"needs": tuple(n.model_copy(update={"connection": "transfer"}) for n in LOAD.needs)}
    )
    modules = tuple(transfer if m.sku == "LOD-1" else m for m in PLAN.modules)
    assert runs.check(PLAN.model_copy(update={"modules": modules}))[-1].limit == 0


TRANSFORMER = a_module(
    "TRF-1",
    "transformer",
    gives=[{"carrier": "lv_ac", "capacity_kva": 1000}],
    needs=[{"carrier": "mv_ac", "connection": "transfer", "through": True}],
)
SWITCHGEAR = a_module(
    "MVS-1",
    "intake",
    gives=[{"carrier": "mv_ac", "capacity_kva": 10_000, "feeders_max": 2}],
    needs=[{"carrier": "utility_mv", "connection": "transfer", "through": True, "alternate": "standby_mv"}],
)
SETS = a_module("GEN-1", "generator", gives=[{"carrier": "standby_mv", "capacity_kw": 2000}])
RING = (
    a_run("TRF-01", "MVS-A1", "A", (22_000, 20_000), (22_000, 12_500), carrier="mv_ac"),
    a_run("TRF-02", "TRF-01", "A", (30_000, 21_000), (26_000, 21_000), carrier="mv_ac"),
    a_run("TRF-02", "MVS-B1", "B", (35_000, 20_000), (35_000, 12_500), carrier="mv_ac"),
    a_run("TRF-01", "TRF-02", "B", (26_000, 22_000), (30_000, 22_000), carrier="mv_ac"),
    a_run("MVS-A1", GRID, "A", (24_000, 10_000), (24_000, 1000), (60_000, 1000), (60_000, 0), carrier="utility_mv"),
    a_run("MVS-B1", GRID, "B", (34_000, 10_000), (34_000, 2000), (60_000, 2000), (60_000, 0), carrier="utility_mv"),
    a_run("MVS-A1", "GEN-01", "A", (23_000, 12_500), (23_000, 40_000), carrier="standby_mv"),
    a_run("MVS-B1", "GEN-02", "B", (34_000, 12_500), (34_000, 40_000), carrier="standby_mv"),
    a_run("GEN-01", "GEN-02", "A", (26_000, 41_000), (30_000, 41_000), carrier="standby_mv"),
)


def ring_plan(*new, sides=("A", "B")):
    """Two transformers of block 1 on the rings of two intakes, which hang on the utility and on two generators."""
    bare = placed_plan(
        {
            "TRF-01": (TRANSFORMER, 20_000, 20_000),
            "TRF-02": (TRANSFORMER, 30_000, 20_000),
            "MVS-A1": (SWITCHGEAR, 20_000, 10_000),
            "MVS-B1": (SWITCHGEAR, 30_000, 10_000),
            "GEN-01": (SETS, 20_000, 40_000),
            "GEN-02": (SETS, 30_000, 40_000),
        }
    )
    equipment = tuple(
        Equipment(
            tag=e.tag, sku=e.sku, block=int(e.tag.startswith("TRF")), kind="", phase=0, carrier=e.carrier,
            side="B" if e.tag == "MVS-B1" else "A",
        )
        for e in bare.connected.equipment
    )  # fmt: skip
    feeds = [
        Feed(consumer=trf, carrier="mv_ac", side=side, suppliers=(f"MVS-{side}1",))
        for trf in ("TRF-01", "TRF-02")
        for side in sides
    ]
    for mvs in ("MVS-A1", "MVS-B1"):
        feeds.append(Feed(consumer=mvs, carrier="utility_mv", side="A", suppliers=(GRID,)))
        feeds.append(Feed(consumer=mvs, carrier="utility_mv", side="B", suppliers=("GEN-01", "GEN-02")))
    connected = Connected(equipment=equipment, feeds=tuple(feeds))
    return bare.model_copy(update={"connected": connected, "routed": Routed(runs=new or RING)})


def test_transformers_hang_one_on_the_other():
    findings = runs.check(ring_plan())
    assert all(f.kept for f in findings)
    assert [(f.actual, f.unit) for f in findings[:2]] == [(8, "feeds"), (2, "modules")]
    assert (findings[4].actual, findings[4].unit) == (2, "pairs")


@pytest.mark.parametrize(
    ("missing", "consumers"),
    [
        (0, {"TRF-01", "TRF-02"}),
        (1, {"TRF-02"}),
        (2, {"TRF-01", "TRF-02"}),
        (4, {"MVS-A1"}),
        (7, {"MVS-B1"}),
        (8, {"MVS-A1", "MVS-B1"}),
    ],
)
def test_who_loses_supply_when_a_link_of_the_ring_is_missing(missing, consumers):
    plan = ring_plan(*(r for i, r in enumerate(RING) if i != missing))
    assert {f.where for f in broken(plan)} == consumers | {"site"}


def test_a_ring_stays_in_its_block_and_on_its_intake():
    def other_block(tree):
        item(tree["connected"]["equipment"], tag="TRF-01")["block"] = 2

    assert {f.where for f in broken(damaged(ring_plan(), other_block))} == {"TRF-01", "TRF-02", "site"}

    def other_intake(tree):  # TRF-02 is to hang on the other intake, which no run of side A reaches
        feeds = tree["connected"]["feeds"]
        next(f for f in feeds if f["consumer"] == "TRF-02" and f["side"] == "A")["suppliers"] = ["MVS-B1"]

    assert {f.where for f in broken(damaged(ring_plan(), other_intake))} == {"TRF-02", "site"}


def test_no_more_runs_than_outgoing_ways():
    second = a_run("TRF-02", "MVS-A1", "A", (30_000, 20_500), (26_000, 20_500), (26_000, 12_500), carrier="mv_ac")
    third = a_run("TRF-01", "MVS-A1", "B", (20_000, 20_500), (20_000, 12_500), carrier="mv_ac")
    assert not broken(ring_plan(*RING, second))
    over = [f for f in broken(ring_plan(*RING, second, third)) if f.where == "MVS-A1"]
    assert [(f.actual, f.limit, f.sense) for f in over] == [(3, 2, "<=")]


def test_standby_power_runs_as_such_and_on_the_side_of_its_intake():
    for index, change in ((6, {"carrier": "utility_mv"}), (7, {"side": "A"}), (5, {"side": "A"})):
        plan = ring_plan(*(r.model_copy(update=change) if i == index else r for i, r in enumerate(RING)))
        assert {f.where for f in broken(plan)} == {RING[index].start, "site"}
    # The tie between the sets is one bus for both intakes, whichever side it lies on.
    tied = ring_plan(*RING[:8], RING[8].model_copy(update={"side": "B"}))
    assert not broken(tied)


@pytest.mark.parametrize(("along_mm", "kept"), [(17_000, True), (17_001, False)])
def test_one_dig_does_not_cut_the_supply_of_both_intakes(along_mm, kept):
    # B takes 8 + 26 + 1 + 1 = 36 m, of which it lies in the line of A for the last metre and `along_mm`.
    # At most half, 18 m, may be shared: 17 m of this line, and the metre.
    turn = 60_000 - along_mm
    path = ((34_000, 10_000), (34_000, 2000), (turn, 2000), (turn, 1000), (60_000, 1000), (60_000, 0))
    b = a_run("MVS-B1", GRID, "B", *path, carrier="utility_mv")
    found = broken(ring_plan(*RING[:5], b, *RING[6:]))
    assert [f.where for f in found] == ([] if kept else ["MVS-A1", "site"])
    if not kept:
        assert "utility_mv" in found[0].text
    assert "share" in runs.check(ring_plan())[4].text


def test_a_lone_intake_keeps_utility_on_a_and_standby_on_b():
    def lone(tree):
        connected = tree["connected"]
        connected["equipment"] = [e for e in connected["equipment"] if e["tag"] != "MVS-B1"]
        connected["feeds"] = [
            f for f in connected["feeds"] if "MVS-B1" not in (f["consumer"], *f["suppliers"])
        ]  # fmt: skip
        tree["placed"]["positions"] = [p for p in tree["placed"]["positions"] if p["tag"] != "MVS-B1"]
        tree["routed"]["runs"] = [r for r in tree["routed"]["runs"] if "MVS-B1" not in (r["start"], r["end"])]

    plan = damaged(ring_plan(), lone)
    assert {f.where for f in broken(plan)} == {"MVS-A1", "site"}
    runs_of = plan.routed.runs
    moved = tuple(r.model_copy(update={"side": "B"}) if r.end == "GEN-01" else r for r in runs_of)
    assert not broken(plan.model_copy(update={"routed": Routed(runs=moved)}))

"""The bill on a plan written by hand; the arithmetic stands in the comments."""

from datetime import date
from decimal import Decimal

import pytest
from billed import PUMPS, equipment, the_plan
from build import MODULES, a_module

from prefab.bom import make_bom
from prefab.errors import AuditError
from prefab.plan import Connected, Plant, Scheduled, ScheduledTask
from prefab.results import Bom, BomLine
from prefab.units import money


def line_of(bom: Bom, find: str) -> BomLine:
    return next(line for line in bom.lines if line.find == find)


def test_levels_and_quantities() -> None:
    bom = make_bom(the_plan())
    assert [(line.find, line.level, line.parent, line.part) for line in bom.lines] == [
        ("1", 1, "", "SYS.SITE"),
        ("1.1", 2, "1", "GEN-2000"),
        ("1.2", 2, "1", "MVS-10"),
        ("2", 1, "", "SYS.BLOCK.1"),
        ("2.1", 2, "2", "POD-1000"),
        ("2.2", 2, "2", "PMP-77"),
        ("2.2.1", 3, "2.2", "PMP-77.1"),
        ("2.2.2", 3, "2.2", "PMP-77.2"),
        ("2.2.3", 3, "2.2", "PMP-77.3"),
    ]
    block, pumps, hose = line_of(bom, "2"), line_of(bom, "2.2"), line_of(bom, "2.2.2")
    assert (block.quantity_per_parent, block.quantity, block.phase_quantities) == (3, 3, (1, 2))
    assert line_of(bom, "1").phase_quantities == (1, 0)
    # 3 + 1 a block; 3 blocks, of which 1 in phase One.
    assert (pumps.quantity_per_parent, pumps.quantity, pumps.phase_quantities) == (4, 12, (4, 8))
    # 1.5 m in each of 12 modules.
    assert (hose.quantity_per_parent, hose.quantity, hose.phase_quantities) == (Decimal("1.5"), 18, (6, 12))
    assert (hose.unit, hose.unit_price_usd, hose.basis) == ("m", 0, "included")
    generators, switchgear = line_of(bom, "1.1"), line_of(bom, "1.2")
    assert (generators.quantity_per_parent, generators.quantity, generators.phase_quantities) == (3, 3, (2, 1))
    assert (switchgear.quantity, switchgear.phase_quantities) == (2, (2, 0))
    assert bom.phase_names == ("One", "Two")


def test_money_is_rounded_per_line_and_totals_are_sums_of_lines() -> None:
    bom = make_bom(the_plan())
    pumps = line_of(bom, "2.2")
    # 1234.565 is 1234.57 half-up; x 12 = 14,814.84.
    assert (pumps.unit_price_usd, pumps.extended_usd) == (Decimal("1234.57"), Decimal("14814.84"))
    # 3 x 100,000 + 2 x 100,000 + 6 x 1,000,000 + 14,814.84.
    assert bom.modules_usd == Decimal("6514814.84")
    assert bom.modules_usd == sum(line.extended_usd for line in bom.lines)
    costs = {c.key: c.amount_usd for c in bom.costs}
    assert costs["freight"] == Decimal("325740.74")  # 5 % is 325,740.742
    assert costs["installation"] == Decimal("651481.48")  # 10 % is 651,481.484
    assert costs["engineering"] == Decimal("325740.74")
    assert costs["commissioning"] == Decimal("130296.30")  # 2 % is 130,296.2968
    # 10 % of 6,514,814.84 + 325,740.74 + 651,481.48 + 325,740.74 + 130,296.30 = 7,948,074.10.
    assert costs["contingency"] == Decimal("794807.41")
    assert bom.total_usd == Decimal("8742881.51")
    assert bom.cables_usd == 0


def test_low_and_high_come_from_the_price_range_or_the_accuracy() -> None:
    bom = make_bom(the_plan())
    pumps, pods = line_of(bom, "2.2"), line_of(bom, "2.1")
    assert (pumps.low_usd, pumps.high_usd) == (12_000, 24_000)  # 12 x 1,000 and 12 x 2,000 by provenance
    assert (pods.low_usd, pods.high_usd) == (4_800_000, 7_200_000)  # no range: 20 % either way
    assert (pumps.basis, pods.basis) == ("fact", "judgement")
    # Low modules: 5 x 80,000 + 4,800,000 + 12,000 = 5,212,000; shares 5 + 10 + 5 + 2 % = 22 %; contingency 10 %.
    assert bom.low_usd == money(5_212_000 * 1.22 * 1.1)
    # High modules: 5 x 120,000 + 7,200,000 + 24,000 = 7,824,000.
    assert bom.high_usd == money(7_824_000 * 1.22 * 1.1)
    assert bom.low_usd <= bom.total_usd <= bom.high_usd


def test_spares_are_rounded_up_once_for_the_site() -> None:
    spares = {s.part: (s.quantity, s.used_in) for s in make_bom(the_plan()).spares}
    # Pumps 12 x 2 x 0.1 = 2.4; valves 12 x 3 x 1.0; hoses have none.
    assert spares == {"PMP-77.1": (3, "PMP-77"), "PMP-77.3": (36, "PMP-77")}


def test_tags_are_listed_and_must_be_as_many_as_sized() -> None:
    connected = Connected(equipment=tuple(equipment()), feeds=())
    bom = make_bom(the_plan(connected=connected))
    assert line_of(bom, "1.1").tags == ("GEN-01", "GEN-02", "GEN-03")
    assert len(line_of(bom, "2.2").tags) == 12
    assert line_of(make_bom(the_plan()), "2.2").tags == ()
    missing = Connected(equipment=tuple(equipment()[1:]), feeds=())
    with pytest.raises(AuditError, match="GEN-2000"):
        make_bom(the_plan(connected=missing))


def test_order_dates_follow_the_schedule_or_else_the_first_phase_that_needs_them() -> None:
    # 20 weeks before 30 June 2028.
    unscheduled = make_bom(the_plan())
    assert line_of(unscheduled, "2.2").order_by == date(2028, 2, 11)
    assert line_of(unscheduled, "2").order_by is None
    connected = Connected(equipment=tuple(equipment()), feeds=())
    tasks = tuple(
        ScheduledTask(
            key=key, title="", subject="", stage="procurement", phase=0, start=start, finish=start, work_days=1
        )
        for key, start in (
            ("B03/procurement/PMP-77", date(2027, 5, 3)),
            ("B01/procurement/PMP-77", date(2027, 6, 1)),
            ("P1/procurement/GEN-2000", date(2027, 1, 4)),
            ("P1/procurement/PMP-77", date(2027, 1, 4)),
            ("P9/procurement/POD-1000", date(2027, 1, 4)),
        )
    )
    scheduled = Scheduled(tasks=tasks, status="optimal", objective_days=1, bound_days=1, holidays_version="0")
    bom = make_bom(the_plan(connected=connected, scheduled=scheduled))
    assert line_of(bom, "2.2").order_by == date(2027, 5, 3)
    assert line_of(bom, "1.1").order_by == date(2027, 1, 4)
    assert line_of(bom, "2.1").order_by == date(2028, 2, 11)  # no task of its own: as without a schedule


def test_part_numbers_are_short_and_unique_even_for_long_skus() -> None:
    parts = [{"name": f"Part {n}", "quantity": 1} for n in range(12)]
    gives = [{"carrier": "standby_mv", "capacity_kw": 10}]
    stem = "GEN-" + "X" * 25
    long = [a_module(f"{stem}{end}", "generator", prefix="GEN", gives=gives, parts=parts) for end in "12"]
    plan = the_plan(modules=(*MODULES, PUMPS, *long))
    plant = tuple(Plant(carrier="standby_mv", sku=m.sku, per_side=(1, 1)) for m in long)
    bom = make_bom(plan.model_copy(update={"sized": plan.sized.model_copy(update={"plant": plant})}))
    numbers = [line.part for line in bom.lines]
    assert max(map(len, numbers)) == 30
    # Twenty-eight characters and ".1" just fit, with ".10" they are cut and marked.
    edge = a_module("GEN-" + "X" * 24, "generator", prefix="GEN", gives=gives, parts=parts)
    fits = plan.model_copy(update={"modules": (*plan.modules, edge)})
    only = fits.sized.model_copy(update={"plant": (Plant(carrier="standby_mv", sku=edge.sku, per_side=(1, 1)),)})
    inner = [
        line.part for line in make_bom(fits.model_copy(update={"sized": only})).lines if line.find.startswith("1.1.")
    ]
    assert (inner[0], inner[9][:20], len(inner[9])) == (f"{edge.sku}.1", edge.sku[:20], 30)
    assert len(set(numbers)) == len(numbers)


def test_a_site_without_plant_begins_with_its_blocks() -> None:
    plan = the_plan()
    bare = plan.model_copy(update={"sized": plan.sized.model_copy(update={"plant": ()})})
    assert make_bom(bare).lines[0].part == "SYS.BLOCK.1"


def test_equal_plans_give_equal_bills() -> None:
    assert make_bom(the_plan()) == make_bom(the_plan())

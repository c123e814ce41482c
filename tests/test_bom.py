"""The bill on a plan written by hand; the arithmetic stands in the comments."""

from datetime import date
from decimal import Decimal

import pytest
from build import CARRIERS, MODULES, PROVENANCE, a_brief, a_module, a_plan

from prefab.bom import make_bom
from prefab.errors import AuditError
from prefab.materials import CableSeries, Laid, PipeSeries
from prefab.module import Module
from prefab.plan import (
    GRID,
    Area,
    BlockKind,
    Connected,
    Equipment,
    Group,
    Placed,
    Plan,
    Plant,
    Routed,
    Run,
    Scheduled,
    ScheduledTask,
    Sized,
)
from prefab.results import Bom, BomLine
from prefab.tables import validate
from prefab.units import money

PHASES = [
    {"name": "One", "it_mw": 2.0, "energised_by": date(2028, 6, 30)},
    {"name": "Two", "it_mw": 4.0, "energised_by": date(2029, 6, 29)},
]
PUMPS = a_module(
    "PMP-77",
    "pump",
    price_usd=1234.565,
    gives=[{"carrier": "facility_water", "capacity_kw": 10}],
    parts=[
        {"name": "Pump", "quantity": 2, "spare_frac": 0.1},
        {"name": "Hose", "quantity": 1.5, "unit": "m"},
        {"name": "Valve", "quantity": 3, "spare_frac": 1.0},
    ],
    provenance=[
        *PROVENANCE,
        {"of": "price.amount", "source": "made-up", "basis": "fact", "low": 1000.0, "high": 2000.0},
    ],
)


def the_plan(modules: tuple[Module, ...] = (*MODULES, PUMPS), **more: object) -> Plan:
    """One kind of block (2 pods, 3 pumps on one loop and 1 on another) x 1 and 2 more; generators 2 and 1 more."""
    kind = BlockKind(
        name="a",
        pod="POD-1000",
        pods=2,
        groups=(
            Group(carrier="facility_water", sku="PMP-77", per_side=3, supply_degc=36.0),
            Group(carrier="facility_water", sku="PMP-77", per_side=1, supply_degc=20.0),
        ),
    )
    sized = Sized(
        kinds=(kind,),
        blocks=((1, 3),),
        plant=(
            Plant(carrier="standby_mv", sku="GEN-2000", per_side=(2, 3)),
            Plant(carrier="mv_ac", sku="MVS-10", sides=2, per_side=(1, 1)),
        ),
        status="optimal",
        objective_kusd=1,
        bound_kusd=1,
        parameters="by hand",
    )
    return a_plan(a_brief(phases=PHASES), modules, sized).model_copy(update=more)


def equipment() -> list[Equipment]:
    """What `the_plan` counts, with tags."""
    found = [
        Equipment(tag=f"GEN-0{n}", sku="GEN-2000", block=0, phase=0 if n < 3 else 1, carrier="standby_mv")
        for n in (1, 2, 3)
    ]
    found += [Equipment(tag=f"MVS-{s}1", sku="MVS-10", block=0, phase=0, carrier="mv_ac", side=s) for s in ("A", "B")]
    for block, phase in ((1, 0), (2, 1), (3, 1)):
        for prefix, sku, carrier, count in (("POD", "POD-1000", "it", 2), ("PMP", "PMP-77", "facility_water", 4)):
            found += [
                Equipment(tag=f"B0{block}-{prefix}-0{n}", sku=sku, block=block, kind="a", phase=phase, carrier=carrier)
                for n in range(1, count + 1)
            ]
    return found


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


def test_runs_are_added_up_by_carrier_and_families_and_land_by_purpose() -> None:
    connected = Connected(equipment=tuple(equipment()), feeds=())

    def run(start: str, end: str, carrier: str, length_mm: int) -> Run:
        points = ((0, 0), (length_mm, 0))
        return Run(start=start, end=end, carrier=carrier, side="A", points_mm=points, length_mm=length_mm)

    routed = Routed(
        runs=(
            run("MVS-A1", "B01-POD-01", "mv_ac", 10_500),
            run("MVS-B1", "B01-POD-02", "mv_ac", 20_005),
            run(GRID, "MVS-A1", "utility_mv", 7_000),
        )
    )
    areas = (
        Area(name="road", purpose="road", x_mm=0, y_mm=0, width_mm=100_000, depth_mm=6_000),
        Area(name="B01", purpose="block", x_mm=0, y_mm=0, width_mm=30_000, depth_mm=20_000),
        Area(name="yard", purpose="yard", x_mm=0, y_mm=0, width_mm=10_000, depth_mm=10_000),
    )
    priced = tuple(c.model_copy(update={"run_usd_per_m": 100.0 if c.key == "mv_ac" else 0.0}) for c in CARRIERS)
    plan = the_plan(connected=connected, routed=routed, placed=Placed(positions=(), areas=areas), carriers=priced)
    bom = make_bom(plan)
    lines = {c.title: (c.runs_count, c.length_m, c.extended_usd) for c in bom.cables}
    # 10.5 + 20.005 m at 100 $/m; the utility's own run has no price here.
    assert lines == {
        "mv ac: intake to it pod": (2, Decimal("30.505"), Decimal("3050.50")),
        "utility mv: utility to intake": (1, Decimal("7"), 0),
    }
    costs = {c.key: c for c in bom.costs}
    assert costs["civil"].amount_usd == 140_000  # 600 + 100 m2 at 200 $
    assert costs["road"].amount_usd == 48_000  # 600 m2 at 80 $
    assert bom.total_usd == bom.modules_usd + bom.cables_usd + sum(c.amount_usd for c in bom.costs)
    # Area and runs vary by 20 %: shares as before, then contingency on everything.
    low = (5_212_000 * 1.22 + (140_000 + 48_000 + 3050.50) * 0.8) * 1.1
    assert bom.low_usd == money(low)
    high = (7_824_000 * 1.22 + (140_000 + 48_000 + 3050.50) * 1.2) * 1.1
    assert bom.high_usd == money(high)


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


def _stretch(start: str, end: str, carrier: str, length_m: int) -> Run:
    points = ((0, 0), (length_m * 1000, 0))
    return Run(start=start, end=end, carrier=carrier, side="A", points_mm=points, length_mm=length_m * 1000)


def _cabled(*runs: Run, **change: object) -> dict[str, tuple[Decimal, Decimal]]:
    """Price per metre and sum by title; every carrier costs 100 $/m and has the given keys."""
    stood = {"UPS-01": "UPS-800", "UPS-02": "UPS-800", "PMP-01": "PMP-1000", "DRY-01": "DRY-1000", "CHL-01": "CHL-400",
             "TRF-01": "TRF-1000"}  # fmt: skip
    more = [Equipment(tag=t, sku=sku, block=9, kind="x", phase=0, carrier="it") for t, sku in stood.items()]
    connected = Connected(equipment=(*equipment(), *more), feeds=())
    priced = tuple(c.model_copy(update={"run_usd_per_m": 100.0, **change}) for c in CARRIERS)
    bom = make_bom(the_plan(connected=connected, routed=Routed(runs=runs), carriers=priced))
    return {c.title: (c.unit_price_usd, c.extended_usd) for c in bom.cables}


def test_small_loads_hang_on_small_cables() -> None:
    found = _cabled(
        _stretch("PMP-01", "UPS-01", "critical_ac", 10),  # 1 % of 1,000 kW
        _stretch("UPS-01", "B01-POD-01", "critical_ac", 10),  # 1,100 kW, whichever end comes first
        _stretch("UPS-01", "UPS-02", "critical_ac", 10),  # the bus
        _stretch("DRY-01", "TRF-01", "lv_ac", 10),  # fans of 40 kW
        _stretch("CHL-01", "TRF-01", "lv_ac", 10),  # 15 kW of fans and 400 / 3 kW of compressors
        branch_max_kw=40.0,
        branch_usd_per_m=5.0,
    )
    assert found == {
        "critical ac: power to it pod": (100, 1000),
        "critical ac: power to power": (100, 1000),
        "critical ac: pump to power, small loads": (5, 50),
        "lv ac: heat rejection to transformer": (100, 1000),
        "lv ac: heat rejection to transformer, small loads": (5, 50),
    }


def test_a_large_load_takes_circuits_side_by_side() -> None:
    plan = the_plan()
    kv = plan.brief.grid.voltage_kv
    assert not plan.brief.grid.at_high_voltage
    most_a = 2100 / (3**0.5 * kv * plan.basis.power_factor)  # 2,100 kW
    found = _cabled(
        _stretch("MVS-A1", "GEN-01", "standby_mv", 10),  # 6,000 kW of three sets
        _stretch("GEN-01", "GEN-02", "standby_mv", 20),  # 4,000 kW
        _stretch("GEN-02", "GEN-03", "standby_mv", 30),  # 2,000 kW
        _stretch("TRF-01", "MVS-A1", "mv_ac", 10),  # 1,000 kVA
        _stretch(GRID, "MVS-A1", "utility_mv", 10),  # 10,000 kVA
        circuit_max_a=most_a,
    )
    of_intake = -int(-10_000 * plan.basis.power_factor // 2100)
    assert of_intake == 5
    assert found == {
        "standby mv: intake to generator, 3 circuits": (300, 3000),
        "standby mv: generator to generator, 2 circuits": (200, 4000),
        "standby mv: generator to generator": (100, 3000),
        "mv ac: transformer to intake": (100, 1000),
        "utility mv: utility to intake, 5 circuits": (500, 5000),
    }


def test_a_run_in_a_loop_is_one_circuit() -> None:
    loop = (("MVS-A1", "GEN-01"), ("GEN-01", "GEN-02"), ("GEN-02", "MVS-A1"))
    found = _cabled(*(_stretch(a, b, "standby_mv", 10) for a, b in loop), circuit_max_a=1.0)
    assert {price for price, _ in found.values()} == {100}


CABLES = validate(
    {
        "key": "c", "title": "Test", "conductor": "copper", "voltage_max_kv": 1.0, "cores": 1, "cables_per_circuit": 3,
        "method": "none", "grouped_frac": 1.0, "r_at_degc": 70, "laying_usd_per_m": 5, "as_of": "2026-06-30",
        "size": [
            {"section_mm2": 25, "ampacity_a": 60, "r_ohm_per_km": 0.8, "x_ohm_per_km": 0.1, "outer_diameter_mm": 10,
             "usd_per_m": 10},
            {"section_mm2": 300, "ampacity_a": 600, "r_ohm_per_km": 0.06, "x_ohm_per_km": 0.1, "outer_diameter_mm": 15,
             "usd_per_m": 60},
        ],
        "provenance": PROVENANCE,
    },
    CableSeries,
    "cables",
)  # fmt: skip
PIPES = validate(
    {
        "key": "p", "title": "Test", "material": "steel", "roughness_mm": 0.05, "temperature_max_degc": 90,
        "pressure_max_bar": 10, "carriers": ["heat_rejection"], "as_of": "2026-06-30",
        "size": [{"dn": 150, "bore_mm": 150, "velocity_max_m_per_s": 2, "usd_per_m": 200}],
        "provenance": PROVENANCE,
    },
    PipeSeries,
    "pipes",
)  # fmt: skip


def _laid(laid: Laid, *runs: Run, supply_degc: float | None = 30.0) -> dict[str, tuple[Decimal, Decimal]]:
    """Price per metre and sum by title, where cables and pipes may be chosen; carriers cost 100 $/m."""
    stood = {"UPS-01": "UPS-800", "UPS-02": "UPS-800", "PMP-01": "PMP-1000", "DRY-01": "DRY-1000"}
    more = [
        Equipment(tag=t, sku=sku, block=9, kind="x", phase=0, carrier="it", supply_degc=supply_degc)
        for t, sku in stood.items()
    ]
    connected = Connected(equipment=(*equipment(), *more), feeds=())
    water = {"run_usd_per_m": 100.0, "density_kg_per_l": 1.0, "heat_capacity_kj_per_kg_k": 4.18}
    priced = tuple(c.model_copy(update=water) for c in CARRIERS)
    bom = make_bom(the_plan(connected=connected, routed=Routed(runs=runs), carriers=priced, laid=laid))
    return {c.title: (c.unit_price_usd, c.extended_usd) for c in bom.cables}


def test_each_run_takes_the_cheapest_cables_that_carry_its_load() -> None:
    found = _laid(
        Laid(cables=(CABLES,)),
        _stretch("PMP-01", "UPS-01", "critical_ac", 10),  # 10 kW: 14.6 A at 415 V and 0.95
        _stretch("UPS-01", "B01-POD-01", "critical_ac", 10),  # the UPS sends 800 kW: 1,172 A of 600 A circuits
        _stretch("MVS-A1", "B01-POD-01", "mv_ac", 10),  # no such voltage among the cables
    )
    assert found == {
        "critical ac: pump to power, 3 x 25 mm² Cu": (35, 350),
        "critical ac: power to it pod, 2 circuits of 3 x 300 mm² Cu": (370, 3700),
        "mv ac: intake to it pod": (100, 1000),
    }


def test_a_bus_whose_load_is_not_known_keeps_the_price_of_its_carrier() -> None:
    loop = (("UPS-01", "UPS-02"), ("UPS-02", "B01-POD-01"), ("B01-POD-01", "UPS-01"))
    found = _laid(Laid(cables=(CABLES,)), *(_stretch(a, b, "critical_ac", 10) for a, b in loop))
    assert {price for price, _ in found.values()} == {100}


def test_each_loop_takes_the_cheapest_pipes_that_carry_its_heat() -> None:
    run = _stretch("PMP-01", "DRY-01", "heat_rejection", 10)
    rise_k = next(c.rise_k for c in CARRIERS if c.key == "heat_rejection")
    assert rise_k == 10
    found = _laid(Laid(pipes=(PIPES,)), run)
    # 1,000 kW at 10 K: about 24 L/s, of 35.3 L/s that 150 mm carry at 2 m/s.
    assert found == {"heat rejection: pump to heat rejection, 2 x DN150 steel": (400, 4000)}
    # Without a supply temperature nobody knows whether the pipe stands it.
    assert _laid(Laid(pipes=(PIPES,)), run, supply_degc=None) == {"heat rejection: pump to heat rejection": (100, 1000)}

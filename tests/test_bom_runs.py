"""What runs cost in the bill: by carrier, by the load that a run carries, or by the cables and pipes it takes."""

from decimal import Decimal

from billed import equipment, the_plan
from build import CARRIERS, PROVENANCE

from prefab.bom import make_bom
from prefab.materials import CableSeries, Laid, PipeSeries
from prefab.plan import GRID, Connected, Equipment
from prefab.site_layout import Area, Placed, Routed, Run
from prefab.tables import validate
from prefab.units import money


def _stretch(start: str, end: str, carrier: str, length_m: float) -> Run:
    length_mm = round(length_m * 1000)
    points = ((0, 0), (length_mm, 0))
    return Run(start=start, end=end, carrier=carrier, side="A", points_mm=points, length_mm=length_mm)


def _cabled(
    *runs: Run, laid: Laid | None = None, supply_degc: float | None = None, **change: object
) -> dict[str, tuple[Decimal, Decimal]]:
    """Price per metre and sum by title; every carrier costs 100 $/m and has the given keys."""
    stood = {"UPS-01": "UPS-800", "UPS-02": "UPS-800", "PMP-01": "PMP-1000", "DRY-01": "DRY-1000", "CHL-01": "CHL-400",
             "TRF-01": "TRF-1000"}  # fmt: skip
    more = [
        Equipment(tag=t, sku=sku, block=9, kind="x", phase=0, carrier="it", supply_degc=supply_degc)
        for t, sku in stood.items()
    ]
    connected = Connected(equipment=(*equipment(), *more), feeds=())
    priced = tuple(c.model_copy(update={"run_usd_per_m": 100.0, **change}) for c in CARRIERS)
    bom = make_bom(the_plan(connected=connected, routed=Routed(runs=runs), carriers=priced, laid=laid or Laid()))
    return {c.title: (c.unit_price_usd, c.extended_usd) for c in bom.cables}


def test_runs_are_added_up_by_carrier_and_families_and_land_by_purpose() -> None:
    connected = Connected(equipment=tuple(equipment()), feeds=())
    routed = Routed(
        runs=(
            _stretch("MVS-A1", "B01-POD-01", "mv_ac", 10.5),
            _stretch("MVS-B1", "B01-POD-02", "mv_ac", 20.005),
            _stretch(GRID, "MVS-A1", "utility_mv", 7),
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
    """The same where cables and pipes may be chosen; every carrier is water."""
    return _cabled(*runs, laid=laid, supply_degc=supply_degc, density_kg_per_l=1.0, heat_capacity_kj_per_kg_k=4.18)


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

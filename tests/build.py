"""Small hand-made catalogs, briefs and plans for the tests; numbers are round so that arithmetic fits in a comment."""

from datetime import date
from typing import Any

from prefab.basis import DesignBasis
from prefab.brief import SiteBrief
from prefab.carrier import Carrier
from prefab.catalog import Catalog
from prefab.climate import Climate
from prefab.costs import Costs
from prefab.market import Tariff
from prefab.module import Module
from prefab.plan import Connected, Plan, Sized
from prefab.provenance import Source
from prefab.tables import validate
from prefab.workload import Workload

PROVENANCE = [{"of": "*", "source": "made-up", "basis": "judgement"}]
DEPLOYMENT = {"lead_weeks": 20, "fat_days": 5, "transport_days": 5, "connect_days": 5, "start_up_days": 3}


def a_module(sku: str, family: str, **more: Any) -> Module:
    """A module with sensible defaults; `more` overrides or adds tables."""
    tree: dict[str, Any] = {
        "sku": sku,
        "family": family,
        "prefix": sku.partition("-")[0],
        "title": f"Test {family} {sku}",
        "length_mm": 6000,
        "width_mm": 2500,
        "height_mm": 3000,
        "mass_kg": 10_000,
        "clearance_mm": 1000,
        "deployment": DEPLOYMENT,
        "provenance": PROVENANCE,
    }
    tree |= more
    tree["price"] = {"amount": tree.pop("price_usd", 100_000), "as_of": "2026-06-30"}
    size = {key: tree[key] for key in ("length_mm", "width_mm", "height_mm", "mass_kg")}
    tree["transport"] = {"permit": "A", **size}
    if tree.get("stands") == "inside":
        tree |= {"stands": "inside:it_pod", "bay": "row"}
    return validate(tree, Module, sku)


def flat_losses(rated: float, frac: float) -> dict[str, Any]:
    """Loss in proportion to load, from none at no load."""
    return {"points": [[x, round(x * rated * frac, 6)] for x in (0.0, 0.25, 0.5, 0.75, 1.0)]}


POD = a_module(
    "POD-1000",
    "it_pod",
    price_usd=1_000_000,
    it={
        "accelerator": "T1", "accelerators_count": 500, "racks_count": 8, "nameplate_kw": 1200, "sustained_kw": 1000,
        "peak_kw": 1100, "measured_kw": 900, "idle_frac": 0.2,
    },
    gives=[{"carrier": "it", "capacity_kw": 1000}],
    needs=[
        {"carrier": "critical_ac", "connection": "dual", "kw_per_kw": 1.0},
        {"carrier": "coolant", "connection": "header", "kw_per_kw": 0.8, "supply_max_degc": 45, "return_max_degc": 55},
        {"carrier": "air_cooling", "connection": "header", "kw_per_kw": 0.2},
        {"carrier": "control", "connection": "dual", "units": 1},
        {"carrier": "lv_ac", "connection": "transfer", "kw_per_kw": 0.01},
    ],
)  # fmt: skip
CDU = a_module(
    "CDU-500",
    "cdu",
    stands="inside",
    gives=[{"carrier": "coolant", "capacity_kw": 500, "flow_max_lpm": 800}],
    needs=[
        {"carrier": "facility_water", "connection": "header", "through": True, "kw_per_kw": 0.01, "approach_k": 4},
        {"carrier": "critical_ac", "connection": "dual", "kw_per_kw": 0.01},
        {"carrier": "control", "connection": "dual", "units": 1},
    ],
)
FWU = a_module(
    "FWU-150",
    "air_cooling",
    stands="inside",
    gives=[{"carrier": "air_cooling", "capacity_kw": 150}],
    needs=[
        {
            "carrier": "facility_water", "connection": "header", "through": True, "kw_per_kw": 0.05,
            "supply_max_degc": 20,
        },
        {"carrier": "critical_ac", "connection": "dual", "kw_per_kw": 0.05},
        {"carrier": "control", "connection": "dual", "units": 1},
    ],
)  # fmt: skip
PMP = a_module(
    "PMP-1000",
    "pump",
    gives=[{"carrier": "facility_water", "capacity_kw": 1000}],
    needs=[
        {"carrier": "heat_rejection", "connection": "header", "through": True, "kw_per_kw": 0.01, "approach_k": 0},
        {"carrier": "critical_ac", "connection": "dual", "kw_per_kw": 0.01},
        {"carrier": "control", "connection": "dual", "units": 1},
    ],
)
REJECTS = [
    {"carrier": "lv_ac", "connection": "transfer"},
    {"carrier": "control", "connection": "dual", "units": 1},
]
DRY = a_module(
    "DRY-1000",
    "heat_rejection",
    gives=[{"carrier": "heat_rejection", "capacity_kw": 1000}],
    needs=REJECTS,
    rejection={
        "kind": "dry", "rated_dry_bulb_degc": 30, "rated_return_degc": 46, "rated_supply_degc": 36, "fan_kw": 40,
        "fan_floor_frac": 0.05, "approach_min_k": 5,
    },
)  # fmt: skip
CHL = a_module(
    "CHL-400",
    "heat_rejection",
    gives=[{"carrier": "heat_rejection", "capacity_kw": 400}],
    needs=REJECTS,
    rejection={
        "kind": "chiller", "rated_dry_bulb_degc": 35, "rated_return_degc": 30, "rated_supply_degc": 20, "fan_kw": 15,
        "fan_floor_frac": 0.1, "approach_min_k": 5, "cop": [[10, 8], [25, 6], [35, 4], [43, 3]],
        "capacity_frac": [[10, 1], [25, 1], [35, 1], [43, 0.75]],
    },
)  # fmt: skip
UPS = a_module(
    "UPS-800",
    "power",
    gives=[{"carrier": "critical_ac", "capacity_kw": 800, "parallel_max": 4}],
    needs=[{"carrier": "lv_ac", "connection": "unit", "through": True}],
    losses=flat_losses(800, 0.04),
    ups_battery={
        "energy_kwh": 150, "soc_min_frac": 0.1, "soc_max_frac": 0.9, "bidirectional": False, "end_of_life_frac": 0.8,
        "inverter_efficiency_frac": 0.96,
    },
)  # fmt: skip
TRF = a_module(
    "TRF-1000",
    "transformer",
    gives=[{"carrier": "lv_ac", "capacity_kva": 1000, "parallel_max": 1}],
    needs=[{"carrier": "mv_ac", "connection": "transfer", "through": True}],
    losses=flat_losses(1000, 0.01),
)
CTL = a_module(
    "CTL-20",
    "control",
    stands="inside",
    gives=[{"carrier": "control", "capacity_units": 20}],
    needs=[{"carrier": "critical_ac", "connection": "dual", "fixed_kw": 1.0}],
)
MVS = a_module(
    "MVS-10",
    "intake",
    gives=[{"carrier": "mv_ac", "capacity_kva": 10_000}],
    needs=[{"carrier": "utility_mv", "connection": "transfer", "through": True, "alternate": "standby_mv"}],
)
GEN = a_module(
    "GEN-2000",
    "generator",
    gives=[{"carrier": "standby_mv", "capacity_kw": 2000}],
    needs=[{"carrier": "fuel", "connection": "header"}],
    engine={
        "fuel": "diesel", "fuel_l_per_kwh": [[0.25, 0.3], [0.5, 0.25], [0.75, 0.25], [1.0, 0.25]], "belly_tank_l": 2000,
        "tank_usable_frac": 0.9, "start_s": 15,
    },
)  # fmt: skip
FTK = a_module("FTK-030", "fuel", gives=[{"carrier": "fuel", "capacity_l": 30_000}])
BES = a_module(
    "BES-4000",
    "battery",
    gives=[{"carrier": "mv_storage", "capacity_kw": 2000}],
    needs=[{"carrier": "mv_ac", "connection": "transfer", "fixed_kw": 5.0}],
    grid_battery={
        "energy_kwh": 4000, "power_kw": 2000, "round_trip_frac": 0.88, "soc_min_frac": 0.05, "soc_max_frac": 0.95,
        "bidirectional": True,
        "end_of_life_frac": 0.8, "standby_kw": 5.0,
    },
)  # fmt: skip
MODULES = (BES, CDU, CHL, CTL, DRY, FTK, FWU, GEN, MVS, PMP, POD, TRF, UPS)


def _carrier(key: str, medium: str, scope: str, redundancy: str, **more: Any) -> Carrier:
    tree = {"key": key, "title": key.replace("_", " "), "medium": medium, "scope": scope, "redundancy": redundancy}
    return validate({**tree, **more}, Carrier, key)


CARRIERS = (
    _carrier("air_cooling", "air", "block", "cooling"),
    _carrier("control", "signal", "block", "control"),
    _carrier(
        "coolant", "liquid", "block", "cooling", grades_degc=[40], density_kg_per_l=1.0116,
        heat_capacity_kj_per_kg_k=3.97,
    ),
    _carrier("critical_ac", "electric", "block", "power", group_max_kw=4300, autonomy=True),
    _carrier(
        "facility_water", "liquid", "block", "cooling", rise_k=10, density_kg_per_l=0.99,
        heat_capacity_kj_per_kg_k=4.18,
    ),
    _carrier("fuel", "fuel", "site", "none"),
    _carrier("heat_rejection", "heat", "block", "cooling", rise_k=10),
    _carrier("hv_ac", "electric", "site", "none", utility=True),
    _carrier("it", "it", "block", "none"),
    _carrier("lv_ac", "electric", "block", "power"),
    _carrier("mv_ac", "electric", "site", "intake"),
    _carrier("mv_storage", "electric", "site", "none"),
    _carrier("standby_mv", "electric", "site", "standby"),
    _carrier("utility_mv", "electric", "site", "main_transformers"),
)  # fmt: skip
CLIMATE = validate(
    {
        "key": "mild", "title": "Mild", "country": "SE", "latitude_deg": 59.0, "longitude_deg": 18.0,
        "elevation_m": 10.0, "utc_offset_h": 1.0,
        "dry_bulb_mean_degc": [0.0, 0, 3, 7, 12, 16, 18, 17, 12, 8, 4, 1],
        "dry_bulb_daily_max_degc": [2.0, 3, 7, 12, 17, 21, 23, 22, 16, 11, 6, 3],
        "dry_bulb_daily_min_degc": [-2.0, -3, -1, 2, 7, 11, 13, 12, 8, 5, 2, -1],
        "dry_bulb_day_sd_k": [2.0] * 12,
        "dew_point_mean_degc": [-3.0, -3, -2, 1, 5, 9, 12, 12, 9, 5, 2, -1],
        "dry_bulb_max_degc": 28.0, "dry_bulb_min_degc": -15.0, "wet_bulb_max_degc": 20.0, "provenance": PROVENANCE,
    },
    Climate,
    "mild",
)  # fmt: skip
WORKLOAD = validate(
    {
        "key": "chat", "title": "Chat", "purpose": "inference", "model": "M", "parameters_total_b": 100,
        "parameters_active_b": 10, "precision": "fp8", "accelerator": "T1", "published": "2026",
        "tokens_counted": "output tokens", "token_basis": "output", "tokenizer": "t", "input_tokens_mean": 1000,
        "output_tokens_mean": 200, "concurrency": "64", "latency_target": "50 ms", "between_tokens_ms": 50,
        "published_tokens_per_s": 1000, "realisation_frac": {"low": 0.3, "base": 0.5, "high": 0.7},
        "accelerator_w": 700, "idle_frac": 0.2, "spread_power_frac": [[0.1, 0.8], [0.3, 0.9], [0.6, 0.95], [1, 1]],
        "cap_exponent": {"low": 0.5, "base": 0.6, "high": 0.7}, "utilisation_frac": 0.8, "availability_frac": 0.99,
        "goodput_frac": 0.98, "profile": "level", "provenance": PROVENANCE,
        "week": {
            "key": "level", "title": "Level", "hours": "local", "weekday_frac": [1.0] * 24,
            "weekend_frac": [1.0] * 24, "provenance": PROVENANCE,
        },
    },
    Workload,
    "chat",
)  # fmt: skip
TARIFF = validate(
    {"key": "flat", "title": "Flat", "energy_usd_per_kwh": 0.08, "carbon_g_per_kwh": 40, "provenance": PROVENANCE},
    Tariff,
    "flat",
)
COSTS = validate(
    {
        "freight_frac": 0.05, "installation_frac": 0.1, "engineering_frac": 0.05, "commissioning_frac": 0.02,
        "contingency_frac": 0.1, "civil_usd_per_m2": 200, "road_usd_per_m2": 80, "price_accuracy_frac": 0.2,
        "provenance": PROVENANCE,
    },
    Costs,
    "costs",
)  # fmt: skip
BASIS = validate(
    {
        "power_factor": 0.95,
        "medium_voltage_kv": 20.0, "recirculation_k": 2.0, "pump_static_frac": 0.4, "coolant_flow_min_frac": 0.75,
        "fan_speed_min_frac": 0.6, "fuel_margin_frac": 0.1, "crane_crews_count": 1,
        "lifts_per_day_count": 3, "connection_crews_count": 2, "commissioning_crews_count": 1, "fat_bays_count": 2,
        "engineering_days": 40, "permit_days": 60, "grid_connection_days": 200, "civil_days_per_block": 10,
        "site_civil_days": 30, "site_acceptance_days": 2, "functional_test_days": 5, "integrated_test_days": 5,
        "road_width_mm": 6000, "road_reach_mm": 60_000, "run_slack_frac": 0.05, "riser_mm": 1500,
        "separation": [{"a": "*", "b": "*", "gap_mm": 0}], "provenance": PROVENANCE,
    },
    DesignBasis,
    "basis",
)  # fmt: skip
SOURCES = (validate({"key": "made-up", "title": "Made up for tests"}, Source, "source"),)


def a_catalog(modules: tuple[Module, ...] = MODULES, **more: Any) -> Catalog:
    """A catalog of the given modules; `more` replaces other entries."""
    return Catalog(
        modules=tuple(sorted(modules, key=lambda m: m.sku)),
        carriers=more.get("carriers", CARRIERS),
        climates=more.get("climates", (CLIMATE,)),
        workloads=(WORKLOAD,),
        tariffs=(TARIFF,),
        costs=COSTS,
        basis=more.get("basis", BASIS),
        sources=SOURCES,
    )


def a_brief(**more: Any) -> SiteBrief:
    """A one-phase brief of 1 MW; a table given in `more` is laid over the default table."""
    tree: dict[str, Any] = {
        "name": "Test site",
        "customer": "Test customer",
        "as_of": date(2026, 11, 23),
        "site": {"country": "SE", "climate": "mild", "width_m": 120.0, "depth_m": 120.0, "setback_m": 5.0},
        "it": {"workload": "chat"},
        "phases": [{"name": "One", "it_mw": 1.0, "energised_by": date(2029, 12, 31)}],
        "grid": {"capacity_mw": 3.0, "voltage_kv": 20.0, "tariff": "flat"},
        "redundancy": {"power": "N+1", "cooling": "N+1"},
        "autonomy": {"ups_min": 5.0, "generator_h": 24.0},
    }
    for key, value in more.items():
        tree[key] = {**tree[key], **value} if isinstance(tree.get(key), dict) else value
    return validate(tree, SiteBrief, "brief")


def a_plan(brief: SiteBrief, modules: tuple[Module, ...], sized: Sized, connected: Connected | None = None) -> Plan:
    """A plan of the entries above."""
    return Plan(
        program="prefab test",
        catalog_digest="0" * 64,
        brief=brief,
        modules=modules,
        carriers=CARRIERS,
        climate=CLIMATE,
        workload=WORKLOAD,
        tariff=TARIFF,
        costs=COSTS,
        basis=BASIS,
        sources=SOURCES,
        sized=sized,
        connected=connected,
    )

"""Every module of the shipped catalog is bought for some brief: nothing in it is there for show."""

from datetime import date
from typing import Any

import pytest
from build import a_brief

from prefab.catalog import load_catalog
from prefab.connecting import make_connected
from prefab.design import make_plan
from prefab.module import Module
from prefab.rules import SUPPLY
from prefab.sizing import make_sized
from prefab.solver import QUICK
from prefab.workload import StorageCard, cards_for

CATALOG = load_catalog()
STORED = {"storage": {"power_mw": 4.0, "duration_h": 2.0}}
# What of other families must be so that a module is the one to take, and what else the brief must ask for.
BESIDE: dict[str, tuple[str, ...]] = {
    "LIB-035": ("UPS-1250",),
    "LIB-2500": ("UPS-1600",),
    "EHS-0500": ("UPS-0500",),
    "EHS-1250": ("UPS-1000",),
    "EHS-2500": ("UPS-1600",),
    "TXO-4400": ("BES-5000-2H",),
    "PCS-2200": ("BES-2400-S",),
    "PCS-4400": ("BES-6250-2H",),
    "WTR-010": ("ADB-1000", "CHL-1500"),
    "WTR-030": ("ADB-2500", "CHL-1500"),
    "ADB-1000": ("CHL-1500",),
    "ADB-2500": ("CHL-1500",),
    "DRY-0800": ("CHL-1500",),
    "DRY-2900": ("CHL-1500",),
    "SST-2500": ("DCB-2500",),
    "DCB-2500": ("SST-2500",),
    "DCR-1100": ("DCB-2500",),
    "CHL-2100H": ("CHL-3000",),
}
PODS = {"DCR-0660": "ITK-2400", "DCR-1100": "ITK-2400", "SST-2500": "ITK-2400", "DCB-2500": "ITK-2400"}
PODS |= {"DCS-0800": "ITK-2400", "RDH-075": "ITA-344", "CDU-0140R": "ITC-080", "L2A-0200": "ITS-0559"}


def brief_for(sku: str) -> Any:
    """A brief of one or two pods in which nothing else of the module's family may be used."""
    module = CATALOG.module(sku)
    family = module.family
    pod = CATALOG.module(sku if module.it else PODS.get(sku, "ITL-1136"))
    assert pod.it is not None
    more: dict[str, Any] = {"grid": {"capacity_mw": 60.0, "voltage_kv": 20.0, "tariff": "us-tx-wholesale"}}
    if family in ("battery", "battery_conversion") or sku == "TXO-4400":
        more |= STORED
    if family == "supercapacitor":
        more["storage"] = {"smoothing_frac": 0.3}
    if family in ("main_transformer", "hv_bay"):
        more["grid"]["voltage_kv"] = {"HVB-245": 220.0, "HVB-420": 400.0}.get(sku, 132.0)
    if sku == "MVS-36":
        more["grid"]["voltage_kv"] = 33.0
    if sku.startswith("GAS"):
        more["autonomy"] = {"ups_min": 10.0, "generator_h": 8.0, "fuel": "gas"}
    if sku == "DCS-0800":
        more["autonomy"] = {"ups_min": 0.0, "generator_h": 8.0}
    if family == "dc_power" and sku != "DCS-0800":
        more["autonomy"] = {"ups_min": 1.0, "generator_h": 8.0}
    if family == "dc_power":
        more["redundancy"] = {"power": "N", "cooling": "N"}
    if family == "rotary_ups":
        more["limits"] = {"exclude": [m.sku for m in CATALOG.modules if m.family == "power"]}
    if sku == "CAP-020":
        more["storage"] = {"smoothing_frac": 0.1}
    pods = 3 if family == "cdu" and not PODS.get(sku) else 1
    first = max(m.lifecycle.first_order or date(2026, 11, 23) for m in (module, pod, CATALOG.module("SST-2500")))
    only = {sku, *BESIDE.get(sku, ())}
    if family == "busway":
        only = set()
    return a_brief(
        as_of=max(first, date(2026, 11, 23)),
        site={"country": _country(sku, pod.sku), "climate": "stockholm" if sku.startswith("DRY") else "leesburg"},
        **_asked(pod, pods),
        restrict={"only": sorted(only - {pod.sku}), "standards": ["IEC", "UL", "GB"]},
        **more,
    )


def _asked(pod: Module, pods: int) -> dict[str, Any]:
    """So many pods; where they make no tokens, beside one that does."""
    assert pod.it is not None
    card, mw = cards_for(CATALOG.cards, pod.it.accelerator)[0], pods * pod.it.sustained_kw / 1000
    it: dict[str, Any] = {"workload": card.key, "pods": [pod.sku]}
    phase: dict[str, Any] = {"name": "One", "it_mw": mw, "energised_by": "2034-12-31"}
    if isinstance(card, StorageCard):
        other = CATALOG.module("ITL-1136")
        assert other.it is not None
        first = {"workload": cards_for(CATALOG.workloads, other.it.accelerator)[0].key, "pods": [other.sku]}
        loads = {"tokens": other.it.sustained_kw / 1000, "store": mw}
        it = {"workload": None, "pods": [], "demand": [{"name": "tokens", **first}, {"name": "store", **it}]}
        phase |= {"it_mw": sum(loads.values()), "split": [{"demand": d, "it_mw": n} for d, n in loads.items()]}
    return {"it": it, "phases": [phase]}


def _country(*skus: str) -> str:
    """One in which all of them are offered."""
    wanted = [CATALOG.module(sku).certification.regions for sku in skus]
    found = [c.code for c in CATALOG.countries if all(not regions or c.region in regions for regions in wanted)]
    return "US" if "US" in found else found[0]


@pytest.mark.slow
@pytest.mark.parametrize("sku", [m.sku for m in CATALOG.modules if m.stands != "per_metre"])
def test_is_bought_and_keeps_every_rule(sku):
    brief = brief_for(sku)
    sized = make_sized(brief, CATALOG, QUICK)
    plan = make_plan(brief, CATALOG, sized, make_connected(brief, CATALOG, sized))
    assert sku in {e.sku for e in plan.connected.equipment}
    assert [f for rule in SUPPLY for f in rule.check(plan) if not f.kept] == []

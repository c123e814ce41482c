"""Plans in which modules stand where a test puts them."""

from collections.abc import Mapping, Sequence

from build import BASIS, a_brief, a_module
from wired import hand_wired_plan

from prefab.basis import DesignBasis, Separation
from prefab.module import Module
from prefab.plan import Connected, Equipment, Plan
from prefab.site_layout import Area, Placed, Position

GATE_ROAD = Area(name="Road 1", purpose="road", x_mm=57_000, y_mm=0, width_mm=6000, depth_mm=100_000)
"""North from the middle of the south edge of the 120 m x 120 m test site."""


def thing(sku: str, **more: object) -> Module:
    """A module of 6.0 m x 2.5 m that gives and needs nothing of interest; clearance 1 m."""
    return a_module(sku, "pump", gives=[{"carrier": "facility_water", "capacity_kw": 1000}], **more)


def apart(*rules: tuple[str, str, int]) -> DesignBasis:
    """The test basis with these separations."""
    return BASIS.model_copy(update={"separation": tuple(Separation(a=a, b=b, gap_mm=gap) for a, b, gap in rules)})


def placed_plan(
    stands: Mapping[str, tuple[Module, int, int]],
    turned: Sequence[str] = (),
    areas: tuple[Area, ...] = (GATE_ROAD,),
    basis: DesignBasis = BASIS,
    **brief: object,
) -> Plan:
    """A plan of block 1 in which each tag's module has its south-west corner at a place."""
    modules = {m.sku: m for m, _, _ in stands.values()}
    equipment = tuple(
        Equipment(tag=tag, sku=m.sku, block=1, kind="a", phase=0, carrier=m.gives[0].carrier)
        for tag, (m, _, _) in stands.items()
    )
    positions = tuple(
        Position(tag=tag, x_mm=x, y_mm=y, turned=tag in turned)
        for tag, (m, x, y) in stands.items()
        if m.stands == "site"
    )
    return hand_wired_plan().model_copy(
        update={
            "brief": a_brief(**brief),
            "basis": basis,
            "modules": tuple(modules[sku] for sku in sorted(modules)),
            "connected": Connected(equipment=equipment, feeds=()),
            "placed": Placed(positions=positions, areas=areas),
        }
    )


def moved(plan: Plan, which: str, **change: object) -> Plan:
    """The plan with one position changed."""
    assert plan.placed is not None
    positions = tuple(p.model_copy(update=change) if p.tag == which else p for p in plan.placed.positions)
    return plan.model_copy(update={"placed": plan.placed.model_copy(update={"positions": positions})})

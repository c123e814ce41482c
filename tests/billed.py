"""The plan written by hand whose bill the tests work out, and its equipment with tags."""

from datetime import date

from build import MODULES, PROVENANCE, a_brief, a_module, a_plan

from prefab.module import Module
from prefab.plan import BlockKind, Equipment, Group, Plan, Plant, Sized

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
        objective_usd=1,
        bound_usd=1,
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

"""A plan of one or two 1 MW blocks, every module and feed written out by hand: no part of the program wires it."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from build import MODULES, POD, a_brief, a_module, a_plan

from prefab.brief import DemandLoad
from prefab.demands import It, ItDemand
from prefab.module import Module
from prefab.plan import GRID, BlockKind, Connected, Equipment, Feed, Group, Plan, Plant, Sized

WARM, COLD = 36.0, 20.0
BLOCK_GROUPS = (
    # carrier, SKU, sides, per side, supply temperature, unit for
    ("coolant", "CDU-500", 1, 3, 40.0, None),  # 800 kW / 500 = 2, and 1 spare
    ("air_cooling", "FWU-150", 1, 3, None, None),  # 200 kW / 150 = 2, and 1 spare
    ("facility_water", "PMP-1000", 1, 2, WARM, None),  # 808 kW: 1, and 1 spare
    ("facility_water", "PMP-1000", 1, 2, COLD, None),  # 210 kW: 1, and 1 spare
    ("heat_rejection", "DRY-1000", 1, 2, WARM, None),  # 816 kW: 1, and 1 spare
    ("heat_rejection", "CHL-400", 1, 2, COLD, None),  # 212 kW: 1, and 1 spare
    ("control", "CTL-20", 2, 1, None, None),  # 15 points a side
    ("critical_ac", "UPS-800", 1, 3, None, None),  # about 1,130 kW: 2, and 1 spare
    ("lv_ac", "TRF-1000", 1, 3, None, "critical_ac"),
    ("lv_ac", "TRF-1000", 2, 1, None, None),
)


def hand_wired_plan(blocks: int = 1, **more: Any) -> Plan:
    """Blocks of one 1 MW pod with everything N+1 and their plant, every feed written out here by hand.

    Each block stands in a phase of its own, with one more generator; the other plant is shared from phase One.
    """
    if blocks > 1:
        dates = [date(2029 + n, 12, 31) for n in range(blocks)]
        names = ("One", "Two", "Three")
        phases = [{"name": n, "it_mw": 1.0, "energised_by": d} for n, d in zip(names, dates, strict=False)]
        more = {"phases": phases, **more}
    brief = a_brief(**more)
    groups = tuple(
        Group(carrier=c, sku=s, sides=sides, per_side=n, supply_degc=t, unit_for=u)
        for c, s, sides, n, t, u in BLOCK_GROUPS
    )
    numbers = range(1, blocks + 1)
    sets = [f"GEN-0{i}" for i in range(1, blocks + 2)]
    equipment: list[Equipment] = [
        _at_site("MVS-A1", "MVS-10", "mv_ac", "A"),
        _at_site("MVS-B1", "MVS-10", "mv_ac", "B"),
    ]
    equipment += [_at_site(tag, "GEN-2000", "standby_mv", "A", max(0, i - 1)) for i, tag in enumerate(sets)]
    equipment.append(_at_site("FTK-01", "FTK-030", "fuel", "A"))
    equipment += [e for number in numbers for e in _block_equipment(number)]
    feeds = [f for number in numbers for f in _block_feeds(number)]
    for tag in ("MVS-A1", "MVS-B1"):
        feeds += [_feed(tag, "utility_mv", GRID), _feed(tag, "utility_mv", *sets, side="B")]
    feeds += [_feed(tag, "fuel", "FTK-01") for tag in sets]

    # Block: pod 1,000; 3+3+4+2+2+2+3+5 = 24 modules at 100 k$; both x 1.15. Plant: MVS A and B, GEN, 1 FTK.
    total_usd = 1000 * (blocks * round((1000 + 24 * 100) * 1.15) + 230 + len(sets) * 115 + 115)
    sized = Sized(
        kinds=(BlockKind(name="a", pod="POD-1000", pods=1, groups=groups),),
        blocks=(tuple(numbers),),
        plant=(
            Plant(carrier="mv_ac", sku="MVS-10", sides=2, per_side=(1,) * blocks),
            Plant(carrier="standby_mv", sku="GEN-2000", per_side=tuple(n + 1 for n in numbers)),
            Plant(carrier="fuel", sku="FTK-030", per_side=(1,) * blocks),
        ),
        intakes=(1,) * blocks,
        status="optimal",
        objective_usd=total_usd,
        bound_usd=total_usd,
        parameters="by hand",
    )
    used = {e.sku for e in equipment}
    modules = tuple(m for m in MODULES if m.sku in used)
    return a_plan(brief, modules, sized, Connected(equipment=tuple(equipment), feeds=tuple(feeds)))


def with_two_demands(plan: Plan, **card: Any) -> Plan:
    """A plan of two phases of one block each, as one of two IT demands: `ask` first and `learn` second; `card` is laid
    over the card of the second."""
    demand = tuple(ItDemand(name=name, workload="chat") for name in ("ask", "learn"))
    phases = tuple(
        p.model_copy(update={"split": (DemandLoad(demand=d.name, it_mw=p.it_mw),)})
        for p, d in zip(plan.brief.phases, demand, strict=True)
    )
    kinds = [
        plan.sized.kinds[0].model_copy(update={"name": n, "demand": d.name}) for n, d in zip("ab", demand, strict=True)
    ]
    assert plan.connected is not None
    moved = tuple(e.model_copy(update={"kind": "b"}) if e.block == 2 else e for e in plan.connected.equipment)
    return plan.model_copy(
        update={
            "brief": plan.brief.model_copy(update={"it": It(demand=demand), "phases": phases}),
            "further_workloads": (plan.workload.model_copy(update=card),),
            "sized": plan.sized.model_copy(update={"kinds": tuple(kinds), "blocks": ((1, 1), (0, 1))}),
            "connected": plan.connected.model_copy(update={"equipment": moved}),
        }
    )


def _block_equipment(number: int) -> list[Equipment]:
    skus = {m.prefix: m.sku for m in MODULES}

    def stand(carrier: str, *tags: str, **more: Any) -> list[Equipment]:
        return [
            Equipment(
                tag=f"B0{number}-{tag}", sku=skus[tag[:3]], block=number, kind="a", phase=number - 1, carrier=carrier,
                side="B" if tag.endswith("-B1") else "A", **more,
            )
            for tag in tags
        ]  # fmt: skip

    return [
        *stand("it", "POD-01"),
        *stand("coolant", "CDU-01", "CDU-02", "CDU-03", supply_degc=40.0),
        *stand("air_cooling", "FWU-01", "FWU-02", "FWU-03"),
        *stand("facility_water", "PMP-01", "PMP-02", supply_degc=WARM),
        *stand("facility_water", "PMP-03", "PMP-04", supply_degc=COLD),
        *stand("heat_rejection", "DRY-01", "DRY-02", supply_degc=WARM),
        *stand("heat_rejection", "CHL-01", "CHL-02", supply_degc=COLD),
        *stand("critical_ac", "UPS-01", "UPS-02", "UPS-03"),
        *stand("control", "CTL-A1", "CTL-B1"),
        *stand("lv_ac", "TRF-01", "TRF-02", "TRF-03", unit_for="critical_ac"),
        *stand("lv_ac", "TRF-A1", "TRF-B1"),
    ]


def _block_feeds(number: int) -> list[Feed]:
    feeds: list[Feed] = []

    def named(tag: str) -> str:
        return f"B0{number}-{tag}"

    def feed(consumer: str, carrier: str, *suppliers: str) -> None:
        feeds.append(_feed(named(consumer), carrier, *map(named, suppliers)))

    def from_both(consumer: str, carrier: str, name: str) -> None:
        feeds.extend(_feed(named(consumer), carrier, f"{name}-{side}1", side=side) for side in ("A", "B"))

    cooled, pumps = ["CDU-01", "CDU-02", "CDU-03", "FWU-01", "FWU-02", "FWU-03"], [f"PMP-0{i}" for i in (1, 2, 3, 4)]
    feed("POD-01", "coolant", "CDU-01", "CDU-02", "CDU-03")
    feed("POD-01", "air_cooling", "FWU-01", "FWU-02", "FWU-03")
    from_both("POD-01", "lv_ac", named("TRF"))
    for tag in ["POD-01", *cooled, *pumps, "CTL-A1", "CTL-B1"]:
        feed(tag, "critical_ac", "UPS-01", "UPS-02", "UPS-03")
    for tag in ["POD-01", *cooled, *pumps, "DRY-01", "DRY-02", "CHL-01", "CHL-02"]:
        from_both(tag, "control", named("CTL"))
    for tag in cooled:
        feed(tag, "facility_water", *(("PMP-01", "PMP-02") if tag.startswith("CDU") else ("PMP-03", "PMP-04")))
    for tag, kind in zip(pumps, ("DRY", "DRY", "CHL", "CHL"), strict=True):
        feed(tag, "heat_rejection", f"{kind}-01", f"{kind}-02")
    for tag in ("DRY-01", "DRY-02", "CHL-01", "CHL-02"):
        from_both(tag, "lv_ac", named("TRF"))
    for i in (1, 2, 3):
        feed(f"UPS-0{i}", "lv_ac", f"TRF-0{i}")
    for name in ("01", "02", "03", "A1", "B1"):
        from_both(f"TRF-{name}", "mv_ac", "MVS")
    return feeds


def _feed(consumer: str, carrier: str, *suppliers: str, side: str = "A") -> Feed:
    return Feed(consumer=consumer, carrier=carrier, side=side, suppliers=suppliers)  # type: ignore[arg-type]


def _at_site(tag: str, sku: str, carrier: str, side: str, phase: int = 0) -> Equipment:
    return Equipment(tag=tag, sku=sku, block=0, phase=phase, carrier=carrier, side=side)  # type: ignore[arg-type]


CRITICAL = "critical_ac"


def systems_plan(
    level: str,
    loads: Sequence[tuple[float, str]],
    systems: str,
    modules: int = 1,
    rating_kw: float = 1000.0,
    later: str = "",
    carries: bool = False,
    fans: Sequence[str] = (),
    at_rating: bool = False,
) -> Plan:
    """One block of pods on lossless UPS systems, which need nothing: only what the systems carry matters.

    `loads` are the pods' peaks in kW with the systems of their cords, `AB` or `A`; each of the `systems` has so many
    `modules` of `rating_kw`. Those `later` are delivered in a second phase. The second cord of a catcher takes over,
    unless it `carries`. With `fans`, given by their cords, a fifth of every pod's power is heat in air, shared by all
    of them; each takes a fifth of the 500 kW it is rated for, or of what it moves if not `at_rating`.
    """
    phases = [{"name": "One", "it_mw": 0.1, "energised_by": date(2029, 12, 31)}]
    if later:
        phases.append({"name": "Two", "it_mw": 0.1, "energised_by": date(2030, 12, 31)})
    brief = a_brief(
        phases=phases,
        redundancy={
            "power": level,
            **dict.fromkeys(("cooling", "control", "intake", "standby"), "N"),
            "scope": {"air_cooling": "block"},
        },
        autonomy={"ups_min": 5.0, "generator_h": 0.0},
    )
    supply = {"carrier": "utility_mv", "connection": "header", "through": True}
    ups = a_module("UPS-X", "power", gives=[{"carrier": CRITICAL, "capacity_kw": rating_kw}], needs=[supply])
    tags = {s: tuple(f"B01-UPS-{s}{n}" for n in range(1, modules + 1)) for s in systems}
    equipment, feeds, pods = [], [], []
    consumers = []
    for number, (peak_kw, cords) in enumerate(loads, 1):
        tag = f"B01-POD-{number:02d}"
        pods.append(_load(f"POD-{number}", peak_kw, 0.2 if fans else 0.0))
        equipment.append(_of_block(tag, f"POD-{number}", "A", 0, "it"))
        consumers.append((tag, cords))
    blowing = tuple(f"B01-FAN-{number:02d}" for number in range(1, len(fans) + 1))
    equipment += [_of_block(tag, "FAN-500", "A", 0, "air_cooling") for tag in blowing]
    feeds += [_feed(tag, "air_cooling", *blowing) for tag, _ in consumers if fans]
    for tag, cords in (*consumers, *zip(blowing, fans, strict=True)):
        for side, cord in zip("AB", cords, strict=False):
            feed = _feed(tag, CRITICAL, *tags[cord], side=side)
            feeds.append(feed.model_copy(update={"standby": level == "catcher" and side == "B" and not carries}))
    for system in systems:
        phase = 1 if system in later else 0
        equipment += [_of_block(tag, "UPS-X", system, phase, CRITICAL) for tag in tags[system]]
        feeds += [_feed(tag, "utility_mv", GRID) for tag in tags[system]]
    group = Group(carrier=CRITICAL, sku="UPS-X", sides=len(systems), per_side=modules)  # type: ignore[arg-type]
    kind = BlockKind(name="a", pod=pods[0].sku, pods=len(pods), groups=(group,))
    sized = Sized(
        kinds=(kind,),
        blocks=((1,) * len(phases),),
        plant=(),
        status="feasible",
        objective_usd=0,
        bound_usd=0,
        parameters="by hand",
    )
    fan = a_fan(at_rating=at_rating)
    return a_plan(brief, (*pods, fan, ups), sized, Connected(equipment=tuple(equipment), feeds=tuple(feeds)))


def a_fan(*, at_rating: bool = False) -> Module:
    """One of the fans above."""
    drawn = {"fixed_kw": 100.0} if at_rating else {"kw_per_kw": 0.2}
    need = {"carrier": CRITICAL, "connection": "dual", **drawn}
    return a_module("FAN-500", "air_cooling", gives=[{"carrier": "air_cooling", "capacity_kw": 500}], needs=[need])


def _load(sku: str, peak_kw: float, in_air: float) -> Module:
    """A pod that needs nothing but its power, and air."""
    it = POD.it
    assert it is not None
    powers = {"sustained_kw": peak_kw, "peak_kw": peak_kw, "nameplate_kw": peak_kw, "measured_kw": peak_kw}
    needs = [{"carrier": CRITICAL, "connection": "dual", "kw_per_kw": 1.0}]
    if in_air:
        needs.append({"carrier": "air_cooling", "connection": "header", "kw_per_kw": in_air})
    gives = [{"carrier": "it", "capacity_kw": peak_kw}]
    return a_module(sku, "it_pod", it={**it.model_dump(), **powers}, gives=gives, needs=needs)


def _of_block(tag: str, sku: str, side: str, phase: int, carrier: str) -> Equipment:
    return Equipment(tag=tag, sku=sku, block=1, kind="a", phase=phase, carrier=carrier, side=side)  # type: ignore[arg-type]


def fed_by_another():
    """Two blocks of which the second has switchgear of its own in the place of one of the site's."""
    plan = hand_wired_plan(blocks=2)
    equipment, feeds = plan.connected.equipment, plan.connected.feeds
    one = next(e for e in equipment if e.carrier == "mv_ac")
    own = {
        f: tuple("OTHER" if s == one.tag else s for s in f.suppliers) for f in feeds if f.consumer.startswith("B02-")
    }
    feeds = tuple(f.model_copy(update={"suppliers": own.get(f, f.suppliers)}) for f in feeds)
    needs = tuple(f.model_copy(update={"consumer": "OTHER"}) for f in feeds if f.consumer == one.tag)
    equipment = (*equipment, one.model_copy(update={"tag": "OTHER"}))
    other = plan.connected.model_copy(update={"equipment": equipment, "feeds": (*feeds, *needs)})
    return plan.model_copy(update={"connected": other}), one.tag

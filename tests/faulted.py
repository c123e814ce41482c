"""Plans on which fault levels are looked at: wired by hand, and UPS in parallel behind one intake."""

from damage import damaged, module
from today import stored
from wired import hand_wired_plan

from prefab.plan import GRID, BlockKind, Connected, Equipment, Feed, Group, Sized
from prefab.rules import fault_level
from prefab.rules.network import Network
from prefab.rules.short_circuits import Faults


def by_hand(mva=500.0, **more):
    """The plan wired by hand with figures for every module: 500 MVA at 20 kV, transformers of 6 %, 1 % of it ohmic."""
    plan = hand_wired_plan(grid={"short_circuit_mva": mva, **more.pop("grid", {})}, **more)

    def state(tree):
        transformer, ups, sets, intake = (module(tree, s) for s in ("TRF-1000", "UPS-800", "GEN-2000", "MVS-10"))
        transformer["electrical"] = {"impedance_frac": 0.06, "resistance_frac": 0.01}
        transformer["gives"][0]["withstand_ka"] = 50.0
        ups["electrical"] = {"fault_current_frac": 1.5, "static_bypass": True}
        ups["gives"][0]["withstand_ka"] = 100.0
        sets["electrical"] = {"rated_kva": 2500.0, "power_factor": 0.8, "subtransient_frac": 0.15}
        sets["gives"][0]["withstand_ka"] = 25.0
        intake["gives"][0]["withstand_ka"] = 25.0
        intake["needs"][0]["withstand_ka"] = 20.0

    return damaged(plan, state)


def refused(plan):
    return [f.where for f in fault_level.check(plan) if not f.kept]


def current_ka(plan, state, *bus):
    faults = Faults(Network(plan, 0), state)
    return next(faults.current_ka(b, carrier) for b, carrier in faults.buses() if b == bus)


def in_parallel(brief, catalog, ups, transformer, count):
    """A bus of so many UPS, each behind a transformer of its own where it needs one, on one intake."""
    carrier = ups.gives[0].carrier
    (need,) = [n for n in ups.needs if n.through]
    intake = next(m for m in catalog.modules if m.sku == "MVS-12")
    group = Group(carrier=carrier, sku=ups.sku, per_side=count)
    units = (
        ()
        if need.carrier == "mv_ac"
        else (Group(carrier="lv_ac", sku=transformer.sku, per_side=count, unit_for=carrier),)
    )
    tags = tuple(f"B01-UPS-{n:02d}" for n in range(1, count + 1))
    equipment = [Equipment(tag="MVS-01", sku=intake.sku, block=0, phase=0, carrier="mv_ac")]
    feeds = [Feed(consumer="MVS-01", carrier="utility_mv", side="A", suppliers=(GRID,))]
    for n, tag in enumerate(tags, 1):
        equipment.append(Equipment(tag=tag, sku=ups.sku, block=1, phase=0, carrier=carrier))
        fed = f"B01-TRF-{n:02d}" if units else tag
        if units:
            equipment.append(
                Equipment(tag=fed, sku=transformer.sku, block=1, phase=0, carrier="lv_ac", unit_for=carrier)
            )
            feeds.append(Feed(consumer=tag, carrier="lv_ac", side="A", suppliers=(fed,)))
        feeds.append(Feed(consumer=fed, carrier="mv_ac", side="A", suppliers=("MVS-01",)))
    pod = next(m for m in catalog.modules if m.sku == "ITL-1136")
    equipment.append(Equipment(tag="B01-POD-01", sku=pod.sku, block=1, phase=0, carrier="it"))
    feeds.append(Feed(consumer="B01-POD-01", carrier=carrier, side="A", suppliers=tags))
    kind = BlockKind(name="a", pod=pod.sku, pods=1, groups=(group, *units))
    sized = Sized(
        kinds=(kind,), blocks=((1,),), plant=(), status="feasible", objective_usd=0, bound_usd=0, parameters="by hand"
    )
    used = {m.sku: m for m in (intake, pod, ups, transformer)}
    plan = stored("training-20mw").model_copy(
        update={
            "brief": brief,
            "modules": tuple(used.values()),
            "sized": sized,
            "connected": Connected(equipment=tuple(equipment), feeds=tuple(feeds)),
            "country": catalog.country(brief.site.country),
            "placed": None, "routed": None, "scheduled": None,
        }
    )  # fmt: skip
    return plan, (group, *units)

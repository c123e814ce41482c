"""Cooling goes on when the utility is lost: what moves liquid and air rides on batteries, and each loop takes up its
heat until the plant outdoors rejects it again."""

from collections import defaultdict
from collections.abc import Iterator

from prefab.brief import SiteBrief
from prefab.plan import Plan
from prefab.results import Finding
from prefab.rules.losses import level_of, spare_of
from prefab.rules.network import ELECTRIC, Network, network_of, shown

TITLE = "Cooling without the utility"
BASIS = "catalog needs, rejection.restart_s, engine.start_s, buffers; design basis ride_through; the plan's own feeds"
WISHES = ("autonomy.generator_h",)
RULE = "cooling_continuity"

_MOVED = ("liquid", "air", "signal")


def check(plan: Plan) -> tuple[Finding, ...]:
    """Per phase what has no battery behind it, and the loop that is too warm first; every loop that is so too soon."""
    findings: list[Finding] = []
    for phase, named in enumerate(plan.brief.phases):
        network = network_of(plan, phase)
        where = f"phase {named.name}"
        bare = sorted(_unprotected(network))
        text = "modules that move liquid, air or signals in blocks on power without batteries" + "".join(
            f"; {tag}" for tag in bare[:3]
        )
        findings.append(Finding.at_most(RULE, where, float(len(bare)), 0.0, "modules", text))
        findings += shown(("", f) for f in _lasting(network, where))
    return tuple(findings)


def _unprotected(network: Network) -> Iterator[str]:
    """What moves liquid or air, or controls, within a block and stops with the utility."""
    for tag, e in network.equipment.items():
        if not e.block or network.carriers[e.carrier].medium not in _MOVED:
            continue
        drawn = [n for n in network.module(tag).needs if network.carriers[n.carrier].medium == ELECTRIC]
        drives = [n for n in drawn if n.kw_per_kw or n.fixed_kw or n.through]
        if any(not network.carriers[n.carrier].autonomy for n in drives):
            yield tag


def _lasting(network: Network, where: str) -> Iterator[Finding]:
    """Seconds until the water of each loop is too warm, over those until its coolers run again.

    A litre takes up density times heat capacity times the rise that is allowed.
    """
    basis = network.plan.basis.ride_through
    if basis is None:
        return
    loops: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for tag in (t for t in network.order if network.module(t).rejection is not None):
        loops[_tanks(network, tag)].append(tag)
    for tanks, coolers in loops.items():
        water = network.carriers[network.equipment[coolers[0]].carrier]
        kj_per_l_k = (water.density_kg_per_l or 0.0) * (water.heat_capacity_kj_per_kg_k or 0.0)
        litres, kw = _left_l(network, tanks), sum(network.normal_kw.get(t, 0.0) for t in coolers)
        heat_kj = litres * kj_per_l_k * basis.loop_rise_k
        asked_s = max(network.without_cooling_s(t) for t in coolers) if kw else 0.0
        rise = f"a rise of {basis.loop_rise_k:g} K"
        text = f"{litres:,.0f} L left of the buffers take up {kw:,.0f} kW for {rise}, until coolers run again"
        yield Finding.at_least(RULE, f"{where}, {min(coolers)}", heat_kj / kw if kw else 0.0, asked_s, "s", text)


def _left_l(network: Network, tanks: tuple[str, ...]) -> float:
    """Litres left when as much of the buffers is lost as the redundancy of cooling allows: a system, and spares."""
    if not tanks:
        return 0.0
    level = level_of(network, tanks[0])
    systems: dict[str, list[float]] = defaultdict(list)
    for tag in tanks:
        systems[network.equipment[tag].side].append(network.capacity[tag])
    if level.startswith("2"):
        systems.pop(max(systems, key=lambda side: sum(systems[side])))
    left = sorted(litres for of_side in systems.values() for litres in of_side)
    return sum(left[: len(left) - spare_of(level)])


def _tanks(network: Network, cooler: str) -> tuple[str, ...]:
    """What the loop of a cooler has for buffers."""
    buffers = (n.carrier for n in network.module(cooler).needs if network.carriers[n.carrier].medium == "buffer")
    feeds = (f for carrier in buffers for f in network.feeds.get((cooler, carrier), ()))
    return tuple(sorted({t for f in feeds for t in f.suppliers if t in network.equipment}))


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    until = "the generators have started" if brief.autonomy.generator_h > 0 else "computers have stopped"
    return (
        "When the utility is lost, pumps, fans of pods and controls run on; the water of each loop takes up the heat "
        f"until {until} and the coolers run again."
    )

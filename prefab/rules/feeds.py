"""Every module has its feeds: the right carrier, the right sides, from suppliers that stand no later than itself."""

from collections import Counter

from prefab.brief import SiteBrief
from prefab.module import Need
from prefab.plan import GAS, GRID, Equipment, Feed, Plan
from prefab.results import Finding
from prefab.rules.losses import level_of
from prefab.rules.network import UTILITIES, Network, network_of

TITLE = "A and B feeds"
BASIS = "catalog needs; brief [redundancy]; plan connected.feeds"
WISHES: tuple[str, ...] = ()
RULE = "feeds"
_FLOWING = ("electric", "liquid", "heat")


def check(plan: Plan) -> tuple[Finding, ...]:
    """One finding for each feed that is missing or wrong, and one that counts the feeds."""
    assert plan.connected is not None
    network = network_of(plan, len(plan.brief.phases) - 1)
    broken: list[tuple[str, str]] = []
    for tag, e in network.equipment.items():
        needs = {n.carrier: n for n in network.module(tag).needs}
        for need in needs.values():
            feeds = network.feeds.get((tag, need.carrier), [])
            broken += [(tag, text) for text in _faults(network, e, need, feeds)]
        if _from_nothing(network, e):
            broken.append((tag, f"gives {e.carrier} and passes on nothing that it needs"))
    consumers = set(network.equipment)
    for feed in plan.connected.feeds:
        module = network.module(feed.consumer) if feed.consumer in consumers else None
        if module is None or module.needed(feed.carrier) is None:
            broken.append((feed.consumer, f"feed of {feed.carrier} that nothing asks for"))
    uses = Counter(s for f in plan.connected.feeds for s in f.suppliers)
    for tag, e in network.equipment.items():
        if e.unit_for and uses[tag] != 1:
            broken.append((tag, f"serves {uses[tag]} modules, as a unit it serves exactly one"))
    sets = {frozenset(f.suppliers) for f in plan.connected.feeds}
    owner: dict[str, frozenset[str]] = {}
    for suppliers in sorted(sets, key=sorted):
        for tag in sorted(suppliers - UTILITIES):
            if owner.setdefault(tag, suppliers) != suppliers:
                broken.append((tag, "runs in parallel with different modules on different feeds: one bus, one set"))
    total = float(len(plan.connected.feeds))
    kept = Finding(RULE, "site", not broken, total - len(broken), total, "feeds", "==", "feeds in order")
    return (*(Finding(RULE, tag, False, 1.0, 0.0, "faults", "==", text) for tag, text in broken), kept)


def _from_nothing(network: Network, e: Equipment) -> bool:
    """Whether power or cooling would begin in a module that neither burns fuel, stores power nor rejects heat."""
    module, medium = network.module(e.tag), network.carriers[e.carrier].medium
    if medium not in _FLOWING or module.grid_battery or module.rejection:
        return False
    # Power comes from power or fuel; what cools may do it with any of what flows.
    sources = ("fuel",) if medium == "electric" else ("fuel", "air", *_FLOWING)
    return not any(n.through or network.carriers[n.carrier].medium in sources for n in module.needs)


def _faults(network: Network, e: Equipment, need: Need, feeds: list[Feed]) -> list[str]:
    if not feeds:
        return [f"no feed of {need.carrier}"]
    faults = []
    if len({f.side for f in feeds}) != len(feeds):
        faults.append(f"two feeds of {need.carrier} on one side")
    seen: set[str] = set()
    for feed in feeds:
        if seen & set(feed.suppliers) or len(set(feed.suppliers)) != len(feed.suppliers):
            faults.append(f"{need.carrier}: one supplier on both feeds or twice on one")
        seen |= set(feed.suppliers)
        for tag in feed.suppliers:
            faults += [f"{need.carrier} from {tag}: {text}" for text in _supplier_faults(network, e, need, tag)]
    suppliers = [network.equipment[t] for t in seen if t in network.equipment]
    level = level_of(network, suppliers[0].tag) if suppliers else "N"
    if need.alternate:
        faults += _changeover_faults(network, need, feeds)
    if need.connection not in ("unit", "shared"):
        faults += _system_faults(network, need, feeds, level)
    if need.connection == "unit" and len(feeds) != 1:
        faults.append(f"{need.carrier} is not fed by suppliers of its own")
    if need.connection == "shared" and (len(feeds) != 1 or len(feeds[0].suppliers) != 1):
        faults.append(f"{need.carrier} is not fed by one supplier")
    return faults


def _changeover_faults(network: Network, need: Need, feeds: list[Feed]) -> list[str]:
    """Whether its own carrier is the normal source, and what may stand in for it takes over wherever it stands."""
    carriers = {tag: e.carrier for tag, e in network.equipment.items()}
    given = {f.side: {need.carrier if t in UTILITIES else carriers.get(t, "") for t in f.suppliers} for f in feeds}
    faults = []
    if given.get("A") != {need.carrier}:
        faults.append(f"{need.carrier} is not the normal source on feed A")
    if given.get("B", set()) != {need.alternate}.intersection(carriers.values()):
        faults.append(f"{need.carrier}: feed B is not {need.alternate} that takes over, where that stands")
    return faults


def _system_faults(network: Network, need: Need, feeds: list[Feed], level: str) -> list[str]:
    """Whether the two cords hang on the systems that the redundancy asks for."""
    sides = {f.side: {network.equipment[t].side for t in f.suppliers if t in network.equipment} for f in feeds}
    taking_over = {f.side for f in feeds if f.standby}
    if level in ("2N", "2(N+1)") and (sides.get("A") != {"A"} or sides.get("B") != {"B"}):
        return [f"{need.carrier} is {level} and not fed from side A and from side B"]
    if level in ("3N/2", "4N/3", "catcher"):
        apart = [*sides.values()]
        if len(apart) != 2 or any(len(s) != 1 for s in apart) or apart[0] == apart[1]:
            return [f"{need.carrier} is {level} and not fed from two systems"]
    elif not need.alternate and (standing := _standing(network, feeds)) and sides != {s: {s} for s in standing}:
        names = " and ".join(sorted(standing))
        return [f"{need.carrier} stands on side {names} without a feed from each"]
    if taking_over != ({"B"} if level == "catcher" else set()):
        return [f"{need.carrier} is {level}: a feed takes over that should carry, or carries that should take over"]
    return []


def _standing(network: Network, feeds: list[Feed]) -> set[str]:
    """The sides on which there is what a consumer hangs on: the same in the same block, of the same pod and loop."""
    suppliers = [e for f in feeds for t in f.suppliers if (e := network.equipment.get(t)) is not None]
    places = {(e.block, e.cell, e.carrier, e.unit_for, e.supply_degc) for e in suppliers}
    return {side for place in places for side in network.sides.get(place, ())}


def _supplier_faults(network: Network, e: Equipment, need: Need, tag: str) -> list[str]:
    if tag == GRID:
        at_high = network.plan.brief.grid.at_high_voltage
        right = need.carrier == ("hv_ac" if at_high else "utility_mv")
        return [] if right else ["the utility does not give that"]
    if tag == GAS:
        return [] if need.carrier == "gas" else ["the pipeline does not give that"]
    supplier = network.equipment.get(tag)
    if supplier is None:
        return ["no such module"]
    faults = []
    if supplier.carrier not in (need.carrier, need.alternate):
        faults.append(f"it gives {supplier.carrier}")
    if supplier.block not in (0, e.block):
        faults.append(f"it stands in block {supplier.block}")
    if supplier.cell not in (0, e.cell):
        faults.append(f"it is pod {supplier.cell}'s own")
    if supplier.phase > e.phase and supplier.block != 0:
        faults.append("it stands in a later phase")
    if (supplier.unit_for or None) != (e.carrier if need.connection == "unit" else None):
        faults.append("unit connection and supplier do not match")
    return faults


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    return "Every consumer of power, cooling and control is fed from named modules, by two systems where that is asked."

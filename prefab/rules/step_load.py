"""After a loss of mains the load falls on the generating sets in steps that they take, before the UPS have run out.

What has no battery behind it comes back at once: pumps, fans and chillers, each at its power, in steps of as many as
the sets take up together. Rectifiers of UPS walk in: that is no step, but takes the longer the smaller the step that
the sets allow. The sets that may be lost are lost. Of demands whose computers the sets do not carry only what cools
them comes back, or nothing.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.plan import Plan
from prefab.results import Finding
from prefab.rules.losses import level_of, spare_of
from prefab.rules.network import UTILITIES, Network, network_of
from prefab.rules.sets import sets_of
from prefab.rules.short_circuits import level

if TYPE_CHECKING:
    from prefab.eligible import Offer

TITLE = "Load steps on the generating sets"
BASIS = "catalog engine.start_s, electrical.step_load_frac, electrical.walk_in_s; design basis step_settle_s"
WISHES = ("autonomy.ups_min",)
RULE = "step_load"
SLOWEST_WALK_IN_S = 10.0
"""Of the catalog's UPS; a test holds it."""


def check(plan: Plan) -> tuple[Finding, ...]:
    """Per phase the largest step, and the time until all load is back.

    Plans made before sets stated what they take up have no findings.
    """
    settle_s = plan.basis.step_settle_s
    if not plan.brief.autonomy.generator_h or settle_s is None or not any(m.electrical for m in plan.modules):
        return ()
    findings: list[Finding] = []
    for phase, named in enumerate(plan.brief.phases):
        findings += _steps(network_of(plan, phase), settle_s, f"phase {named.name}")
    return tuple(findings)


def _steps(network: Network, settle_s: float, where: str) -> Iterator[Finding]:
    sets = sets_of(network)
    silent = sorted(
        {m.sku for t in sets if (m := network.module(t)).electrical is None or not m.electrical.step_load_frac}
    )
    if silent or not sets:
        text = f"{', '.join(silent)}: what step it takes up is not stated" if silent else "no generating set"
        yield Finding(RULE, where, False, float(len(silent)), 0.0, "modules", "==", text)
        return
    takes_kw = sorted(network.capacity[t] * _step_frac(network, t) for t in sets)
    lost = spare_of(level_of(network, sets[0]))
    limit_kw = sum(takes_kw[: len(takes_kw) - lost])
    at_once = sorted((*_returning(network), (0.0, "nothing")), reverse=True)
    largest_kw, tag = at_once[0]
    text = f"largest single load, {tag}; {len(sets) - lost} sets take this step together"
    yield Finding.at_most(RULE, where, largest_kw, limit_kw, "kW", text)
    steps: list[float] = []
    for kw, _ in at_once:
        place = next((n for n, taken in enumerate(steps) if taken + kw <= limit_kw), len(steps))
        steps[place:] = [steps[place] + kw, *steps[place + 1 :]] if place < len(steps) else [kw]
    walking_kw, walk_in_s = _walking(network)
    start_s = max(engine.start_s for t in sets if (engine := network.module(t).engine))
    seconds = start_s + len(steps) * settle_s
    seconds += walk_in_s * max(1.0, walking_kw / limit_kw) if walking_kw else 0.0
    asked_s = network.plan.brief.autonomy.ups_min * 60
    if asked_s:
        text = f"start, {len(steps)} steps of mechanical load, walk-in of {walking_kw:,.0f} kW of UPS"
        yield Finding.at_most(RULE, where, seconds, asked_s, "s", text)


def _step_frac(network: Network, tag: str) -> float:
    electrical = network.module(tag).electrical
    return (electrical.step_load_frac if electrical else None) or 0.0


def _given(network: Network) -> Iterator[tuple[str, float]]:
    """Every module with what it gives while nothing is lost."""
    living = network.alive(frozenset(), network.blocks[0], UTILITIES)
    flows = network.flows_kw(living, network.backup)
    return ((tag, kw) for tag, kw in flows.items() if tag not in UTILITIES)


def _returning(network: Network) -> Iterator[tuple[float, str]]:
    """What hangs on transformers without a battery in between, by what it draws of them."""
    for tag, kw in _given(network):
        module = network.module(tag)
        critical = network.carriers[network.equipment[tag].carrier].autonomy
        for need in module.needs:
            if level(need.carrier) == "low" and not network.carriers[need.carrier].autonomy and not critical:
                drawn_kw = network.drawn_kw(tag, need, kw)
                if drawn_kw > 0:
                    yield drawn_kw, tag


def _walking(network: Network) -> tuple[float, float]:
    """What all UPS take of their supply, and over how long the slowest of them takes it back."""
    walking_kw, slowest_s = 0.0, 0.0
    for tag, kw in _given(network):
        module = network.module(tag)
        if network.carriers[network.equipment[tag].carrier].autonomy and module.engine is None:
            through = next((n for n in module.needs if n.through), None)
            walking_kw += network.drawn_kw(tag, through, kw) if through is not None else 0.0
            slowest_s = max(slowest_s, module.electrical.walk_in_s if module.electrical else 0.0)
    return walking_kw, slowest_s


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    return (
        "After a loss of mains the sets take up the load in steps within their reach, all of it within the "
        f"{brief.autonomy.ups_min:g} minutes of the UPS."
    )


def shape(offer: "Offer") -> "float | str":
    """Refuses sets that may not have taken up everything when the UPS run out.

    Stricter than the check: the steps are taken as half full, and all that the sets can carry as walking in.
    """
    engine, own, minutes = offer.module.engine, offer.module.electrical, offer.brief.autonomy.ups_min
    settle_s = offer.conditions.step_settle_s
    if offer.carrier.redundancy != "standby" or engine is None or own is None or not own.step_load_frac or not minutes:
        return offer.capacity_kw
    seconds = (
        engine.start_s + settle_s + (SLOWEST_WALK_IN_S + max(2 * settle_s, SLOWEST_WALK_IN_S) / own.step_load_frac)
    )
    if seconds <= minutes * 60:
        return offer.capacity_kw
    return f"takes up its load within {seconds:.0f} s, the UPS last {minutes * 60:.0f} s"

"""Storage holds all that it is kept for at the same time, at the end of its life and inside its state-of-charge window.

The grid's reserve, swings, ramps and shaved peaks are added up; what UPS keep for their autonomy is touched by none.
Whether that is enough for the load as it runs is tried out by the rule on storage in time."""

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from prefab.brief import SiteBrief
from prefab.plan import BlockKind, Plan
from prefab.results import Finding
from prefab.rules.network import Network, network_of
from prefab.rules.storage_loads import own_step_kw
from prefab.shares import Share

if TYPE_CHECKING:
    from prefab.problem import Problem
    from prefab.solver import Model

TITLE = "Storage"
BASIS = (
    "brief [storage], autonomy.ups_min; catalog grid_battery, ups_battery and capacitor at end of life, derated, "
    "discharge at the root of the round trip; conversion; the plan's own shares"
)
WISHES = (
    "storage.power_mw",
    "storage.duration_h",
    "storage.smoothing_frac",
    "grid.ramp_mw_per_min",
    "grid.swing_mw",
)
RULE = "storage"


def check(plan: Plan) -> tuple[Finding, ...]:
    """Power and usable energy of all that stands in each phase, beside the sum of what it is kept for."""
    assert plan.connected is not None
    return (*_batteries(plan), *_of_blocks(plan), *_shared(plan), *_smoothing(plan), *_mistaken(plan))


def _mistaken(plan: Plan) -> Iterable[Finding]:
    """Shares that nobody could try out: other rules believe what a share says it takes off the site's peak, so that
    each must be of storage that stands and of a duty that is asked for, and only swings and shaved hours relieve."""
    for share in plan.sized.storage:
        where = _place(plan, share)
        claimed_kw = max(share.power_kw, share.swing_kw, share.relief_kw)
        if not _stands(plan, share):
            yield Finding.at_most(RULE, where, claimed_kw, 0.0, "kW", f"kept for {share.duty} by what does not stand")
        elif not _is_asked(plan, share):
            yield Finding.at_most(RULE, where, claimed_kw, 0.0, "kW", f"kept for {share.duty}, which nobody asks of it")
        elif share.duty not in ("swing", "shaving") and share.relief_kw:
            text = f"taken off the peak by what is kept for {share.duty}"
            yield Finding.at_most(RULE, where, share.relief_kw, 0.0, "kW", text)


def _stands(plan: Plan, share: Share) -> bool:
    """Whether any module of its type is there: in its phase, or for a block's own in the last."""
    assert plan.connected is not None
    last = len(plan.brief.phases) - 1
    until = last if share.kind else share.phase
    return share.phase <= last and any(
        (e.kind, e.carrier, e.sku) == (share.kind, share.carrier, share.sku) and e.phase <= until
        for e in plan.connected.equipment
    )


def _is_asked(plan: Plan, share: Share) -> bool:
    """Whether the brief asks for a duty, of storage that stands where it does."""
    grid, stored = plan.brief.grid, plan.brief.storage
    if share.duty == "swing":
        several = share.demand < len(plan.brief.it.demands)
        return several and (grid.swing_mw is not None or stored.shaving.allowed)
    if share.duty == "ramp":
        return grid.ramp_mw_per_min is not None
    if share.duty == "shaving":
        return not share.kind and stored.shaving.peak_h is not None
    return not share.kind and stored.power_mw > 0


def _batteries(plan: Plan) -> Iterable[Finding]:
    """The site's; phases in which nothing is asked of them are left out."""
    asked, last = plan.brief.storage, len(plan.brief.phases) - 1
    for phase, named in enumerate(plan.brief.phases):
        power_kw, energy_kwh = site_holds(network_of(plan, phase))
        kept = [s for s in plan.sized.storage if not s.kind and s.phase == phase and s.duty != "reserve"]
        asked_kw, asked_kwh = sum(s.power_kw for s in kept), sum(s.energy_kwh for s in kept)
        if phase == last:
            asked_kw += asked.power_mw * 1000
            asked_kwh += asked.power_mw * 1000 * asked.duration_h
        if asked_kw or phase == last:
            where = f"phase {named.name}"
            yield Finding.at_least(RULE, where, power_kw, asked_kw, "kW", "power of the batteries")
            yield Finding.at_least(RULE, where, energy_kwh, asked_kwh, "kWh", "usable at end of life")


def site_holds(network: Network) -> tuple[float, float]:
    """Power and energy of the site's batteries, in kW and kWh."""
    power_kw = energy_kwh = 0.0
    for tag in network.equipment:
        battery = network.module(tag).grid_battery
        if battery is not None:
            power_kw += min(battery.power_kw, network.capacity[tag])
            usable = battery.soc_max_frac - battery.soc_min_frac
            out_frac = battery.round_trip_frac**0.5
            energy_kwh += battery.energy_kwh * usable * battery.end_of_life_frac * out_frac
    return power_kw, energy_kwh


def _of_blocks(plan: Plan) -> Iterable[Finding]:
    """Capacitors and UPS of one block of each kind that keep something; all blocks of a kind are equal."""
    for kind in plan.sized.kinds:
        for carrier, sku in sorted({(s.carrier, s.sku) for s in plan.sized.storage if s.kind == kind.name}):
            kept = [s for s in plan.sized.storage if (s.kind, s.carrier, s.sku) == (kind.name, carrier, sku)]
            for phase, named in enumerate(plan.brief.phases):
                now = [s for s in kept if s.phase == phase or s.duty == "swing"]
                held = block_holds(network_of(plan, phase), kind.name, carrier, sku)
                if held is None:
                    continue
                where = f"phase {named.name}, a block of kind {kind.name}, {sku} ({carrier})"
                power_kw, energy_kwh = held
                yield Finding.at_least(RULE, where, power_kw, sum(s.power_kw for s in now), "kW", "power")
                text = "usable at end of life, autonomy apart"
                yield Finding.at_least(RULE, where, energy_kwh, sum(s.energy_kwh for s in now), "kWh", text)
        for share in (s for s in plan.sized.storage if s.kind == kind.name and s.duty == "ramp"):
            yield _fed_nothing_back(plan, kind, share)


def _fed_nothing_back(plan: Plan, kind: BlockKind, share: Share) -> Finding:
    """A UPS that lends more to ramps than what steps behind it would have to give the rest to the medium voltage."""
    recharge_frac = plan.basis.duties.recharge_frac if plan.basis.duties else 0.0
    limit_kw = (1 + recharge_frac) * own_step_kw(plan, kind, share)
    return Finding.at_most(
        RULE, _place(plan, share), share.power_kw, limit_kw, "kW", "lent to ramps, of what its own pods step"
    )


def _place(plan: Plan, share: Share) -> str:
    phase = plan.brief.phases[min(share.phase, len(plan.brief.phases) - 1)]
    block = f"a block of kind {share.kind}, " if share.kind else ""
    return f"phase {phase.name}, {block}{share.sku} ({share.carrier})"


def block_holds(network: Network, kind: str, carrier: str, sku: str) -> tuple[float, float] | None:
    """Power and energy of one block's modules of a type, in kW and kWh, autonomy apart; none where no such block stands
    yet."""
    blocks = sorted({e.block for e in network.equipment.values() if e.kind == kind})
    if not blocks:
        return None
    of_block = (t for t, e in network.equipment.items() if e.block == blocks[0])
    tags = [t for t in of_block if (network.equipment[t].carrier, network.equipment[t].sku) == (carrier, sku)]
    power_kw = energy_kwh = 0.0
    for tag in tags:
        module, rated_kw = network.module(tag), network.capacity[tag]
        if module.capacitor is not None:
            cells = module.capacitor
            power_kw += rated_kw
            energy_kwh += cells.usable_kwh * cells.end_of_life_frac * cells.round_trip_frac**0.5
        elif (battery := module.ups_battery) is not None and battery.bidirectional:
            usable = battery.energy_kwh * (battery.soc_max_frac - battery.soc_min_frac) * battery.end_of_life_frac
            kept_kwh = rated_kw * network.plan.brief.autonomy.ups_min / 60
            power_kw += min(rated_kw, (battery.power_max_kw or rated_kw) * battery.inverter_efficiency_frac)
            energy_kwh += max(0.0, usable * battery.inverter_efficiency_frac - kept_kwh)
    return power_kw, energy_kwh


def _shared(plan: Plan) -> list[Finding]:
    """What converts or transforms for several batteries carries all of them at their power."""
    assert plan.connected is not None
    modules = {m.sku: m for m in plan.modules}
    at = {e.tag: e for e in plan.connected.equipment}
    load: dict[str, float] = defaultdict(float)
    for feed in plan.connected.feeds:
        consumer = at.get(feed.consumer)
        module = modules.get(consumer.sku) if consumer else None
        need = module.needed(feed.carrier) if module else None
        if module and module.grid_battery and need is not None and need.connection == "shared":
            for tag in feed.suppliers:
                load[tag] += module.grid_battery.power_kw / len(feed.suppliers)
    findings = []
    for tag, kw in sorted((t, kw) for t, kw in load.items() if t in at and at[t].sku in modules):
        given = modules[at[tag].sku].given(at[tag].carrier)
        limit = (given.capacity_kw or (given.capacity_kva or 0.0) * plan.basis.power_factor) if given else 0.0
        findings.append(Finding.at_most(RULE, tag, kw, limit, "kW", "power of the batteries behind it"))
    return findings


def _smoothing(plan: Plan) -> list[Finding]:
    """Per block the power of what smooths the pods' swings."""
    assert plan.connected is not None
    share = plan.brief.storage.smoothing_frac
    if not share:
        return []
    modules = {m.sku: m for m in plan.modules}
    asked: dict[int, float] = defaultdict(float)
    found_kw: dict[int, float] = defaultdict(float)
    for e in plan.connected.equipment:
        module = modules.get(e.sku)
        if module is None:
            continue
        if module.it is not None:
            asked[e.block] += share * module.it.peak_kw
        if e.carrier == "load_smoothing" and (given := module.given(e.carrier)) and given.capacity_kw:
            found_kw[e.block] += given.capacity_kw
    text = f"smoothing of {share:.0%} of the pods' peak"
    return [Finding.at_least(RULE, f"block {b}", found_kw[b], kw, "kW", text) for b, kw in sorted(asked.items())]


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    s, grid = brief.storage, brief.grid
    asked = []
    if s.power_mw > 0:
        asked.append(f"gives the grid {s.power_mw:g} MW for {s.duration_h:g} h at the end of its life")
    if grid.swing_mw is not None:
        asked.append(f"leaves {grid.swing_mw:g} MW of the swings of training, peak to peak")
    if grid.ramp_mw_per_min is not None:
        asked.append(f"lets what is drawn change by {grid.ramp_mw_per_min:g} MW a minute at the most")
    if s.shaving.allowed:
        hours = f" for {s.shaving.peak_h:g} hours a day" if s.shaving.peak_h is not None else ", swing by swing"
        asked.append(f"keeps the peak below what the connection gives{hours}")
    return f"Storage {'; it '.join(asked)}." if asked else "Nothing is asked of storage but the UPS' autonomy."


def apply(model: "Model", problem: "Problem") -> None:
    """Power and energy rows over the battery options: the reserve at full build, the duties of every phase."""
    for phase in problem.phases if problem.storage.varies else problem.phases[-1:]:
        _rows(model, problem, phase)


def _rows(model: "Model", problem: "Problem", phase: int) -> None:
    ask, at_end = problem.storage, phase == problem.phases[-1]
    options = [o for o in problem.plant if o.battery_w]
    counts = [problem.plant_count(o, phase) for o in options]
    power = [(o.battery_w * ask.parts, n) for o, n in zip(options, counts, strict=True)]
    energy = [(o.battery_wh * ask.parts, n) for o, n in zip(options, counts, strict=True)]
    limited: list[tuple[int, str]] = []
    for number, swing in enumerate(ask.swings):
        standing = [(c, problem.count(c, phase)) for c in problem.columns if c.column.demand == number]
        own = [(c.duty.swing_w, name) for c, name in standing]
        limited += [(w, name) for w, name in own if w]
        if swing is None:
            continue
        taken, relieved = problem.storage.taken(number, phase), problem.storage.relieved(number, phase)
        model.add_row([(1, taken), *((-w, name) for w, name in own)], high=0)
        model.add_row([(ask.parts, relieved), (-swing.relief_parts, taken)], high=0)
        sure = [(-c.duty.sure_w * swing.relief_parts, name) for c, name in standing]
        model.add_row([(ask.parts, relieved), *sure], high=0)
        limited.append((-1, taken))
        power.append((-swing.power_parts, taken))
        energy.append((-swing.energy_parts, taken))
    if ask.seen_w is not None:
        model.add_row(limited, high=ask.seen_w)
    steps = [(c.duty.step_w, problem.count(c, phase)) for c in problem.columns if c.duty.step_w]
    offers = [(-c.duty.offer_w, problem.count(c, phase)) for c in problem.columns if c.duty.offer_w]
    if offers:
        lent = problem.storage.lent(phase)
        model.add_row([(1, lent), *offers], high=0)
        steps.append((-1, lent))
    power += [(-w * ask.ramp_power_parts, name) for w, name in steps]
    energy += [(-w * ask.ramp_parts, name) for w, name in steps]
    if ask.shaving is not None:
        shaved = problem.storage.shaved(phase)
        energy.append((-ask.shaving.energy_parts, shaved))
        drawn = [(o.standing.grid_w, problem.plant_count(o, phase)) for o in problem.plant if o.standing.grid_w]
        drawn += [(c.normal.grid_w, problem.count(c, phase)) for c in problem.columns]
        rest = [(w * ask.shaving.rest_parts, name) for w, name in drawn]
        given_w = min(problem.given_w(phase), ask.shaving.ample_w)
        # Storage holds the draw down for the worst situation, and charges below the level that it holds.
        falls = ask.parts - ask.shaving.rest_parts
        levels = [(-falls * c.duty.level_w, problem.count(c, phase)) for c in problem.columns]
        for parts, less_w in ask.shaving.recharge:
            model.add_row([*rest, (parts, shaved)], high=(given_w + less_w) * ask.parts)
            model.add_row([(ask.parts + parts, shaved), *levels], high=less_w * ask.parts)
        kept_w = ask.reserve_w if at_end else 0
        for parts, less_w in ask.shaving_power:
            model.add_row([*power, (-parts, shaved)], low=(kept_w - less_w) * ask.parts)
    elif power:
        model.add_row(power, low=ask.reserve_w * ask.parts if at_end else 0)
    if energy:
        model.add_row(energy, low=ask.reserve_wh * ask.parts if at_end else 0)

"""From brief to plan: the only place where one stage answers back to an earlier one."""

from collections.abc import Callable
from dataclasses import dataclass

from prefab import __version__
from prefab.audit import audit, broken, text_of
from prefab.brief import SiteBrief
from prefab.catalog import Catalog
from prefab.climate import WeatherYear
from prefab.connecting import make_connected
from prefab.errors import AuditError, Impossible, InputError, OutOfBudget
from prefab.materials import Gear, Laid
from prefab.module import Module
from prefab.placing import make_placed
from prefab.plan import Connected, Plan, Scheduled, Sized
from prefab.problem import Known
from prefab.results import Finding, Progress
from prefab.routing import make_routed
from prefab.scheduling import make_scheduled
from prefab.site_layout import Placed
from prefab.sizing import make_sized
from prefab.solver import FULL, QUICK, Effort, StopFlag
from prefab.supply import SupplyHours
from prefab.workload import StorageCard, Workload

EFFORTS: dict[str, Effort] = {"quick": QUICK, "full": FULL}


_FEWER = (0.85, 0.7, 0.5)
"""Shares of the factories' slots with which a site is sized again when the schedule of the cheapest one is late."""


@dataclass(frozen=True)
class Built:
    """A site that stands on its land in time."""

    sized: Sized
    connected: Connected
    placed: Placed
    scheduled: Scheduled


@dataclass(frozen=True)
class Design:
    """A plan and the findings of its audit."""

    plan: Plan
    findings: tuple[Finding, ...]


def make_design(
    brief: SiteBrief,
    catalog: Catalog,
    effort: str = "quick",
    on_progress: Callable[[Progress], None] | None = None,
    stop: StopFlag | None = None,
    weather: WeatherYear | None = None,
    supply: tuple[SupplyHours, ...] = (),
) -> Design:
    """Size, connect, place, route, schedule and audit; `weather` is the year of the brief's weather file, `supply` what
    the profiles of its sources hold.

    Raises:
        InputError, Impossible, OutOfBudget: see the stages.
        AuditError: our own plan breaks a rule.
    """
    stop = stop or StopFlag()
    if missing := {s.name for s in brief.supply if s.profile} - {h.name for h in supply}:
        raise InputError(f"brief: supply: the hours of {', '.join(sorted(missing))} are not given; read their profiles")

    def say(stage: str) -> None:
        if on_progress:
            on_progress(Progress(stage, None, None, 0.0))

    built = make_built(brief, catalog, effort, on_progress, stop)
    return _finished(brief, catalog, built, say, weather, supply)


def make_design_again(plan: Plan, catalog: Catalog, effort: str = "quick") -> Design:
    """The same modules, connected, placed, routed and scheduled anew with what the catalog says now.

    Raises:
        Impossible, OutOfBudget, AuditError: as `make_design`.
    """
    connected, placed = _placed(plan.brief, catalog, plan.sized, None)
    built = _built(plan.brief, catalog, plan.sized, connected, placed, effort, None, StopFlag())
    return _finished(plan.brief, catalog, built, lambda _: None, plan.weather, plan.supply_hours)


def _finished(
    brief: SiteBrief,
    catalog: Catalog,
    built: Built,
    say: Callable[[str], None],
    weather: WeatherYear | None,
    supply: tuple[SupplyHours, ...],
) -> Design:
    say("routing")
    modules, carriers = _modules(brief, catalog), {c.key: c for c in catalog.carriers}
    equipment, feeds = built.connected.equipment, built.connected.feeds
    routed = make_routed(brief, catalog.basis, modules, carriers, equipment, feeds, built.placed)
    say("auditing")
    given = {"weather": weather, "supply_hours": supply}
    found = {**given, "placed": built.placed, "routed": routed, "scheduled": built.scheduled}
    plan = make_plan(brief, catalog, built.sized, built.connected).model_copy(update=found)
    plan = plan.model_copy(update={"entries_digest": plan.entries_digest_found})
    return Design(plan, refuse_unsound(audit(plan)))


def make_built(
    brief: SiteBrief,
    catalog: Catalog,
    effort: str,
    on_progress: Callable[[Progress], None] | None = None,
    stop: StopFlag | None = None,
    known: Known | None = None,
) -> Built:
    """The cheapest site, connected, placed and scheduled.

    The sizing counts slots of factories until site acceptance, the schedule with crews and tests: where slots are named
    and the schedule is late, sites that need fewer modules from these factories are tried, and keep the first bound.

    Raises:
        InputError, Impossible, OutOfBudget, Interrupted: see the stages; OutOfBudget also where all those are late.
    """
    stop = stop or StopFlag()
    sized = make_sized(brief, catalog, EFFORTS[effort], on_progress, stop, known)
    connected, placed = _placed(brief, catalog, sized, on_progress)
    try:
        return _built(brief, catalog, sized, connected, placed, effort, on_progress, stop)
    except Impossible as error:
        if not brief.works.factory:
            raise
        late = error
    tried = {(sized.kinds, sized.blocks, sized.plant)}
    for share in () if stop.requested else _FEWER:
        try:
            fewer = make_sized(_slower(brief, share), catalog, EFFORTS[effort], on_progress, stop, known)
        except (Impossible, OutOfBudget):
            break
        if (fewer.kinds, fewer.blocks, fewer.plant) in tried:
            continue
        tried.add((fewer.kinds, fewer.blocks, fewer.plant))
        fewer = fewer.bounded(sized.bound_usd, sized.exact_bound_usd)
        try:
            connected, placed = _placed(brief, catalog, fewer, on_progress)
            return _built(brief, catalog, fewer, connected, placed, effort, on_progress, stop)
        except Impossible:
            continue
    raise OutOfBudget(f"{late}\nso the cheapest site; none of fewer modules from these factories was found in time")


def _placed(
    brief: SiteBrief, catalog: Catalog, sized: Sized, on_progress: Callable[[Progress], None] | None
) -> tuple[Connected, Placed]:
    if on_progress:
        on_progress(Progress("connecting, placing", None, None, 0.0))
    connected = make_connected(brief, catalog, sized)
    return connected, make_placed(brief, catalog.basis, _modules(brief, catalog), connected.equipment)


def _built(
    brief: SiteBrief,
    catalog: Catalog,
    sized: Sized,
    connected: Connected,
    placed: Placed,
    effort: str,
    on_progress: Callable[[Progress], None] | None,
    stop: StopFlag,
) -> Built:
    # After Ctrl-C the later stages still run, at quick effort, so that what was found is not lost.
    later = QUICK if stop.requested else EFFORTS[effort]
    modules = _modules(brief, catalog)
    scheduled = make_scheduled(brief, catalog.basis, modules, connected.equipment, later, on_progress, stop)
    return Built(sized, connected, placed, scheduled)


def _modules(brief: SiteBrief, catalog: Catalog) -> dict[str, Module]:
    return {m.sku: m for m in catalog.with_fabric(brief.fabric_frac).modules}


def _slower(brief: SiteBrief, share: float) -> SiteBrief:
    slots = (f.model_copy(update={"modules_per_week": f.modules_per_week * share}) for f in brief.works.factory)
    return brief.model_copy(update={"works": brief.works.model_copy(update={"factory": tuple(slots)})})


def make_plan(brief: SiteBrief, catalog: Catalog, sized: Sized, connected: Connected) -> Plan:
    """A plan up to its connections, with the catalog entries it uses."""
    digest, catalog = catalog.digest(), catalog.with_fabric(brief.fabric_frac)
    # What the brief names as the only modules of their kind is needed to check that no other is used.
    used = {e.sku for e in connected.equipment} | set(brief.restrict.only)
    modules = tuple(m for m in catalog.modules if m.sku in used)
    climate = next(c for c in catalog.climates if c.key == brief.site.climate)
    cards = {w.key: w for w in catalog.cards}
    served = [cards[d.workload] for d in brief.it.demands]
    workload, *further = (c for c in served if isinstance(c, Workload))
    stored = tuple(c for c in served if isinstance(c, StorageCard))
    tariff = next(t for t in catalog.tariffs if t.key == brief.grid.tariff)
    held = {m.it.accelerator for m in modules if m.it}
    accelerators = tuple(a for a in catalog.accelerators if a.name in held)
    laid = Laid(cables=catalog.cables, pipes=catalog.pipes, trenches=catalog.trenches)
    gear = Gear(cranes=catalog.cranes, transporters=catalog.transporters, barriers=catalog.barriers)
    rules = catalog.rules_at(brief.site.country, brief.grid.rules)
    screens = catalog.supply if brief.supply else None
    beside = (*((screens,) if screens else ()), *gear.cranes, *gear.transporters)
    entries = (*modules, *accelerators, *laid.cables, *laid.pipes, climate, *served, tariff, *rules, *beside)
    cited = {p.source for entry in (*entries, catalog.costs, catalog.basis) for p in entry.provenance}
    plan = Plan(
        program=f"prefab {__version__}",
        catalog_digest=digest,
        brief=brief,
        modules=modules,
        carriers=catalog.carriers,
        climate=climate,
        workload=workload,
        further_workloads=tuple(further),
        storage_cards=stored,
        tariff=tariff,
        costs=catalog.costs,
        basis=catalog.basis,
        laid=laid,
        gear=gear,
        country=catalog.country(brief.site.country),
        grid_rules=rules,
        supply_basis=screens,
        accelerators=accelerators,
        sources=tuple(s for s in catalog.sources if s.key in cited),
        sized=sized,
        connected=connected,
    )
    return plan.model_copy(update={"entries_digest": plan.entries_digest_found})


def refuse_unsound(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The findings, when all are kept.

    Raises:
        AuditError: naming the first broken rules.
    """
    wrong = broken(findings)
    if wrong:
        first = "\n".join(text_of(f) for f in wrong[:10])
        raise AuditError(
            f"prefab's own plan breaks {len(wrong)} checks; this is a bug of prefab, nothing is written\n{first}"
        )
    return findings

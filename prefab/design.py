"""From brief to plan: the only place where one stage answers back to an earlier one."""

from collections.abc import Callable
from dataclasses import dataclass

from prefab import __version__
from prefab.audit import audit, broken, text_of
from prefab.brief import SiteBrief
from prefab.catalog import Catalog
from prefab.climate import WeatherYear
from prefab.connecting import make_connected
from prefab.errors import AuditError
from prefab.materials import Laid
from prefab.placing import make_placed
from prefab.plan import Connected, Plan, Sized
from prefab.results import Finding, Progress
from prefab.routing import make_routed
from prefab.scheduling import make_scheduled
from prefab.sizing import make_sized
from prefab.solver import FULL, QUICK, Effort, StopFlag
from prefab.workload import StorageCard, Workload

EFFORTS: dict[str, Effort] = {"quick": QUICK, "full": FULL}


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
) -> Design:
    """Size, connect, place, route, schedule and audit; `weather` is the year of the brief's weather file.

    Raises:
        InputError, Impossible, OutOfBudget: see the stages.
        AuditError: our own plan breaks a rule.
    """
    stop = stop or StopFlag()

    def say(stage: str) -> None:
        if on_progress:
            on_progress(Progress(stage, None, None, 0.0))

    sized = make_sized(brief, catalog, EFFORTS[effort], on_progress, stop)
    say("connecting")
    connected = make_connected(brief, catalog, sized)
    modules = {m.sku: m for m in catalog.with_fabric(brief.fabric_frac).modules}
    say("placing")
    placed = make_placed(brief, catalog.basis, modules, connected.equipment)
    say("routing")
    carriers = {c.key: c for c in catalog.carriers}
    routed = make_routed(brief, catalog.basis, modules, carriers, connected.equipment, connected.feeds, placed)
    # After Ctrl-C the later stages still run, at quick effort, so that what was found is not lost.
    later = QUICK if stop.requested else EFFORTS[effort]
    scheduled = make_scheduled(brief, catalog.basis, modules, connected.equipment, later, on_progress, stop)
    say("auditing")
    found = {"weather": weather, "placed": placed, "routed": routed, "scheduled": scheduled}
    plan = make_plan(brief, catalog, sized, connected).model_copy(update=found)
    plan = plan.model_copy(update={"entries_digest": plan.entries_digest_found})
    return Design(plan, refuse_unsound(audit(plan)))


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
    entries = (*modules, *accelerators, *laid.cables, *laid.pipes, climate, *served, tariff)
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
        country=catalog.country(brief.site.country),
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

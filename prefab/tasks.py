"""The task network from order to handed over, in working days, before anything has dates.

A block travels, is set and is tested as a whole; plant of the site does so by type and phase. A task's key is
`place/stage` or `place/stage/SKU`, the place being `site`, `P1` for a phase's plant or `B03` for a block. The order of
the stages follows the commissioning levels L1 (factory) to L5 (integrated systems test) in general use, see
https://www.datacentres.com/guides/modular-data-centre-guide.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import takewhile
from typing import NamedTuple

import holidays

from prefab.basis import DesignBasis
from prefab.brief import SiteBrief, Works
from prefab.errors import InputError
from prefab.module import Module
from prefab.plan import Equipment
from prefab.results import Resource, Task
from prefab.units import exact, need

_TOO_LATE_DAYS = 366
"""After the last phase's date."""


def work_days(country: str, first: date) -> Iterator[date]:
    """Working days from `first` on, without end: Monday to Friday without public holidays.

    Raises:
        InputError: no public holidays are known for the country.
    """
    try:
        free = holidays.country_holidays(country)
    except NotImplementedError:
        known = sorted(c for c in holidays.list_supported_countries(include_aliases=False) if len(c) == 2)
        raise InputError(
            f"site.country: no public holidays known for {country!r}; allowed: {', '.join(known)}"
        ) from None
    day = first
    while True:
        if day.weekday() < 5 and day not in free:
            yield day
        day += timedelta(1)


def ready_day(days: Sequence[date], order: int, lead_days: int) -> int:
    """First of the working days on or after the order's and the calendar days of the lead time."""
    return bisect_left(days, days[order] + timedelta(lead_days))


def lead_days(module: Module) -> int:
    """Calendar days from order to readiness: makers quote calendar weeks, holidays among them."""
    return need(module.deployment.lead_weeks * 7)


@dataclass(frozen=True)
class Network:
    """Tasks with predecessors before successors, the crews they share, and what each hand-over weighs."""

    tasks: Mapping[str, Task]
    resources: Mapping[str, Resource]
    weights: Mapping[str, int]
    """Whole megawatts by the key of the hand-over task, in order of the phases."""
    release: Mapping[str, int]
    """First working day allowed, for the tasks that have one."""

    def objective(self, starts: Mapping[str, int]) -> int:
        """Sum over phases of megawatts x working day of handing over."""
        return sum(weight * starts[key] for key, weight in self.weights.items())

    def early(self) -> dict[str, int]:
        """Earliest starts by precedence alone."""
        early: dict[str, int] = {}
        for key, task in self.tasks.items():
            after = (early[p] + self.tasks[p].work_days for p in task.predecessors)
            early[key] = max([self.release.get(key, 0), *after])
        return early

    def late(self, limits: Mapping[str, int], horizon: int) -> dict[str, int]:
        """Latest starts by precedence alone, for tasks that end within their limits and all within the horizon."""
        late = {k: min(limits.get(k, horizon), horizon) - t.work_days for k, t in self.tasks.items()}
        for key, task in reversed(list(self.tasks.items())):
            for p in task.predecessors:
                late[p] = min(late[p], late[key] - self.tasks[p].work_days)
        return late

    def least(self, key: str, early: Mapping[str, int]) -> int:
        """A day before which this milestone cannot be, by precedence and by the work of each crew.

        Tasks that cannot begin before `a` and after whose end `b` days of others must pass, together W crew days on C
        crews, put the milestone at a + W / C + b at least (energetic reasoning: P. Baptiste, C. Le Pape, W. Nuijten,
        https://doi.org/10.1007/978-1-4615-1479-4).
        """
        tail = {key: 0}
        for k, task in reversed(list(self.tasks.items())):
            if k in tail:
                for p in task.predecessors:
                    tail[p] = max(tail.get(p, 0), tail[k] + task.work_days)
        least = early[key]
        for resource in self.resources.values():
            users = [
                (early[k], tail[k], t.work_days * t.demand)
                for k, t in self.tasks.items()
                if t.resource == resource.key and k in tail
            ]
            for a in sorted({u[0] for u in users}):
                for b in sorted({u[1] for u in users}):
                    work = sum(w for since, until, w in users if since >= a and until >= b)
                    if work:
                        least = max(least, a + need(work / resource.capacity) + b)
        return least


def site_days(module: Module, basis: DesignBasis) -> int:
    """Calendar days from a module's readiness at the factory to its site acceptance, even if it never waits and no
    holiday comes between."""
    d = module.deployment
    work = (
        need(d.fat_days)
        + need(d.transport_days)
        + need(_lifts(module) / basis.lifts_per_day_count)
        + need(d.connect_days)
        + basis.site_acceptance_days
    )
    # From a Monday on, five days of work end on the Friday; from any other day they end no earlier.
    return work - 1 + 2 * ((work - 1) // 5)


def earliest_date(module: Module, basis: DesignBasis, order: date) -> date:
    """No site acceptance of this module is before this date."""
    return order + timedelta(lead_days(module) + site_days(module, basis))


def make_tasks(
    brief: SiteBrief, basis: DesignBasis, modules: Mapping[str, Module], equipment: tuple[Equipment, ...]
) -> tuple[tuple[Task, ...], tuple[Resource, ...]]:
    """Every task of the site, predecessors before successors, and what they share.

    The working days of a procurement are those of an order on the first working day. Ordered on another day it may take
    more or fewer of them, but is never ready earlier.

    Raises:
        InputError: no public holidays are known for the site's country.
    """
    by_phase = [
        (_plant_lots(p.name, n, modules, equipment), _block_lots(n, equipment)) for n, p in enumerate(brief.phases)
    ]
    procured = _procured(brief, modules, [lot for lots in by_phase for own in lots for lot in own])
    tasks = list(_site_tasks(basis))
    energised = "site/grid_connection"
    plant_ready = handed_over = ""
    for phase, named in enumerate(brief.phases):
        place = f"P{phase + 1}"
        feeding, standing = [energised], [plant_ready] if plant_ready else []
        lots, blocks = by_phase[phase]
        if lots:
            tasks.append(
                Task(
                    f"{place}/pads", "Pads of the plant", named.name, "pads", phase,
                    basis.civil_days_per_block, ("site/site_civil",),
                )
            )  # fmt: skip
        for lot in lots:
            chain = tuple(_lot_tasks(lot, basis, modules, procured))
            tasks += chain
            through = any(n.through for sku in lot.skus for n in modules[sku].needs)
            (feeding if through else standing).append(chain[-1].key)
        energised = f"{place}/energisation"
        tasks.append(_milestone(energised, "Medium voltage energised", named.name, phase, feeding))
        if standing:
            plant_ready = f"{place}/plant_ready"
            tasks.append(_milestone(plant_ready, "Standby and other site plant ready", named.name, phase, standing))
        tested = []
        for lot in blocks:
            chain = (
                Task(
                    f"{lot.place}/pads", "Pads", lot.subject, "pads", phase,
                    basis.civil_days_per_block, ("site/site_civil",),
                ),
                *_lot_tasks(lot, basis, modules, procured),
            )  # fmt: skip
            tests = _tests(lot, basis, chain[-1].key, energised, plant_ready)
            tasks += (*chain, *tests)
            tested.append(tests[-1].key)
        waits = tested or [energised, *([plant_ready] if plant_ready else [])]
        if handed_over:
            waits.append(handed_over)
        handed_over = f"{place}/handover"
        tasks.append(_milestone(handed_over, "Handed over", named.name, phase, waits))
    return tuple(tasks), _resources(brief.works, basis)


def _resources(works: Works, basis: DesignBasis) -> tuple[Resource, ...]:
    bays = works.fat_bays or basis.fat_bays_count
    cranes = works.crane_crews or basis.crane_crews_count
    connecting = works.connection_crews or basis.connection_crews_count
    commissioning = works.commissioning_crews or basis.commissioning_crews_count
    return (
        Resource("fat_bay", "Factory acceptance test bays", bays),
        Resource("crane", "Crane crews", cranes),
        Resource("connection_crew", "Connection crews", connecting),
        Resource("commissioning_crew", "Commissioning crews", commissioning),
    )


def _site_tasks(basis: DesignBasis) -> Iterable[Task]:
    def site(stage: str, title: str, days: int, *after: str) -> Task:
        return Task(f"site/{stage}", title, "site", stage, 0, days, tuple(f"site/{a}" for a in after))

    yield site("engineering", "Site engineering", basis.engineering_days)
    yield site("permits", "Permits", basis.permit_days, "engineering")
    # The brief's grid capacity is under contract: what is left is to build it.
    yield site("grid_connection", "Build the contracted grid connection", basis.grid_connection_days)
    yield site("site_civil", "Roads, trenches and drainage", basis.site_civil_days, "permits")


@dataclass(frozen=True)
class _Lot:
    """Modules that are delivered, set and connected together."""

    place: str
    ending: str
    """What follows the stage in a key: `/SKU` for plant, nothing for a block."""
    subject: str
    phase: int
    skus: Mapping[str, int]
    """Count by SKU, sorted."""


def _plant_lots(subject: str, phase: int, modules: Mapping[str, Module], equipment: Iterable[Equipment]) -> list[_Lot]:
    counts = Counter(e.sku for e in equipment if e.block == 0 and e.phase == phase)
    return [_Lot(f"P{phase + 1}", f"/{sku}", subject, phase, {sku: counts[sku]}) for sku in sorted(counts)]


def _block_lots(phase: int, equipment: Iterable[Equipment]) -> list[_Lot]:
    blocks: dict[int, Counter[str]] = {}
    for e in equipment:
        if e.block and e.phase == phase:
            blocks.setdefault(e.block, Counter())[e.sku] += 1
    named = ((f"B{number:02d}", blocks[number]) for number in sorted(blocks))
    return [_Lot(tag, "", tag, phase, dict(sorted(counts.items()))) for tag, counts in named]


def _procured(brief: SiteBrief, modules: Mapping[str, Module], lots: Sequence[_Lot]) -> dict[str, int]:
    """Working days by procurement between an order on the first working day and readiness."""
    waits = _ready_days(brief, modules, lots)
    first = next(work_days(brief.site.country, brief.as_of))
    last = first + timedelta(max(waits.values(), default=0))
    days = tuple(takewhile(lambda d: d <= last, work_days(brief.site.country, first)))
    return {key: ready_day(days, 0, wait) for key, wait in waits.items()}


def _ready_days(brief: SiteBrief, modules: Mapping[str, Module], lots: Sequence[_Lot]) -> dict[str, int]:
    """Calendar days from the order to the readiness of all that a procurement is for.

    What a factory makes at a limited rate is ready lot after lot, each when the factory is free and its own lead time
    over, the earliest phase first.
    """
    found = {_procurement(lot, sku): lead_days(modules[sku]) for lot in lots for sku in lot.skus}
    # What is not ready by then is too late anyway; a slow factory's last module may be beyond all calendars.
    latest = (brief.phases[-1].energised_by - brief.as_of).days + _TOO_LATE_DAYS
    for factory in brief.works.factory:
        each = 7 / exact(factory.modules_per_week)
        waiting = sorted(
            _Turn(lot.phase, lead_days(modules[sku]), place, _procurement(lot, sku), count)
            for place, lot in enumerate(lots)
            for sku, count in lot.skus.items()
            if modules[sku].family == factory.family
        )
        free = Fraction(0)
        while waiting:
            begins = max(free, Fraction(min(turn.lead_days for turn in waiting)))
            turn = next(turn for turn in waiting if turn.lead_days <= begins)
            waiting.remove(turn)
            ready = begins + (turn.modules - 1) * each
            found[turn.key] = max(turn.lead_days, min(need(ready), latest))
            free = ready + each
    return found


class _Turn(NamedTuple):
    """When a factory comes to a lot, the smallest first."""

    phase: int
    lead_days: int
    place: int
    key: str
    modules: int


def _procurement(lot: _Lot, sku: str) -> str:
    return f"{lot.place}/procurement/{sku}"


def _lot_tasks(
    lot: _Lot, basis: DesignBasis, modules: Mapping[str, Module], procured: Mapping[str, int]
) -> Iterable[Task]:
    """From order to start-up; stages that take no time are left out."""
    ready = []
    for sku, count in lot.skus.items():
        procurement = _procurement(lot, sku)
        what = f"{count} x {sku}"
        days = procured[procurement]
        yield Task(procurement, f"Order and build {what}", lot.subject, "procurement", lot.phase, days, ())
        tested = need(modules[sku].deployment.fat_days)
        ready.append(f"{lot.place}/factory_test/{sku}" if tested else procurement)
        if tested:
            # Equal modules of a lot are tested side by side in one bay: the same programme, the same test gear.
            yield Task(
                ready[-1], f"Factory acceptance test {what}", lot.subject, "factory_test", lot.phase, tested,
                (procurement,), "fat_bay",
            )  # fmt: skip
    deployments = [(modules[sku].deployment, count) for sku, count in lot.skus.items()]
    lifts = sum(_lifts(modules[sku]) * count for sku, count in lot.skus.items())
    steps = (
        ("transport", "Transport", max(need(d.transport_days) for d, _ in deployments), ""),
        (
            "setting",
            f"Set by crane ({lifts} lift{'s' if lifts != 1 else ''})",
            need(lifts / basis.lifts_per_day_count),
            "crane",
        ),
        # A crew connects equal modules side by side, and one type after the other.
        ("connection", "Connect", sum(need(d.connect_days) for d, _ in deployments), "connection_crew"),
        ("site_acceptance", "Site acceptance", basis.site_acceptance_days, ""),
        # Each maker starts its own equipment up, all at the same time.
        ("start_up", "Start up", max(need(d.start_up_days) for d, _ in deployments), "commissioning_crew"),
    )
    after = (*ready, f"{lot.place}/pads")
    for stage, title, days, resource in steps:
        if days:
            key = f"{lot.place}/{stage}{lot.ending}"
            yield Task(key, title, lot.subject, stage, lot.phase, days, after, resource)
            after = (key,)


def _tests(lot: _Lot, basis: DesignBasis, after: str, energised: str, plant_ready: str) -> tuple[Task, Task]:
    functional, integrated = f"{lot.place}/functional_test", f"{lot.place}/integrated_test"
    crew = "commissioning_crew"
    return (
        Task(
            functional, "Functional tests", lot.subject, "functional_test", lot.phase,
            basis.functional_test_days, (after, energised), crew,
        ),
        Task(
            integrated, "Integrated systems test", lot.subject, "integrated_test", lot.phase,
            basis.integrated_test_days, (functional, plant_ready) if plant_ready else (functional,), crew,
        ),
    )  # fmt: skip


def _milestone(key: str, title: str, subject: str, phase: int, after: Iterable[str]) -> Task:
    return Task(key, title, subject, key.split("/")[1], phase, 0, tuple(after))


def _lifts(module: Module) -> int:
    """What stands inside another module comes to the site in it."""
    return module.deployment.lifts_count if module.stands == "site" else 0

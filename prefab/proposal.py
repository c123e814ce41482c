"""Everything a document may show, taken from one plan; solves nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from prefab.audit import broken
from prefab.bom import make_bom
from prefab.carrier import Carrier
from prefab.dependability import Dependability, make_dependability
from prefab.flexibility import Offer, make_offers
from prefab.module import Losses, Module
from prefab.plan import Plan
from prefab.projection import make_projection
from prefab.provenance import Provenance, Source, Sourced
from prefab.results import Bom, Finding, OpenPoint, Projection
from prefab.rules import RULES, Rule, grid_obligations
from prefab.rules.walk import walk
from prefab.storage_events import StorageEvent, make_events
from prefab.storage_kept import Kept, make_kept
from prefab.units import musd, number
from prefab.workload import Span


@dataclass(frozen=True)
class Compliance:
    """One rule in the compliance table: what it asks, whether it is kept, and where it is tightest."""

    title: str
    asked: str
    basis: str
    kept: bool | None
    """None where it has nothing to check at this site."""
    places: int
    tightest: Finding | None


@dataclass(frozen=True)
class Assumption:
    """A figure the proposal stands on, with its source."""

    subject: str
    figure: str
    value: str
    basis: str
    source: str
    url: str
    note: str


@dataclass(frozen=True)
class ModuleRow:
    """One line of the equipment list."""

    sku: str
    title: str
    family: str
    gives: str
    rating: str
    count: int
    per_phase: tuple[int, ...]
    footprint: str
    mass_kg: int
    redundancy: str


@dataclass(frozen=True)
class Proposal:
    """One plan with everything that follows from it."""

    plan: Plan
    findings: tuple[Finding, ...]
    bom: Bom
    projection: Projection
    compliance: tuple[Compliance, ...]
    equipment: tuple[ModuleRow, ...]
    assumptions: tuple[Assumption, ...]
    dependability: Dependability
    open_points: tuple[OpenPoint, ...]
    """What the grid's rules ask that nobody has shown to be kept."""
    kept: tuple[Kept, ...]
    """What storage is kept for; nothing where nothing but a reserve was asked of it."""
    events: tuple[StorageEvent, ...]
    offers: tuple[Offer, ...]
    """What the grid could be offered."""
    answers: tuple[tuple[str, str], ...]
    """The five questions of a customer, each with its answer in a sentence or two."""

    @property
    def faults(self) -> tuple[Finding, ...]:
        """Findings that are not kept: documents of such a plan are drafts."""
        return broken(self.findings)


def make_proposal(plan: Plan, findings: tuple[Finding, ...]) -> Proposal:
    """Compute everything the documents show. The plan must be complete and audited."""
    bom = make_bom(plan)
    projection = make_projection(plan)
    return Proposal(
        plan=plan,
        findings=findings,
        bom=bom,
        projection=projection,
        compliance=tuple(_compliance(rule, plan, findings) for rule in RULES),
        equipment=_equipment(plan),
        assumptions=_assumptions(plan),
        dependability=make_dependability(plan),
        open_points=grid_obligations.open_points(plan),
        kept=make_kept(plan),
        events=make_events(plan),
        offers=make_offers(plan),
        answers=_answers(plan, findings, bom, projection),
    )


# More of them are a table, which says itself only by its ends.
_MOST_NUMBERS = 24

# Of findings in several units, those whose room says something: crews at work and control points are often full.
_MARGINS = {"contingencies": "kW", "bus_limit": "kW", "schedule": "days"}


def _compliance(rule: Rule, plan: Plan, findings: tuple[Finding, ...]) -> Compliance:
    name = rule.__name__.rpartition(".")[2]
    own = [f for f in findings if f.rule == name]
    wanted = _MARGINS.get(name, "")
    tightest = min(
        own,
        key=lambda f: (f.kept, bool(wanted) and f.unit != wanted, f.sense == "==" or f.limit == 0, f.headroom_frac),
        default=None,
    )
    kept = all(f.kept for f in own) if own else None
    return Compliance(rule.TITLE, rule.explain(plan.brief), rule.BASIS, kept, len(own), tightest)


# The site's plant from the utility to its services, then a block from its pods to its cooling and safety.
_FAMILIES = (
    "hv_bay", "main_transformer", "intake", "house_transformer", "generator", "fuel", "battery", "battery_conversion",
    "network", "control_room", "it_pod", "fabric", "power", "rotary_ups", "dc_power", "supercapacitor", "ups_storage",
    "electrical_house", "transformer", "busway", "cdu", "air_cooling", "pump", "heat_rejection", "buffer_tank", "water",
    "control", "fire",
)  # fmt: skip


def _equipment(plan: Plan) -> tuple[ModuleRow, ...]:
    assert plan.connected is not None
    rows = []
    seen = dict.fromkeys(e.sku for e in plan.connected.equipment)
    order = {family: index for index, family in enumerate(_FAMILIES)}
    for sku in sorted(seen, key=lambda s: order.get(plan.module(s).family, len(order))):
        module = plan.module(sku)
        own = [e for e in plan.connected.equipment if e.sku == sku]
        carrier = plan.carrier(own[0].carrier)
        rows.append(
            ModuleRow(
                sku=sku,
                title=module.title,
                family=module.family,
                gives=carrier.title,
                rating=rating_text(module, carrier),
                count=len(own),
                per_phase=tuple(sum(e.phase == p for e in own) for p in range(len(plan.brief.phases))),
                footprint=" x ".join(
                    f"{mm / 1000:.2f}" for mm in (module.length_mm, module.width_mm, module.height_mm)
                ),
                mass_kg=module.mass_kg,
                redundancy=plan.brief.redundancy.of(carrier.redundancy, critical=carrier.autonomy),
            )
        )
    return tuple(rows)


def rating_text(module: Module, carrier: Carrier) -> str:
    """What one module gives of a carrier: `2,500 kVA`, or in the carrier's own unit: `8 bays of 600 mm`."""
    gives = module.given(carrier.key)
    if gives is None:
        return ""
    for value, unit in (
        (gives.capacity_kw, "kW"),
        (gives.capacity_kva, "kVA"),
        (gives.capacity_l, "L"),
        (gives.capacity_units, carrier.unit.replace("m3", "m³") or "units"),
    ):
        if value is not None:
            return f"{number(value)} {unit}"
    return ""


def _assumptions(plan: Plan) -> tuple[Assumption, ...]:
    entries: list[tuple[str, Sourced]] = [
        (f"climate {plan.climate.key}", plan.climate),
        *((f"workload {card.key}", card) for card in plan.cards),
        (f"tariff {plan.tariff.key}", plan.tariff),
        ("cost rates", plan.costs),
        ("design basis", plan.basis),
        *((("supply", plan.supply_basis),) if plan.supply_basis else ()),
    ]
    sources = {s.key: s for s in plan.sources}
    found = []
    for module in plan.modules:
        subject = module.sku if module.manufacturer == "generic" else f"{module.sku} ({module.manufacturer})"
        for figure, value in _main_figures(plan, module):
            p = module.source_of(figure)
            # The band of a table or of all other figures is none of this one's.
            found.append(_assumption(subject, figure, value + (_band(p) if p.of == figure else ""), p, sources))
    for subject, entry in entries:
        for p in entry.provenance:
            figure = "all other figures" if p.of == "*" else p.of
            value = _value(entry, p.of)
            # What has a low and a high case of its own says them itself.
            found.append(_assumption(subject, figure, value if " to " in value else value + _band(p), p, sources))
    for crew, count in plan.brief.works.crews.items():
        if count is not None:
            value = f"{count} (design basis {getattr(plan.basis, f'{crew}_count')})"
            note = "At work at the same time."
            found.append(Assumption("brief", f"works.{crew}", value, "brief", "the brief", "", note))
    slots = ", ".join(f"{f.family} {f.modules_per_week:g} a week" for f in plan.brief.works.factory)
    note = "Makers publish none. Of other families any number is ready after its lead time: their makers must confirm."
    found.append(Assumption("brief", "works.factory", slots or "no slots named", "brief", "the brief", "", note))
    found += (Assumption("brief", figure, value, "brief", "the brief", "", note) for figure, value, note in _grid(plan))
    return tuple(found)


def _grid(plan: Plan) -> Iterator[tuple[str, str, str]]:
    """Figure, value and note of a connection that comes in steps: what it gives, what bridges it and what is called off
    of it, by phase."""
    grid = plan.brief.grid
    if not grid.series:
        return
    yield "grid.series", grid.steps_text, "The utility must confirm it: dates of connections slip by years."
    for number_, phase in enumerate(plan.brief.phases):
        step, drawn_kw = plan.brief.connection_in(number_), walk(plan, number_).import_kw
        ready = _handover(plan, number_)
        early = f" Ready on {ready}: until then it waits, or runs at what there is." if ready < step.since else ""
        value = f"{phase.name}: {number(drawn_kw / 1000, 1)} of {step.given_mw:g} MW"
        when = f"from {step.since} on" if step.given_mw else f"before {grid.series[0].since}"
        yield "grid.series", value, f"What the connection gives {when}.{early}"
        if grid.bridge.allowed and (bridged_mw := drawn_kw / 1000 - step.given_mw) > 0:
            value = f"{phase.name}: sets give up to {number(bridged_mw, 1)} MW without limit of hours"
            yield "grid.bridge", value, _BRIDGED
        if step.interruptible_mw and (called_mw := drawn_kw / 1000 - step.firm_mw) > 0:
            value = f"{phase.name}: sets carry up to {number(called_mw, 1)} MW for {grid.interruption_h:g} h"
            yield "grid.interruption_h", value, _CALLED


_BRIDGED = (
    "Permits, emissions, planned service, running beside the utility and its fault level are not checked, nor "
    "deliveries where the fuel does not come by pipe."
)
_CALLED = (
    "Stored fuel is counted from full tanks, which then hold less for an outage. How often the utility calls and "
    "whether sets may run at its call are not checked."
)


def _main_figures(plan: Plan, module: Module) -> Iterator[tuple[str, str]]:
    """What a module costs, how long it takes, what it gives and loses, and how large it is: key and value."""
    yield "price.amount", f"{_plain(float(module.price.amount))} {module.price.currency}"
    yield "deployment.lead_weeks", _value(module, "deployment.lead_weeks")
    carriers = {c.key: c for c in plan.carriers}
    for given in module.gives[:1]:
        figure = next((f for f in _CAPACITIES if getattr(given, f) is not None), _CAPACITIES[0])
        if given.carrier in carriers:
            yield f"gives.{figure}", rating_text(module, carriers[given.carrier])
    for table, figure in _MORE_FIGURES:
        if getattr(module, table) is not None:
            yield f"{table}.{figure}", _value(module, f"{table}.{figure}")
    size = " x ".join(number(mm) for mm in (module.length_mm, module.width_mm, module.height_mm))
    yield "length_mm", f"{size} mm, {number(module.mass_kg)} kg"


_CAPACITIES = ("capacity_kw", "capacity_kva", "capacity_l", "capacity_units")
_MORE_FIGURES = (
    ("losses", "points"),
    ("it", "measured_kw"),
    ("ups_battery", "energy_kwh"),
    ("grid_battery", "energy_kwh"),
)


def _assumption(subject: str, figure: str, value: str, p: Provenance, sources: dict[str, Source]) -> Assumption:
    source = sources.get(p.source)
    return Assumption(
        subject=subject,
        figure="size and mass" if figure == "length_mm" else figure,
        value=value,
        basis=p.basis,
        source=source.title if source else p.source,
        url=source.url if source else "",
        note=p.note,
    )


def _band(p: Provenance) -> str:
    return f" ({_plain(p.low)} to {_plain(p.high)})" if p.low is not None and p.high is not None else ""


def _value(entry: Sourced, path: str) -> str:
    value: object = entry
    for name in path.split("."):
        if isinstance(value, tuple):
            value = value[0] if value else None
        value = getattr(value, name, None)
    if isinstance(value, Span):
        return f"{_plain(value.base)} ({_plain(value.low)} to {_plain(value.high)})"
    if isinstance(value, Losses):
        value = value.points
    if isinstance(value, tuple) and len(numbers := _numbers(value)) > _MOST_NUMBERS:
        return f"{number(len(numbers))} values, {_plain(min(numbers))} to {_plain(max(numbers))}"
    if isinstance(value, tuple):
        return "; ".join(_point(v) for v in value if isinstance(v, int | float | tuple))
    return _plain(value) if isinstance(value, int | float) else ""


def _numbers(value: object) -> list[float]:
    """Every number in a table of tables."""
    if isinstance(value, tuple):
        return [n for entry in value for n in _numbers(entry)]
    return [value] if isinstance(value, int | float) else []


def _point(value: float | tuple[float, ...]) -> str:
    """A point of a curve: what it stands at, and its value there."""
    return ": ".join(_plain(v) for v in value) if isinstance(value, tuple) else _plain(value)


def _plain(value: float) -> str:
    return number(value) if abs(value) >= 1000 else f"{value:.6g}"


def _answers(
    plan: Plan, findings: tuple[Finding, ...], bom: Bom, projection: Projection
) -> tuple[tuple[str, str], ...]:
    assert plan.connected is not None
    brief, sized = plan.brief, plan.sized
    blocks = sum(counts[-1] for counts in sized.blocks)
    margin = f", {brief.prefer.said()}" if brief.prefer.makers else ""
    proof = (
        "proved cheapest in modules, freight and installation, within one module type per carrier and block kind"
        if sized.status == "optimal"
        else f"at most {sized.gap_frac:.2%} above the cheapest in modules, freight and installation"
    )
    modules = len(plan.connected.equipment)
    kept = sum(f.kept for f in findings)
    area = brief.site.area_m2 / 10_000
    runs = sum(r.length_mm for r in plan.routed.runs) / 1e6 if plan.routed else 0.0
    te = projection.tokenergy_kwh_per_mtok
    site = "the site's " if projection.yields else ""
    answers = [
        (
            "What do I buy?",
            f"{blocks} block{'' if blocks == 1 else 's'} and site plant, {modules} modules in all, "
            f"{musd(bom.total_usd)} ({musd(bom.low_usd)} to {musd(bom.high_usd)}); the sizing is {proof}{margin}.",
        ),
        (
            "Does it really work?",
            f"{kept} of {len(findings)} independent checks are kept, every loss that the brief names among them.",
        ),
        (
            "Where does it stand and how is it connected?",
            f"On {area:.2f} ha, with {number(runs, 1)} km of cables and pipes between named modules.",
        ),
        ("When does it run?", _when(plan)),
        (
            "What does it yield?",
            f"{number(projection.mtok.base / 1e6, 2)} trillion tokens a year{projection.of} at {site}PUE "
            f"{projection.pue:.3f}: projected facility TokEnergy {te.base:.4g} kWh per million tokens ({te.low:.4g} to "
            f"{te.high:.4g}), boundary B3."
            + (f" Not comparable: {projection.not_comparable}." if projection.not_comparable else "")
            + "".join(
                f" {y.demand}: {number(y.mtok.base / 1e6, 2)} trillion tokens at {y.tokenergy_kwh_per_mtok.base:.4g}."
                + (f" Not comparable: {y.not_comparable}." if y.not_comparable else "")
                for y in projection.yields[1:]
            )
            + "".join(f" {e.demand}: no tokens, {number(e.site_mwh)} MWh a year." for e in projection.without_tokens),
        ),
    ]
    return tuple(answers)


def _handover(plan: Plan, phase: int) -> date:
    """When a phase is ready; of a plan without dates, when it is asked."""
    tasks = plan.scheduled.tasks if plan.scheduled else ()
    finishes = [t.finish for t in tasks if t.phase == phase and t.stage == "handover"]
    return max(finishes, default=plan.brief.phases[phase].energised_by)


def _when(plan: Plan) -> str:
    if plan.scheduled is None:
        return "Not scheduled."
    done = []
    for number_, phase in enumerate(plan.brief.phases):
        done.append(f"{phase.name} on {_handover(plan, number_)} (asked: {phase.energised_by})")
    return "Handed over: " + "; ".join(done) + "."

"""Everything a document may show, taken from one plan; solves nothing."""

from dataclasses import dataclass

from prefab.audit import broken
from prefab.bom import make_bom
from prefab.module import Losses, Sourced
from prefab.plan import Plan
from prefab.projection import make_projection
from prefab.results import Bom, Finding, Projection
from prefab.rules import RULES, Rule
from prefab.units import musd, number


@dataclass(frozen=True)
class Compliance:
    """One rule in the compliance table: what it asks, whether it is kept, and where it is tightest."""

    title: str
    asked: str
    basis: str
    kept: bool
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
        answers=_answers(plan, findings, bom, projection),
    )


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
    return Compliance(
        rule.TITLE, rule.explain(plan.brief), rule.BASIS, all(f.kept for f in own) and bool(own), len(own), tightest
    )


def _equipment(plan: Plan) -> tuple[ModuleRow, ...]:
    assert plan.connected is not None
    rows = []
    seen = dict.fromkeys(e.sku for e in plan.connected.equipment)
    for sku in seen:
        module = plan.module(sku)
        own = [e for e in plan.connected.equipment if e.sku == sku]
        carrier = plan.carrier(own[0].carrier)
        given = module.given(carrier.key)
        rating = ""
        if given is not None:
            rating = (
                f"{number(given.capacity_kw)} kW"
                if given.capacity_kw
                else f"{number(given.capacity_kva)} kVA"
                if given.capacity_kva
                else f"{number(given.capacity_l)} L"
                if given.capacity_l
                else f"{given.capacity_points} points"
            )
        rows.append(
            ModuleRow(
                sku=sku,
                title=module.title,
                family=module.family,
                gives=carrier.title,
                rating=rating,
                count=len(own),
                per_phase=tuple(sum(e.phase == p for e in own) for p in range(len(plan.brief.phases))),
                footprint=" x ".join(
                    f"{mm / 1000:.2f}" for mm in (module.length_mm, module.width_mm, module.height_mm)
                ),
                mass_kg=module.mass_kg,
                redundancy=str(getattr(plan.brief.redundancy, carrier.redundancy, "N")),
            )
        )
    return tuple(rows)


def _assumptions(plan: Plan) -> tuple[Assumption, ...]:
    entries: list[tuple[str, Sourced]] = [(m.sku, m) for m in plan.modules]
    entries += [
        (f"climate {plan.climate.key}", plan.climate),
        (f"workload {plan.workload.key}", plan.workload),
        (f"tariff {plan.tariff.key}", plan.tariff),
        ("cost rates", plan.costs),
        ("design basis", plan.basis),
    ]
    sources = {s.key: s for s in plan.sources}
    found = []
    for subject, entry in entries:
        for p in entry.provenance:
            source = sources.get(p.source)
            band = f" ({_plain(p.low)} to {_plain(p.high)})" if p.low is not None and p.high is not None else ""
            found.append(
                Assumption(
                    subject=subject,
                    figure="all other figures" if p.of == "*" else p.of,
                    value=_value(entry, p.of) + band,
                    basis=p.basis,
                    source=source.title if source else p.source,
                    url=source.url if source else "",
                    note=p.note,
                )
            )
    return tuple(found)


def _value(entry: Sourced, path: str) -> str:
    value: object = entry
    for name in path.split("."):
        if isinstance(value, tuple):
            value = value[0] if value else None
        value = getattr(value, name, None)
    if isinstance(value, Losses):
        value = value.points
    if isinstance(value, tuple):
        return "; ".join(_point(v) for v in value if isinstance(v, int | float | tuple))
    return _plain(value) if isinstance(value, int | float) else ""


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
    proof = (
        "proved cheapest in modules, freight and installation, within one module type per carrier and block kind"
        if sized.status == "optimal"
        else f"at most {sized.gap_frac:.2%} above the cheapest in modules, freight and installation"
    )
    modules = len(plan.connected.equipment)
    kept = sum(f.kept for f in findings)
    area = brief.site.width_m * brief.site.depth_m / 10_000
    runs = sum(r.length_mm for r in plan.routed.runs) / 1e6 if plan.routed else 0.0
    te = projection.tokenergy_kwh_per_mtok
    answers = [
        (
            "What do I buy?",
            f"{blocks} block{'' if blocks == 1 else 's'} and site plant, {modules} modules in all, "
            f"{musd(bom.total_usd)} ({musd(bom.low_usd)} to {musd(bom.high_usd)}); the sizing is {proof}.",
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
            f"{number(projection.mtok.base / 1e6, 2)} trillion tokens a year at PUE {projection.pue:.3f}: projected "
            f"facility TokEnergy {te.base:.4g} kWh per million tokens ({te.low:.4g} to {te.high:.4g}), boundary B3.",
        ),
    ]
    return tuple(answers)


def _when(plan: Plan) -> str:
    if plan.scheduled is None:
        return "Not scheduled."
    done = []
    for number_, phase in enumerate(plan.brief.phases):
        finish = max(t.finish for t in plan.scheduled.tasks if t.phase == number_ and t.stage == "handover")
        done.append(f"{phase.name} on {finish} (asked: {phase.energised_by})")
    return "Handed over: " + "; ".join(done) + "."

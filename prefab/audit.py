"""Every check on one plan, and the plan's own claims recomputed. Never loads a solver."""

from prefab import objective
from prefab.plan import Plan
from prefab.results import Finding
from prefab.rules import LAND, RUNS, SUPPLY, TIME

CLAIMS = "claims"


def audit(plan: Plan) -> tuple[Finding, ...]:
    """Findings of every rule that the plan's sections allow, in the order of the report."""
    findings: list[Finding] = list(check_claims(plan))
    rules = [
        *(SUPPLY if plan.connected else ()),
        *(LAND if plan.connected and plan.placed else ()),
        *(RUNS if plan.connected and plan.placed and plan.routed else ()),
        *(TIME if plan.connected and plan.scheduled else ()),
    ]
    for rule in rules:
        findings += rule.check(plan)
    return tuple(findings)


def broken(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Those that are not kept."""
    return tuple(f for f in findings if not f.kept)


def check_claims(plan: Plan) -> tuple[Finding, ...]:
    """Recomputes the sizing's cost and looks at the bound it claims."""
    sized = plan.sized
    known = {m.sku for m in plan.modules}
    used = {k.pod for k in sized.kinds} | {g.sku for k in sized.kinds for g in k.groups} | {p.sku for p in sized.plant}
    missing = sorted(used - known)
    if missing:
        text = f"catalog entries that the plan does not carry: {', '.join(missing)}"
        return (Finding(CLAIMS, "sized", False, float(len(missing)), 0.0, "SKUs", "==", text),)
    edited = float(plan.entries_digest_found != plan.entries_digest)
    measured, rounded = objective.measured_usd(sized, plan.modules, plan.costs, plan.brief.prefer)
    claimed = sized.objective_usd
    in_order = sized.exact_bound_usd <= sized.bound_usd <= claimed
    consistent = in_order and (sized.status != "optimal" or sized.bound_usd == claimed)
    return (
        Finding(
            CLAIMS,
            "sized",
            0 <= claimed - measured <= rounded,
            float(measured),
            float(claimed),
            "USD",
            "==",
            f"capital cost recomputed; each of {rounded} figures may be rounded up by a dollar",
        ),
        *(_paid(plan) if plan.brief.prefer.makers or sized.real_usd is not None else ()),
        Finding.at_most(CLAIMS, "catalog entries", edited, 0.0, "digests", "as they were when the plan was made"),
        Finding(CLAIMS, "sized", consistent, float(sized.bound_usd), float(claimed), "USD", "<=", "bound and status"),
    )


def _paid(plan: Plan) -> tuple[Finding]:
    """What the plan says is paid, where its objective has a margin of preference in it."""
    paid, rounded = objective.measured_usd(plan.sized, plan.modules, plan.costs)
    claimed, text = plan.sized.cost_usd, "cost without the margin of preference, recomputed likewise"
    return (Finding(CLAIMS, "sized", 0 <= claimed - paid <= rounded, float(paid), float(claimed), "USD", "==", text),)


def text_of(finding: Finding) -> str:
    """One line: what, where, how much of how much."""
    mark = "kept" if finding.kept else "BROKEN"
    figures = f"{finding.actual:,.6g} {finding.sense} {finding.limit:,.6g} {finding.unit}"
    return f"{finding.rule}: {finding.where}: {mark}: {figures}{': ' + finding.text if finding.text else ''}"

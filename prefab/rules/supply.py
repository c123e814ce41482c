"""Sun and wind on site have land of their own, and send back no more than the connection bears."""

from prefab.brief import SiteBrief
from prefab.plan import Plan
from prefab.results import Finding

TITLE = "Supply on site"
BASIS = "brief [[supply]] mw, ha, profile, grid.export_mw, grid.capacity_mw; catalog supply ha_per_mw"
WISHES = ()
RULE = "supply"
_HOURS = 8760


def check(plan: Plan) -> tuple[Finding, ...]:
    """Nothing to find where the brief names no supply. What goes back is read hour by hour with the site drawing
    nothing, which no year exceeds; what the control at the connection curtails does not go back."""
    brief, findings = plan.brief, []
    carried = {h.name: h.capacity_frac for h in plan.supply_hours}
    for source in brief.supply:
        if source.profile:
            hours = float(len(carried.get(source.name, ())))
            text = "of its profile in the plan"
            findings.append(Finding(RULE, source.name, hours == _HOURS, hours, float(_HOURS), "hours", "==", text))
        if source.on_site:
            assert plan.supply_basis is not None
            asked_ha = source.mw * plan.supply_basis.of(source.kind).ha_per_mw
            text = f"land of its own for {source.mw:g} MW of {source.kind}"
            findings.append(Finding.at_least(RULE, source.name, source.ha or 0.0, asked_ha, "ha", text))
    here = [[1000 * s.mw * frac for frac in carried.get(s.name, ())] for s in brief.supply if s.on_site]
    if here:
        most_kw = max((sum(at) for at in zip(*here, strict=False)), default=0.0)
        back_kw = min(most_kw, 1000 * brief.grid.export_mw)
        text = f"the most that goes back, of {most_kw:,.0f} kW in the highest hour; the rest is used or curtailed"
        findings.append(Finding.at_most(RULE, "connection", back_kw, 1000 * brief.grid.capacity_mw, "kW", text))
    return tuple(findings)


def explain(brief: SiteBrief) -> str:
    """What the rule asks of this site."""
    here = [s for s in brief.supply if s.on_site]
    if not here:
        return "No sun or wind stands on site."
    named = " and ".join(f"{s.mw:g} MW of {s.kind}" for s in here)
    return f"{named} stand on land of their own and send back {brief.grid.export_mw:g} MW at most."

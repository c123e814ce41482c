"""Makes the stored plans, expectations and the README's picture again, after a change that is meant.

Run: python tests/refresh_layouts.py [--sized] [NAME ...], then read the differences. Without names every layout is made
again; with --sized the stored sizing stays, and the rest is made again with what the catalog says now.
"""

import sys
from pathlib import Path

from prefab.brief import SiteBrief, read_brief
from prefab.catalog import load_catalog
from prefab.design import make_design, make_design_again
from prefab.documents.site_plan import make_site_plan
from prefab.documents.svg import svg_of
from prefab.plan import Plan, read_plan, write_plan
from prefab.storage_events import make_events

LAYOUTS = Path(__file__).parents[1] / "layouts"
WHOLE_UP_TO_MW = 500
"""Larger sites are designed to the end like the others, but stored as sized: the rest would be 20 MB."""
LATER = ("connected", "placed", "routed", "scheduled")


def stored_whole(brief: SiteBrief) -> bool:
    """Whether the stored plan of this brief has every section."""
    return brief.it_kw <= WHOLE_UP_TO_MW * 1000


def storage_note(plan: Plan) -> str:
    """What its storage does in which second of an event; empty where it has no duty."""
    events = make_events(plan)
    if not events:
        return ""
    head = f"# {plan.brief.name}: what storage does in which second of an event\n\nMade by `tests/refresh_layouts.py`."
    return "\n\n".join([head, *(event.said for event in events)]) + "\n"


def main(arguments: list[str]) -> None:
    names = [a for a in arguments if a != "--sized"]
    catalog = load_catalog()
    for path in sorted(LAYOUTS.glob("*/brief.toml")):
        if names and path.parent.name not in names:
            continue
        brief = read_brief(path)
        if "--sized" in arguments:
            kept = read_plan(path.with_name("plan.json")).model_copy(update={"brief": brief})
            plan = make_design_again(kept, catalog, "full").plan
        else:
            plan = make_design(brief, catalog, "full").plan
        stored = plan if stored_whole(brief) else plan.model_copy(update=dict.fromkeys(LATER))
        path.with_name("plan.json").write_text(write_plan(stored), encoding="utf-8")
        sized = plan.sized
        path.with_name("expected.toml").write_text(
            f'status = "{sized.status}"\nobjective_usd = {sized.objective_usd}\nbound_usd = {sized.bound_usd}\n',
            encoding="utf-8",
        )
        if note := storage_note(plan):
            path.with_name("storage.md").write_text(note, encoding="utf-8")
        if path.parent.name == "training-20mw":
            path.with_name("site.svg").write_text(svg_of(make_site_plan(plan)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

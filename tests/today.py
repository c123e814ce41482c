"""Stored plans with today's catalog entries in place of those they were made with: for rules that read new figures."""

from functools import cache

from refresh_layouts import LAYOUTS as LAYOUTS
from refresh_layouts import stored_whole

from prefab.brief import read_brief
from prefab.catalog import load_catalog
from prefab.plan import Plan, read_plan
from prefab.sectioning import make_sections

WHOLE = tuple(sorted(p.parent.name for p in LAYOUTS.glob("*/brief.toml") if stored_whole(read_brief(p))))


@cache
def stored(name: str) -> Plan:
    """A stored layout, with bus sections as the stage that connects makes them today."""
    plan, catalog = read_plan(LAYOUTS / name / "plan.json"), load_catalog()
    modules = {m.sku: m for m in catalog.with_fabric(plan.brief.fabric_frac).modules}
    assert plan.connected is not None
    sections = make_sections(plan.brief, catalog.basis, modules, plan.connected.equipment)
    renewed = plan.model_copy(
        update={
            "modules": tuple(modules[m.sku] for m in plan.modules),
            "basis": catalog.basis,
            "connected": plan.connected.model_copy(update={"sections": sections}),
        }
    )
    return with_digest(renewed)


def with_digest(plan: Plan) -> Plan:
    """As though the plan had been made with the entries that it carries."""
    return plan.model_copy(update={"entries_digest": plan.entries_digest_found})

"""A small complete proposal without any solver: two phases of one block each, main transformers and a battery."""

import math
from datetime import date, timedelta

from build import BASIS, MODULES, a_brief, a_catalog, a_module
from wired import BLOCK_GROUPS, with_two_demands

from prefab.carrier import Carrier
from prefab.connecting import make_connected
from prefab.module import Module
from prefab.plan import GRID, BlockKind, Equipment, Group, Plan, Plant, Scheduled, ScheduledTask, Sized
from prefab.proposal import Proposal, make_proposal
from prefab.results import Finding
from prefab.site_layout import Area, Placed, Position, Routed, Run
from prefab.tasks import make_tasks

FORMULA = "=cmd|'/C calc'!A0"
MARKUP = '<b>x</b> & <img src="x">'
GLYPHS = "₹ Łódź → ≥"
AT_SUM = "@SUM(1)"
HOSTILE = (FORMULA, MARKUP, GLYPHS, AT_SUM)

_MAIN = a_module(
    "TXM-20", "main_transformer", price_usd=1_000_000.55,
    gives=[{"carrier": "utility_mv", "capacity_kva": 20_000}],
    needs=[{"carrier": "hv_ac", "connection": "header", "through": True}],
    losses={"points": [[0.0, 10.0], [0.25, 20.0], [0.5, 40.0], [1.0, 100.0]]},
    parts=[{"name": "Bushing", "quantity": 3, "spare_frac": 0.1}],
)  # fmt: skip


def make_plan(**brief) -> Plan:
    """Sized, connected, placed, routed and scheduled, all by hand; `brief` is laid over the brief."""
    wanted = {
        "phases": [
            {"name": "First", "it_mw": 1.0, "energised_by": date(2028, 6, 30)},
            {"name": "Second", "it_mw": 1.0, "energised_by": date(2028, 12, 22)},
        ],
        "grid": {"capacity_mw": 6.0, "voltage_kv": 110.0},
        "storage": {"power_mw": 2.0, "duration_h": 1.0},
    }
    catalog = a_catalog((*MODULES, _MAIN))
    wish = a_brief(**{**wanted, **brief})
    groups = tuple(
        Group(carrier=c, sku=s, sides=sides, per_side=n, supply_degc=t, unit_for=u)
        for c, s, sides, n, t, u in BLOCK_GROUPS
    )
    sized = Sized(
        kinds=(BlockKind(name="a", pod="POD-1000", pods=1, groups=groups),),
        blocks=((1, 2),),
        plant=(
            Plant(carrier="utility_mv", sku="TXM-20", per_side=(2, 2)),
            Plant(carrier="mv_ac", sku="MVS-10", sides=2, per_side=(1, 1)),
            Plant(carrier="standby_mv", sku="GEN-2000", per_side=(2, 3)),
            Plant(carrier="fuel", sku="FTK-030", per_side=(1, 1)),
            Plant(carrier="mv_storage", sku="BES-4000", per_side=(0, 2)),
        ),
        intakes=(1, 1), status="optimal", objective_usd=11_000, bound_usd=11_000, parameters="by hand",
    )  # fmt: skip
    connected = make_connected(wish, catalog, sized)
    modules = {m.sku: m for m in catalog.modules}
    return Plan(
        program="prefab test", catalog_digest="0" * 64, brief=wish, modules=catalog.modules, carriers=catalog.carriers,
        climate=catalog.climates[0], workload=catalog.workloads[0], tariff=catalog.tariffs[0], costs=catalog.costs,
        basis=BASIS, sources=catalog.sources, sized=sized, connected=connected,
        placed=_placed(connected.equipment, modules), routed=_routed(catalog.carriers),
        scheduled=_scheduled(wish, modules, connected.equipment),
    )  # fmt: skip


def _placed(equipment: tuple[Equipment, ...], modules: dict[str, Module]) -> Placed:
    """Rows of ten from west to east, a band for the plant and one for each block."""
    positions, columns = [], {}
    for e in equipment:
        if modules[e.sku].stands == "site":
            column = columns[e.block] = columns.get(e.block, -1) + 1
            x_mm, y_mm = 8000 + 10_000 * (column % 10), 8000 + 34_000 * e.block + 4500 * (column // 10)
            positions.append(Position(tag=e.tag, x_mm=x_mm, y_mm=y_mm))
    bands = (
        ("Plant yard", "yard", 7000, 25_000),
        ("Road 1", "road", 34_000, 6000),
        ("Block B01", "block", 41_000, 30_000),
    )
    areas = tuple(Area(name=n, purpose=p, x_mm=7000, y_mm=y, width_mm=105_000, depth_mm=d) for n, p, y, d in bands)
    return Placed(positions=tuple(positions), areas=areas)


def _routed(carriers: tuple[Carrier, ...]) -> Routed:
    """Two runs and a cable of every carrier from the first main transformer to the second."""
    corner = ((60_000, 0), (60_000, 9000), (9000, 9000))
    runs = [Run(start=GRID, end="TXM-01", carrier="hv_ac", side="A", points_mm=corner, length_mm=70_005)]
    straight = ((9000, 9000), (19_000, 9000))
    runs += [
        Run(start="TXM-01", end="TXM-02", carrier=c.key, side="A", points_mm=straight, length_mm=13_335)
        for c in carriers
    ]
    return Routed(runs=tuple(runs))


def _scheduled(brief, modules: dict[str, Module], equipment: tuple[Equipment, ...]) -> Scheduled:
    """Each task as early as its predecessors allow, seven days for five of work; the longest chain is critical."""
    tasks, _ = make_tasks(brief, BASIS, modules, equipment)
    start, end = {}, {}
    for t in tasks:
        start[t.key] = max((end[p] for p in t.predecessors), default=0)
        end[t.key] = start[t.key] + math.ceil(t.work_days * 7 / 5)
    by_key = {t.key: t for t in tasks}
    critical, at = {tasks[-1].key}, tasks[-1]
    while at.predecessors:
        at = by_key[max(at.predecessors, key=lambda key: end[key])]
        critical.add(at.key)

    def on(days: int) -> date:
        return brief.as_of + timedelta(days=days)

    rows = tuple(
        ScheduledTask(
            key=t.key, title=t.title, subject=t.subject, stage=t.stage, phase=t.phase, start=on(start[t.key]),
            finish=on(max(start[t.key], end[t.key] - 1)), work_days=t.work_days, predecessors=t.predecessors,
            resource=t.resource, float_days=0 if t.key in critical else 9, critical=t.key in critical,
        )
        for t in tasks
    )  # fmt: skip
    return Scheduled(tasks=rows, status="feasible", objective_days=800, bound_days=780, holidays_version="by hand")


def small_proposal(kept: bool = True) -> Proposal:
    """The small plan's proposal; without `kept` one finding is broken, so that documents are drafts."""
    findings = (
        Finding("it_load", "phase First", True, 1000.0, 1000.0, "kW", ">="),
        Finding("grid_limit", "site", kept, 3200.0 if kept else 6400.0, 6000.0, "kW", "<=", "peak import"),
    )
    return make_proposal(make_plan(), findings)


def two_demands_proposal() -> Proposal:
    """The small plan's proposal for two IT demands, of which the second one's tokens are a proxy's."""
    return make_proposal(with_two_demands(make_plan(), title="Learn", accelerator="T2", proxy_for=("T1",)), ())


def hostile_proposal() -> Proposal:
    """The small proposal with texts that must stay texts wherever a brief or a catalog can bring one in."""
    plan = make_plan(name=FORMULA, customer=MARKUP, prepared_by=AT_SUM, location=GLYPHS)
    phases = tuple(p.model_copy(update={"name": f"{AT_SUM} {i}"}) for i, p in enumerate(plan.brief.phases))
    plan = plan.model_copy(
        update={
            "brief": plan.brief.model_copy(update={"phases": phases}),
            "modules": tuple(_hostile(m) for m in plan.modules),
            "carriers": tuple(c.model_copy(update={"title": f"{MARKUP} {c.key}"}) for c in plan.carriers),
            "workload": plan.workload.model_copy(update={"model": MARKUP, "tokenizer": FORMULA}),
            "tariff": plan.tariff.model_copy(update={"title": MARKUP}),
            "sources": tuple(s.model_copy(update={"title": FORMULA, "url": MARKUP}) for s in plan.sources),
        }
    )
    findings = (Finding("grid_limit", MARKUP, True, 1.0, 2.0, "kW", "<=", FORMULA),)
    return make_proposal(plan, findings)


def _hostile(module: Module) -> Module:
    parts = tuple(p.model_copy(update={"name": FORMULA}) for p in module.parts)
    notes = tuple(p.model_copy(update={"note": MARKUP}) for p in module.provenance)
    return module.model_copy(
        update={"title": MARKUP, "manufacturer": "+1", "notes": FORMULA, "parts": parts, "provenance": notes}
    )

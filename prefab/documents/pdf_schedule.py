"""The schedule: Gantt chart, milestones, stages with their test levels, long-lead items and the critical path."""

from collections.abc import Sequence

from reportlab.platypus import Flowable, NextPageTemplate, PageBreak

from prefab.documents.gantt import MOST_BLOCK_ROWS, make_gantt_pages
from prefab.documents.pdf_drawings import Drawn
from prefab.documents.pdf_page import LANDSCAPE, LANDSCAPE_HEIGHT, PORTRAIT
from prefab.documents.pdf_style import (
    CAPTION,
    CELL_BAD,
    CELL_GOOD,
    LANDSCAPE_WIDTH,
    Cell,
    Heading,
    para,
    section,
    table,
    together,
)
from prefab.documents.schedule_csv import in_order
from prefab.plan import Plan, ScheduledTask
from prefab.proposal import Proposal
from prefab.results import BomLine
from prefab.units import day, number

_STAGES = (
    ("engineering", "Site engineering", ""),
    ("permits", "Permits", ""),
    ("grid_connection", "Grid connection", ""),
    ("site_civil", "Roads, trenches, drainage", ""),
    ("pads", "Pads", ""),
    ("procurement", "Order and build", ""),
    ("factory_test", "Factory acceptance test", "L1"),
    ("transport", "Transport", ""),
    ("setting", "Setting by crane", ""),
    ("connection", "Connection", ""),
    ("site_acceptance", "Site acceptance", "L2"),
    ("start_up", "Start-up", "L3"),
    ("functional_test", "Functional tests", "L4"),
    ("integrated_test", "Integrated systems test", "L5"),
)
_MOST_PLACES = 6


def make_schedule(proposal: Proposal) -> list[Flowable]:
    """The whole section."""
    story: list[Flowable] = [NextPageTemplate(LANDSCAPE), PageBreak(), Heading("7\u00a0\u00a0Schedule", 0, "schedule")]
    for index, sheet in enumerate(make_gantt_pages(proposal.plan, LANDSCAPE_HEIGHT - 62)):
        if index:
            story.append(PageBreak())
        story += [
            Drawn(sheet, LANDSCAPE_WIDTH, LANDSCAPE_HEIGHT - 56),
            para(
                "Bars underlined in red have no float. Equal stages of a block are drawn as one bar, and so are "
                "those of blocks whose dates differ by at most two weeks. A phase with more than "
                f"{MOST_BLOCK_ROWS} rows of blocks has one row per stage of all of them; schedule.csv has every task.",
                CAPTION,
            ),
        ]
    tasks = proposal.plan.scheduled.tasks if proposal.plan.scheduled else ()
    return [
        *story,
        NextPageTemplate(PORTRAIT),
        PageBreak(),
        *_milestones(proposal, tasks),
        *_stages(tasks),
        *_long_lead(proposal),
        *_critical([p.name for p in proposal.plan.brief.phases], tasks),
    ]


def _milestones(proposal: Proposal, tasks: Sequence[ScheduledTask]) -> list[Flowable]:
    plan = proposal.plan
    rows: list[Sequence[Cell]] = []
    for number_, phase in enumerate(plan.brief.phases):
        for task in in_order(tuple(t for t in tasks if t.phase == number_ and not t.work_days)):
            asked, room = "", ""
            style = CELL_GOOD
            if task.stage == "handover":
                spare = (phase.energised_by - task.finish).days
                asked, room = day(phase.energised_by), f"{spare:+d} days"
                style = CELL_GOOD if spare >= 0 else CELL_BAD
            rows.append((phase.name, task.title, day(task.finish), asked, para(room, style)))
    proof = ""
    if plan.scheduled:
        proof = (
            "proved best"
            if plan.scheduled.status == "optimal"
            else f"within {_gap(plan.scheduled.objective_days, plan.scheduled.bound_days)} of the bound"
        )
    return [
        Heading("Milestones", 1, "milestones"),
        para(
            f"The project starts on {day(plan.brief.as_of)}; dates follow working days and public holidays of "
            f"{plan.brief.site.country}. {_crews(plan)} The schedule makes the sum over phases of megawatts times the "
            f"day of hand-over least; it is {proof}."
        ),
        table(("Phase", "Milestone", "Date", "Asked for", "In hand"), rows, (30, 30, 14, 14, 12)),
    ]


def _crews(plan: Plan) -> str:
    """How many work at the same time, and which of these figures the brief sets."""
    works = plan.brief.works.crews
    there = {crew: asked or getattr(plan.basis, f"{crew}_count") for crew, asked in works.items()}
    said = [crew for crew, asked in works.items() if asked]
    whose = "the design basis" if not said else "the brief" if len(said) == len(works) else "brief and design basis"
    named = ", ".join(f"{n} {crew.replace('_', ' ').replace('fat', 'factory test')}" for crew, n in there.items())
    return f"At the same time at most, from {whose}: {named}."


def _gap(objective: int, bound: int) -> str:
    return f"{(objective - bound) / objective:.1%}" if objective else "0.0%"


def _stages(tasks: Sequence[ScheduledTask]) -> list[Flowable]:
    rows = []
    for stage, title, level in _STAGES:
        own = [t for t in tasks if t.stage == stage]
        if own:
            first, last = min(t.start for t in own), max(t.finish for t in own)
            rows.append((title, level, str(len(own)), day(first), day(last)))
    head = ("Stage", "Test level", "Tasks", "First start", "Last finish")
    return [
        together(
            Heading("Stages, factory and site tests", 1, "stages"),
            table(head, rows, (38, 14, 12, 18, 18), "llrll"),
        )
    ]


def _long_lead(proposal: Proposal) -> list[Flowable]:
    per_sku: dict[str, list[BomLine]] = {}
    for line in sorted(proposal.bom.lines, key=lambda line: (-line.lead_weeks, line.find)):
        if line.lead_weeks > 0:
            per_sku.setdefault(line.part, []).append(line)
    longest = list(per_sku.values())[:8]
    rows = [
        (
            own[0].part,
            own[0].title,
            f"{sum(line.quantity for line in own):,f}",
            number(own[0].lead_weeks, 1),
            min((day(line.order_by) for line in own if line.order_by), default=""),
        )
        for own in longest
    ]
    head = ("SKU", "Module", "Quantity", "Lead, weeks", "First order by")
    return [
        together(Heading("Longest lead times", 1, "long-lead"), table(head, rows, (17, 43, 11, 13, 16), "llrrl")),
    ]


def _critical(phases: Sequence[str], tasks: Sequence[ScheduledTask]) -> list[Flowable]:
    critical = [t for t in in_order(tuple(tasks)) if t.critical]
    lots: dict[tuple[int, str], list[ScheduledTask]] = {}
    for task in critical:
        if task.work_days:
            lots.setdefault((task.phase, task.stage), []).append(task)
    titles = {stage: title for stage, title, _ in _STAGES}
    rows = [
        (
            phases[phase],
            titles.get(stage, own[0].title),
            _places(own),
            day(own[0].start),
            day(max(t.finish for t in own)),
        )
        for (phase, stage), own in lots.items()
    ]
    return [
        section(120),
        Heading("Critical path", 1, "critical", before_long=True),
        para(
            "A day lost in one of these stages is a day lost at a hand-over. A line holds every critical task of one "
            "stage and phase, which may run one after the other; schedule.csv has them one by one."
        ),
        table(("Phase", "Stage", "Where", "First start", "Last finish"), rows, (22, 28, 26, 12, 12)),
    ]


def _places(tasks: Sequence[ScheduledTask]) -> str:
    """Where tasks take place: the first places by name."""
    named = list(dict.fromkeys("site" if t.subject == "site" else t.subject for t in tasks))
    more = f" and {len(named) - _MOST_PLACES} more" if len(named) > _MOST_PLACES else ""
    return ", ".join(named[:_MOST_PLACES]) + more

"""`schedule.csv`: every task with its dates, for project managers."""

from pathlib import Path

from prefab.documents.csv_file import write_csv
from prefab.plan import ScheduledTask
from prefab.proposal import Proposal

_HEAD = (
    "task", "title", "subject", "phase", "stage", "start", "finish", "work_days", "float_days", "critical",
    "resource", "predecessors",
)  # fmt: skip


def write(proposal: Proposal, path: Path) -> None:
    """Write a line per task in order of its dates; a plan that is not scheduled gives the head alone."""
    plan = proposal.plan
    tasks = plan.scheduled.tasks if plan.scheduled else ()
    rows = (
        (
            t.key,
            t.title,
            t.subject,
            plan.brief.phases[t.phase].name,
            t.stage,
            t.start,
            t.finish,
            t.work_days,
            t.float_days,
            t.critical,
            t.resource,
            "; ".join(t.predecessors),
        )
        for t in in_order(tasks)
    )
    write_csv(path, _HEAD, rows)


def in_order(tasks: tuple[ScheduledTask, ...]) -> list[ScheduledTask]:
    """By start, then finish; the plan's own order among equals."""
    return sorted(tasks, key=lambda t: (t.start, t.finish))

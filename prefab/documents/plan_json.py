"""`plan.json`: every decision, for any later step."""

from pathlib import Path

from prefab.plan import write_plan
from prefab.proposal import Proposal


def write(proposal: Proposal, path: Path) -> None:
    """Write the plan as it is."""
    path.write_text(write_plan(proposal.plan), encoding="utf-8", newline="\n")

"""The documents of a proposal, one writer per file; each takes a finished `Proposal` and solves nothing."""

from collections.abc import Callable
from pathlib import Path

from prefab.documents import (
    bom_csv,
    bom_xlsx,
    gantt,
    grid_json,
    one_line,
    plan_json,
    projection_csv,
    proposal_pdf,
    schedule_csv,
    site_dxf,
    site_svg,
)
from prefab.proposal import Proposal

Writer = Callable[[Proposal, Path], None]

WRITERS: tuple[tuple[str, Writer], ...] = (
    ("plan.json", plan_json.write),
    ("bom.xlsx", bom_xlsx.write),
    ("bom.csv", bom_csv.write),
    ("proposal.pdf", proposal_pdf.write),
    ("schedule.csv", schedule_csv.write),
    ("gantt.svg", gantt.write),
    ("site.svg", site_svg.write),
    ("one-line.svg", one_line.write),
    ("projection.csv", projection_csv.write),
)
WITH_EXTRA: tuple[tuple[str, Writer], ...] = (("site.dxf", site_dxf.write),)
"""Written where ezdxf is installed."""
ON_REQUEST: tuple[tuple[str, Writer], ...] = (("grid.json", grid_json.write),)
"""Written when asked for by name: they need an extra."""


def written() -> tuple[str, ...]:
    """The documents that `write_all` writes here."""
    return tuple(name for name, _ in (*WRITERS, *(WITH_EXTRA if site_dxf.is_installed() else ())))


def left_out() -> str:
    """What it does not write for want of an extra, and what brings that; empty where nothing is wanting."""
    return "" if site_dxf.is_installed() else "site.dxf: left out; pip install 'prefab-dc[dxf]' brings what it needs"


def write_all(proposal: Proposal, folder: Path) -> None:
    """Write every document, but those on request, into a folder that is there."""
    for name in written():
        write_one(proposal, folder, name)


def write_one(proposal: Proposal, folder: Path, name: str) -> None:
    """Write the document of that name into a folder that is there.

    Raises:
        KeyError: no writer has this name.
        InputError: the extra that it needs is not installed.
    """
    dict((*WRITERS, *WITH_EXTRA, *ON_REQUEST))[name](proposal, folder / name)

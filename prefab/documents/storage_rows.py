"""What storage is kept for and what the grid could be offered, as rows that the proposal and the workbook share."""

from typing import NamedTuple

from prefab.documents.labels import counted
from prefab.proposal import Proposal
from prefab.units import number

KEPT = (
    "At the connection of the storage, at the end of its life and inside its window of charge. No part of it serves "
    "two duties. What UPS keep for their autonomy is not among it and never touched."
)
OFFERED = (
    "At full build. Nothing of it is under contract or counted in the figures of this proposal. What UPS keep for "
    "their autonomy is never offered."
)


class KeptRow(NamedTuple):
    """One duty of one storage."""

    storage: str
    where: str
    phase: str
    duty: str
    power_kw: float
    energy_kwh: float
    held_kw: float
    held_kwh: float


def kept_rows(proposal: Proposal) -> list[KeptRow]:
    """In the order of the plan's storage, the site's first."""
    plan, rows = proposal.plan, []
    for kept in proposal.kept:
        where = "site"
        if kept.kind:
            blocks = dict(zip((k.name for k in plan.sized.kinds), plan.sized.blocks, strict=True))[kept.kind]
            where = f"each of {counted(blocks[kept.phase], 'block')} of kind {kept.kind}"
        title, phase = f"{kept.sku}: {plan.module(kept.sku).title}", plan.brief.phases[kept.phase].name
        figures = (kept.power_kw, kept.energy_kwh, kept.held_kw, kept.held_kwh)
        rows.append(KeptRow(title, where, phase, kept.duty, *figures))
    return rows


def energy_text(kwh: float) -> str:
    """In kWh; small ones with their decimals."""
    return number(kwh, 0 if abs(kwh) >= 100 else 2)


def notice_text(seconds: float | None) -> str:
    """In seconds, or in minutes from two on."""
    if seconds is None:
        return ""
    return f"{seconds:.3g} s" if seconds < 120 else f"{number(seconds / 60)} min"

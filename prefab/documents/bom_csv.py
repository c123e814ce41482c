"""`bom.csv`: the bill without levels' layout, a line each, for import into purchasing systems."""

from pathlib import Path

from prefab.documents.csv_file import write_csv
from prefab.proposal import Proposal

_HEAD = (
    "level", "find", "parent", "part", "title", "family", "manufacturer", "revision", "unit", "quantity_per_parent",
    "quantity", "unit_price_usd", "extended_usd", "low_usd", "high_usd", "lead_weeks", "order_by", "mass_kg",
    "transport_class", "basis", "source", "tags", "notes",
)  # fmt: skip


def write(proposal: Proposal, path: Path) -> None:
    """Write a line per line of the bill, then a column per phase with its quantity."""
    bom = proposal.bom
    phases = tuple(f"quantity: {name}" for name in bom.phase_names)
    rows = (
        (
            line.level,
            line.find,
            line.parent,
            line.part,
            line.title,
            line.family,
            line.manufacturer,
            line.revision,
            line.unit,
            line.quantity_per_parent,
            line.quantity,
            line.unit_price_usd,
            line.extended_usd,
            line.low_usd,
            line.high_usd,
            line.lead_weeks,
            line.order_by,
            line.mass_kg,
            line.transport_class,
            line.basis,
            line.source,
            " ".join(line.tags),
            line.notes,
            *line.phase_quantities,
        )
        for line in bom.lines
    )
    write_csv(path, (*_HEAD, *phases), rows)

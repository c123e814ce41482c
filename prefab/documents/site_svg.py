"""`site.svg`: the site plan for civil and electrical designers, true to its scale, in layers."""

from pathlib import Path

from prefab.documents.labels import faults_text
from prefab.documents.site_plan import make_site_plan
from prefab.documents.svg import svg_of
from prefab.proposal import Proposal


def write(proposal: Proposal, path: Path) -> None:
    """Write the site plan as SVG."""
    path.write_text(svg_of(make_site_plan(proposal.plan), faults_text(proposal)), encoding="utf-8", newline="\n")

"""`proposal.pdf`: the story a customer reads, from the cover to the revision history."""

from pathlib import Path

from reportlab.platypus import Flowable, NextPageTemplate, PageBreak

from prefab.documents.pdf_commercial import make_assumptions, make_closing, make_commercial
from prefab.documents.pdf_page import PORTRAIT, ProposalDocument, contents
from prefab.documents.pdf_schedule import make_schedule
from prefab.documents.pdf_solution import make_compliance, make_equipment, make_power_pages, make_site_pages
from prefab.documents.pdf_style import H1, para, section, space
from prefab.documents.pdf_summary import make_requirements, make_summary
from prefab.documents.pdf_yield import make_energy, make_tokenergy
from prefab.documents.site_plan import make_site_plan
from prefab.proposal import Proposal


def write(proposal: Proposal, path: Path) -> None:
    """Lay the proposal out and write it; equal proposals give equal bytes."""
    site_plan = make_site_plan(proposal.plan)
    story: list[Flowable] = [
        space(1),
        NextPageTemplate(PORTRAIT),
        PageBreak(),
        para("Contents", H1),
        contents(),
        PageBreak(),
        *make_summary(proposal),
        section(420),
        *make_requirements(proposal),
        *make_site_pages(proposal, site_plan),
        *make_power_pages(proposal),
        section(),
        *make_equipment(proposal),
        section(200),
        *make_compliance(proposal),
        *make_schedule(proposal),
        section(440),
        *make_energy(proposal),
        PageBreak(),
        *make_tokenergy(proposal),
        section(480),
        *make_commercial(proposal),
        section(420),
        *make_assumptions(proposal),
        section(),
        *make_closing(proposal),
    ]
    ProposalDocument(path, proposal, site_plan).multiBuild(story)

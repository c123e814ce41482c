"""What may be taken out and what may fail, and how long the pods are without what they need."""

from reportlab.platypus import Flowable, Paragraph

from prefab.documents.dependability_rows import (
    MAINTAINABLE,
    TOLERANT,
    availability_rows,
    available_text,
    class_text,
    hours_text,
    method_notes,
    resilience_rows,
    statement_text,
)
from prefab.documents.pdf_style import (
    CAPTION,
    CELL,
    CELL_BAD,
    CELL_GOOD,
    CELL_SMALL_GREY,
    Heading,
    bullets,
    para,
    table,
    together,
)
from prefab.proposal import Proposal


def make_dependability_tables(proposal: Proposal) -> list[Flowable]:
    """Resilience with its class, then availability with its method."""
    return [together(*_resilience(proposal)), *_availability(proposal)]


def _resilience(proposal: Proposal) -> list[Flowable]:
    rows = [
        (r.subsystem, r.asked, _answer(r.maintainable), _answer(r.tolerant), r.held_back_by)
        for r in resilience_rows(proposal)
    ]
    head = ("Subsystem", "Asked", "Maintainable while it runs", "Tolerant of one fault", "The point that holds it back")
    return [
        Heading("What may be taken out, and what may fail", 1, "resilience"),
        para(f"{MAINTAINABLE} {TOLERANT}"),
        table(head, rows, (16, 14, 13, 11, 46)),
        para(f"Class reached: {class_text(proposal.dependability)} {statement_text()}", CAPTION),
    ]


def _answer(said: str) -> Paragraph:
    return para(said, {"yes": CELL_GOOD, "no": CELL_BAD}[said])


def _availability(proposal: Proposal) -> list[Flowable]:
    heading = Heading("Availability at the pods", 1, "availability")
    if proposal.dependability.left_out:
        return [together(heading, para(f"Left out: {proposal.dependability.left_out}."))]
    rows = [
        (
            [para(r.subsystem, CELL), para(f"at {r.pod}", CELL_SMALL_GREY)],
            available_text(r.available_frac),
            hours_text(r.downtime_h),
            f"{hours_text(r.downtime_low_h)} to {hours_text(r.downtime_high_h)}",
            r.greatest,
            hours_text(r.greatest_h),
            hours_text(r.ordered_h),
        )
        for r in availability_rows(proposal)
    ]
    head = ("Subsystem", "Available", "Hours a year down", "Range", "Greatest contributor", "Its hours", "If ordered")
    return [
        together(heading, table(head, rows, (17, 11.5, 10.5, 12.5, 32, 8.5, 10), "lrrrlrr")),
        *bullets(method_notes(proposal)),
    ]

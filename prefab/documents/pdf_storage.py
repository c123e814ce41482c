"""What storage is kept for, what it does in which second of an event, and what the grid could be offered."""

from collections.abc import Sequence

from reportlab.platypus import Flowable

from prefab.documents.pdf_drawings import Drawn
from prefab.documents.pdf_style import (
    CAPTION,
    CELL,
    CELL_SMALL_GREY,
    INNER_WIDTH,
    Cell,
    Heading,
    facts,
    para,
    table,
    together,
)
from prefab.documents.storage_chart import make_event_chart
from prefab.documents.storage_rows import KEPT, OFFERED, energy_text, kept_rows, notice_text
from prefab.proposal import Proposal
from prefab.storage_events import StorageEvent
from prefab.units import number


def make_storage(proposal: Proposal) -> list[Flowable]:
    """Shares and events; nothing where storage is kept for nothing but a reserve."""
    rows = kept_rows(proposal)
    if not rows:
        return []
    cells, before = [], None
    for r in rows:
        # What storage it is is said once for all of its duties.
        place = (r.storage, r.where, r.phase, f"{number(r.held_kw)} kW, {energy_text(r.held_kwh)} kWh")
        storage, where, phase, held = place if place != before else ("", "", "", "")
        cells.append((storage, where, phase, r.duty, number(r.power_kw), energy_text(r.energy_kwh), held))
        before = place
    head = ("Storage", "Where", "Phase", "Kept for", "Power, kW", "Energy, kWh", "Of what is held")
    return [
        together(
            Heading("What storage is kept for", 1, "storage"),
            para(KEPT),
            table(head, cells, (23, 14, 10, 18, 10, 13, 14), "llllrrl"),
        ),
        *_events(proposal.events),
    ]


def _events(events: Sequence[StorageEvent]) -> list[Flowable]:
    story: list[Flowable] = []
    for number_, event in enumerate(events):
        heading = [Heading("What storage does in which second of an event", 1, "events")] if not number_ else []
        chart = [Drawn(make_event_chart(event.curves), INNER_WIDTH, 220)] if event.curves else []
        caption = "Read from the load along which the check follows the storage; the scales do not begin at zero."
        story.append(together(*heading, para(event.said), *chart, *([para(caption, CAPTION)] if chart else [])))
    return story


def make_flexibility(proposal: Proposal) -> list[Flowable]:
    """The flexibility statement; of plans whose design basis says nothing of it the grid's reserve alone."""
    if not proposal.offers:
        return _reserve(proposal)
    rows: list[Sequence[Cell]] = [
        (
            [para(o.source, CELL), para(f"Reads {o.basis}.", CELL_SMALL_GREY)],
            number(o.magnitude_mw, 1) if o.magnitude_mw else "none",
            notice_text(o.notice_s),
            number(o.duration_h, 1) if o.duration_h is not None else "open" * bool(o.magnitude_mw),
            number(o.events_per_year) if o.events_per_year is not None else "open" * bool(o.magnitude_mw),
            o.limited_by,
        )
        for o in proposal.offers
    ]
    head = ("From", "MW", "Notice", "Hours", "Events a year", "Limited by")
    return [
        together(
            Heading("Flexibility statement", 1, "flexibility"),
            para(OFFERED),
            table(head, rows, (36, 8, 9, 8, 9, 34), "lrrrrl"),
        )
    ]


def _reserve(proposal: Proposal) -> list[Flowable]:
    plan, p = proposal.plan, proposal.projection
    wish = plan.brief.storage
    if not wish.power_mw:
        return []
    share = wish.power_mw * 1000 / p.peak_site_kw
    return [
        together(
            Heading("Flexibility statement", 1, "flexibility"),
            facts(
                [
                    ("Magnitude", f"{wish.power_mw:g} MW from the grid battery, {share:.0%} of the highest hour"),
                    ("Duration", f"{wish.duration_h:g} h at the end of the battery's life"),
                    ("Tokens lost in an event", "none: the computers keep running"),
                    ("Energy", "cycling losses are not in the figures above; notice and number of events are open"),
                ]
            ),
        )
    ]

"""The proposal's pages: cover, header and footer, page numbers, contents, outline, and the mark of a draft."""

from pathlib import Path

from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, TableStyle
from reportlab.platypus.tableofcontents import TableOfContents

from prefab.documents.drawing import Drawing
from prefab.documents.labels import REVISION, faults_text, installed_it_kw, plan_mark
from prefab.documents.pdf_drawings import draw
from prefab.documents.pdf_style import MARGIN, PAGE_HEIGHT, PAGE_WIDTH, Heading, colour
from prefab.documents.style import (
    AMBER,
    BOLD,
    GREY,
    INK,
    NAVY,
    RED,
    REGULAR,
    RULE,
    SKY,
    TEAL,
    WHITE,
    fitted,
    lines_of,
    printable,
)
from prefab.proposal import Proposal
from prefab.units import day, musd, number

PORTRAIT, LANDSCAPE = "portrait", "landscape"
_TOP, _BOTTOM = 62.0, 48.0
FRAME_HEIGHT = PAGE_HEIGHT - _TOP - _BOTTOM
LANDSCAPE_HEIGHT = PAGE_WIDTH - _TOP - _BOTTOM


class ProposalDocument(BaseDocTemplate):
    """Lays the proposal out in as many passes as the contents and the page total need."""

    def __init__(self, path: Path, proposal: Proposal, site_plan: Drawing) -> None:
        brief = proposal.plan.brief
        super().__init__(
            str(path),
            pagesize=A4,
            title=printable(f"{brief.name}: proposal for {brief.customer}"),
            author=printable(brief.prepared_by or proposal.plan.program),
            subject="Proposal for a modular AI datacenter",
            creator=proposal.plan.program,
            lang="en",
            invariant=1,
            allowSplitting=1,
        )
        self._proposal = proposal
        self._site_plan = site_plan
        self._pages = 0
        self._last_pages = 0
        self._mark = plan_mark(proposal.plan)
        self._draft = faults_text(proposal)
        tall = Frame(MARGIN, _BOTTOM, PAGE_WIDTH - 2 * MARGIN, FRAME_HEIGHT, 0, 0, 0, 0, id="tall")
        wide = Frame(MARGIN, _BOTTOM, PAGE_HEIGHT - 2 * MARGIN, LANDSCAPE_HEIGHT, 0, 0, 0, 0, id="wide")
        bare = Frame(MARGIN, _BOTTOM, PAGE_WIDTH - 2 * MARGIN, 10, 0, 0, 0, 0, id="cover")
        self.addPageTemplates(
            [
                PageTemplate("cover", [bare], onPage=self._draw_cover, pagesize=A4),
                PageTemplate(PORTRAIT, [tall], onPage=self._draw_page, pagesize=A4),
                PageTemplate(LANDSCAPE, [wide], onPage=self._draw_page, pagesize=landscape(A4)),
            ]
        )

    def handle_documentBegin(self) -> None:  # noqa: N802  named by reportlab
        """A new pass: what the pass before counted is the total to print."""
        self._last_pages, self._pages = self._pages, 0
        super().handle_documentBegin()

    def afterPage(self) -> None:  # noqa: N802  named by reportlab
        """Count."""
        self._pages = max(self._pages, self.page)

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802  named by reportlab
        """Put a heading into outline and contents."""
        if isinstance(flowable, Heading):
            self.canv.bookmarkPage(flowable.key)
            self.canv.addOutlineEntry(flowable.title, flowable.key, flowable.level, closed=flowable.level > 0)
            self.notify("TOCEntry", (flowable.level, flowable.text, self.page, flowable.key))

    def _draw_page(self, canvas: Canvas, _document: BaseDocTemplate) -> None:
        width, height = self.pageTemplate.pagesize
        brief = self._proposal.plan.brief
        canvas.saveState()
        canvas.setFont(BOLD, 8)
        canvas.setFillColor(colour(NAVY))
        half = (width - 2 * MARGIN) / 2 - 10
        canvas.drawString(MARGIN, height - 36, fitted(brief.name, half, 8, bold=True))
        canvas.setFont(REGULAR, 8)
        canvas.setFillColor(colour(GREY))
        canvas.drawRightString(width - MARGIN, height - 36, fitted(f"Proposal for {brief.customer}", half, 8))
        canvas.setStrokeColor(colour(RULE))
        canvas.setLineWidth(0.6)
        canvas.line(MARGIN, height - 42, width - MARGIN, height - 42)
        self._draw_footer(canvas, width)
        self._draw_draft(canvas, width, height)
        canvas.restoreState()

    def _draw_footer(self, canvas: Canvas, width: float) -> None:
        plan = self._proposal.plan
        canvas.setFont(REGULAR, 8)
        canvas.setFillColor(colour(GREY))
        left = f"Revision {REVISION}, {day(plan.brief.as_of)}    plan {self._mark}    {plan.program}"
        canvas.drawString(MARGIN, 28, fitted(left, width - 2 * MARGIN - 80, 8))
        canvas.drawRightString(width - MARGIN, 28, f"Page {self.page} of {self._last_pages or self.page}")

    def _draw_draft(self, canvas: Canvas, width: float, height: float) -> None:
        if self._draft:
            canvas.setFillColor(colour(RED))
            canvas.rect(0, height - 22, width, 22, stroke=0, fill=1)
            canvas.setFillColor(colour(WHITE))
            canvas.setFont(BOLD, 9)
            canvas.drawCentredString(width / 2, height - 15, fitted(self._draft, width - 40, 9, bold=True))

    def _draw_cover(self, canvas: Canvas, _document: BaseDocTemplate) -> None:
        plan = self._proposal.plan
        canvas.saveState()
        canvas.setFillColor(colour(NAVY))
        canvas.rect(0, 548, PAGE_WIDTH, PAGE_HEIGHT - 548, stroke=0, fill=1)
        canvas.setFillColor(colour(TEAL))
        canvas.rect(0, 544, PAGE_WIDTH, 4, stroke=0, fill=1)
        self._draw_title(canvas)
        self._draw_tiles(canvas)
        drawing = self._site_plan
        room_width, room_height = PAGE_WIDTH - 2 * MARGIN, 320.0
        scale = min(room_width / drawing.width, room_height / drawing.height)
        left = MARGIN + (room_width - drawing.width * scale) / 2
        draw(canvas, drawing, left, 98 + (room_height - drawing.height * scale) / 2, scale)
        canvas.setStrokeColor(colour(RULE))
        canvas.line(MARGIN, 82, PAGE_WIDTH - MARGIN, 82)
        canvas.setFillColor(colour(INK))
        canvas.setFont(REGULAR, 9)
        prepared = f", prepared by {plan.brief.prepared_by}" if plan.brief.prepared_by else ""
        line = f"Revision {REVISION} of {day(plan.brief.as_of)}{prepared}"
        canvas.drawString(MARGIN, 66, fitted(line, PAGE_WIDTH - 2 * MARGIN, 9))
        canvas.setFillColor(colour(AMBER))
        canvas.drawString(
            MARGIN, 52, "Budgetary proposal. Prices are indicative; energy and token figures are projections."
        )
        self._draw_footer(canvas, PAGE_WIDTH)
        self._draw_draft(canvas, PAGE_WIDTH, PAGE_HEIGHT)
        canvas.restoreState()

    def _draw_title(self, canvas: Canvas) -> None:
        brief = self._proposal.plan.brief
        room = PAGE_WIDTH - 2 * MARGIN
        y = PAGE_HEIGHT - 84
        canvas.setFillColor(colour(SKY))
        canvas.setFont(BOLD, 10)
        canvas.drawString(MARGIN, y, "PROPOSAL FOR A MODULAR AI DATACENTER")
        y -= 42
        canvas.setFillColor(colour(WHITE))
        for line in lines_of(brief.name, room, 30, bold=True, most=3):
            canvas.setFont(BOLD, 30)
            canvas.drawString(MARGIN, y, line)
            y -= 35
        canvas.setFont(REGULAR, 14)
        for line in lines_of(f"for {brief.customer}", room, 14, most=2):
            canvas.drawString(MARGIN, y, line)
            y -= 18
        canvas.setFillColor(colour(SKY))
        canvas.setFont(REGULAR, 10.5)
        for line in lines_of(brief.location, room, 10.5, most=2):
            canvas.drawString(MARGIN, y - 4, line)
            y -= 14

    def _draw_tiles(self, canvas: Canvas) -> None:
        """Five figures at one glance."""
        proposal = self._proposal
        brief, projection = proposal.plan.brief, proposal.projection
        last, installed = handed_over(proposal)[-1], installed_it_kw(proposal.plan) / 1000
        tiles = (
            (f"{number(brief.it_kw / 1000, 1)} MW", f"IT asked, {number(installed, 1)} MW installed"),
            (musd(proposal.bom.total_usd), "capital cost"),
            (last, "last hand-over"),
            (f"{projection.pue:.3f}", "PUE, projected"),
            (f"{projection.tokenergy_kwh_per_mtok.base:.3f}", f"kWh per million tokens{projection.of}"),
        )
        gap = 8.0
        width = (PAGE_WIDTH - 2 * MARGIN - gap * (len(tiles) - 1)) / len(tiles)
        for index, (value, name) in enumerate(tiles):
            x = MARGIN + index * (width + gap)
            canvas.setFillColor(colour(SKY))
            canvas.roundRect(x, 466, width, 60, 3, stroke=0, fill=1)
            canvas.setFillColor(colour(NAVY))
            size = next(s for s in (17, 15, 13, 11, 9) if fitted(value, width - 12, s, bold=True) == value or s == 9)
            canvas.setFont(BOLD, size)
            canvas.drawString(x + 8, 498, fitted(value, width - 12, size, bold=True))
            canvas.setFillColor(colour(GREY))
            canvas.setFont(REGULAR, 8)
            for row, line in enumerate(lines_of(name, width - 12, 8, most=2)):
                canvas.drawString(x + 8, 483 - 10 * row, line)


def handed_over(proposal: Proposal) -> tuple[str, ...]:
    """The day on which each phase is handed over."""
    tasks = proposal.plan.scheduled.tasks if proposal.plan.scheduled else ()
    days = []
    for phase in range(len(proposal.plan.brief.phases)):
        finished = [t.finish for t in tasks if t.phase == phase and t.stage == "handover"]
        days.append(day(max(finished)) if finished else "not scheduled")
    return tuple(days)


def contents() -> TableOfContents:
    """The table of contents; its texts are headings that are escaped already."""
    found = TableOfContents(dotsMinLevel=0)
    found.tableStyle = TableStyle([("TOPPADDING", (0, 0), (-1, -1), 1), ("BOTTOMPADDING", (0, 0), (-1, -1), 1)])
    found.levelStyles = [
        ParagraphStyle("toc0", fontName=BOLD, fontSize=10, leading=13, textColor=colour(NAVY), spaceBefore=3),
        ParagraphStyle("toc1", fontName=REGULAR, fontSize=9, leading=11, leftIndent=16, textColor=colour(INK)),
    ]
    return found

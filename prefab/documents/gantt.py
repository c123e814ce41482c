"""The schedule as a bar chart: a row per site task, plant lot and block; what is critical is underlined in red.

Within a row equal stages are drawn as one bar from their first start to their last finish; bars that overlap in time
are drawn below each other. A phase of very many blocks has a row per stage of all of them instead of one per block.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from prefab.documents.drawing import Drawing, Label, Line, Rect, Shape
from prefab.documents.labels import faults_text
from prefab.documents.style import AMBER, GREEN, GREY, INK, NAVY, RED, RULE, TEAL, WHITE, ZEBRA, fitted, width_of
from prefab.documents.svg import svg_of
from prefab.plan import Plan, ScheduledTask
from prefab.proposal import Proposal

WIDTH = 740.0
_NAMES = 170.0
_LANE = 9.0
_ROW_GAP = 4.5
_GROUP = 17.0
_HEAD = 46.0
_FOOT = 12.0

_CLASSES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Design, permits, grid", "#6d7f8c", ("engineering", "permits", "grid_connection")),
    ("Civil works", "#a1887f", ("site_civil", "pads")),
    ("Order and build", "#3f6fa3", ("procurement",)),
    ("Factory test", "#7fb0d6", ("factory_test",)),
    ("Transport", "#d9a441", ("transport",)),
    ("Set and connect", "#e07b39", ("setting", "connection")),
    ("Acceptance, start-up", "#63a88f", ("site_acceptance", "start_up")),
    ("Functional, integrated test", "#1f7a5c", ("functional_test", "integrated_test")),
)
_OTHER = "#9aa7b0"
_BLOCK = "Block "
_ALIKE_DAYS = 14
MOST_BLOCK_ROWS = 24
"""Of one phase: some two pages of the proposal."""
_BAR_TYPE = 5.6
"""Points; a bar too short for its name is read by its colour."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class _Bar:
    stage: str
    start: date
    finish: date
    critical: bool
    titles: str


@dataclass(frozen=True)
class _Row:
    """A line of the chart; `lanes` are bars that do not overlap."""

    name: str
    lanes: tuple[tuple[_Bar, ...], ...]

    @property
    def bars(self) -> tuple[_Bar, ...]:
        return tuple(bar for lane in self.lanes for bar in lane)

    @property
    def height(self) -> float:
        return max(1, len(self.lanes)) * _LANE + _ROW_GAP


@dataclass(frozen=True)
class _Part:
    """The site, or one phase with its milestones."""

    title: str
    milestones: tuple[ScheduledTask, ...]
    asked: date | None
    rows: tuple[_Row, ...]


def write(proposal: Proposal, path: Path) -> None:
    """Write the whole chart on one sheet as SVG."""
    path.write_text(svg_of(make_gantt(proposal.plan), faults_text(proposal)), encoding="utf-8", newline="\n")


def make_gantt(plan: Plan) -> Drawing:
    """The whole chart on one sheet, as high as it needs."""
    parts = _parts(plan)
    return _chart(parts, parts)


def make_gantt_pages(plan: Plan, height: float) -> tuple[Drawing, ...]:
    """The chart on sheets of at most `height` points, all with the same time axis."""
    parts = _parts(plan)
    room = height - _HEAD - _FOOT
    sheets: list[list[_Part]] = [[]]
    left = room
    for part in parts:
        rows: list[_Row] = []
        left -= _GROUP
        if sheets[-1] and left < 2 * _ROW_GAP + _LANE:
            sheets.append([])
            left = room - _GROUP
        title = part.title
        for row in part.rows:
            if left < row.height and rows:
                sheets[-1].append(replace(part, title=title, rows=tuple(rows)))
                sheets.append([])
                rows, left, title = [], room - _GROUP, f"{part.title} (continued)"
            rows.append(row)
            left -= row.height
        sheets[-1].append(replace(part, title=title, rows=tuple(rows)))
    return tuple(_chart(sheet, parts) for sheet in sheets)


def _parts(plan: Plan) -> list[_Part]:
    tasks = plan.scheduled.tasks if plan.scheduled else ()
    titles = {m.sku: m.title for m in plan.modules}
    parts = [_Part("Site", (), None, _rows((t for t in tasks if t.subject == "site"), titles))]
    for number, phase in enumerate(plan.brief.phases):
        own = [t for t in tasks if t.phase == number and t.subject != "site"]
        works = [t for t in own if t.work_days]
        milestones = tuple(t for t in own if not t.work_days)
        title = f"{phase.name}: {phase.it_mw:g} MW of IT, asked for {phase.energised_by}"
        parts.append(_Part(title, milestones, phase.energised_by, _rows(works, titles)))
    return parts


def _rows(tasks: Iterable[ScheduledTask], titles: Mapping[str, str]) -> tuple[_Row, ...]:
    """Blocks get a row each; what the site and a phase's plant consist of, a row per task and per module type."""
    lots: dict[str, list[ScheduledTask]] = {}
    for task in tasks:
        place, _, rest = task.key.partition("/")
        if task.subject == "site":
            name = task.title
        elif task.subject == place:
            name = f"{_BLOCK}{place}"
        else:
            sku = rest.partition("/")[2]
            name = f"{sku}  {titles.get(sku, '')}" if sku else task.title
        lots.setdefault(name, []).append(task)
    rows = tuple(_folded([_Row(name, _lanes(own)) for name, own in lots.items()]))
    others = tuple(row for row in rows if not row.name.startswith(_BLOCK.rstrip()))
    if len(rows) - len(others) <= MOST_BLOCK_ROWS:
        return rows
    return (*others, *_by_stage([t for name, own in lots.items() if name.startswith(_BLOCK) for t in own]))


def _by_stage(tasks: Sequence[ScheduledTask]) -> Iterable[_Row]:
    """A row for each stage of all blocks, by its first start."""
    stages: dict[str, list[ScheduledTask]] = {}
    for task in sorted(tasks, key=lambda t: (t.start, t.finish)):
        stages.setdefault(task.stage, []).append(task)
    for stage, own in stages.items():
        yield _Row(f"{_stage_title(stage)}, {len({t.subject for t in own})} blocks", _lanes(own))


def _folded(rows: Sequence[_Row]) -> Iterable[_Row]:
    """Blocks whose bars have nearly the same dates share a row, from the first start to the last finish."""
    shared: list[list[_Row]] = []
    for row in rows:
        if row.name.startswith(_BLOCK) and shared and _alike(shared[-1][0], row):
            shared[-1].append(row)
        else:
            shared.append([row])
    for same in shared:
        if len(same) == 1:
            yield same[0]
        else:
            named = ", ".join(row.name.removeprefix(_BLOCK) for row in same)
            by_stage: dict[str, list[_Bar]] = {}
            for bar in (bar for row in same for bar in row.bars):
                by_stage.setdefault(bar.stage, []).append(bar)
            yield _Row(f"Blocks {named}", _packed(_joined(own) for own in by_stage.values()))


def _alike(first: _Row, row: _Row) -> bool:
    near = timedelta(days=_ALIKE_DAYS)
    theirs = {bar.stage: bar for bar in first.bars}
    return (
        first.name.startswith(_BLOCK)
        and theirs.keys() == {bar.stage for bar in row.bars}
        and all(
            abs(bar.start - theirs[bar.stage].start) <= near and abs(bar.finish - theirs[bar.stage].finish) <= near
            for bar in row.bars
        )
    )


def _joined(bars: Sequence[_Bar]) -> _Bar:
    return replace(
        bars[0],
        start=min(b.start for b in bars),
        finish=max(b.finish for b in bars),
        critical=any(b.critical for b in bars),
    )


def _lanes(tasks: Sequence[ScheduledTask]) -> tuple[tuple[_Bar, ...], ...]:
    by_stage: dict[str, list[ScheduledTask]] = {}
    for task in tasks:
        by_stage.setdefault(task.stage, []).append(task)
    bars = [
        _Bar(
            stage,
            min(t.start for t in own),
            max(t.finish for t in own),
            any(t.critical for t in own),
            own[0].title if len(own) == 1 else f"{len(own)} tasks, the first: {own[0].title}",
        )
        for stage, own in by_stage.items()
    ]
    return _packed(bars)


def _packed(bars: Iterable[_Bar]) -> tuple[tuple[_Bar, ...], ...]:
    """Bars on as few lanes as they need."""
    lanes: list[list[_Bar]] = []
    for bar in sorted(bars, key=lambda b: (b.start, b.finish)):
        lane = next((found for found in lanes if found[-1].finish < bar.start), None)
        if lane is None:
            lanes.append([bar])
        else:
            lane.append(bar)
    return tuple(tuple(lane) for lane in lanes)


@dataclass(frozen=True)
class _Axis:
    first: date
    last: date

    def x(self, day: date) -> float:
        """Where a day begins."""
        return _NAMES + (WIDTH - _NAMES - 6) * (day - self.first).days / max(1, (self.last - self.first).days)


def _axis(parts: Iterable[_Part]) -> _Axis:
    days: list[date] = []
    for part in parts:
        days += [d for row in part.rows for lane in row.lanes for bar in lane for d in (bar.start, bar.finish)]
        days += [t.finish for t in part.milestones]
        days += [part.asked] if part.asked else []
    return _Axis(min(days).replace(day=1), _next_month(max(days)))


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _chart(shown: Sequence[_Part], all_parts: Sequence[_Part]) -> Drawing:
    axis = _axis(all_parts)
    bottom = _HEAD + sum(_GROUP + sum(row.height for row in part.rows) for part in shown)
    shapes: list[Shape] = [*_legend(), *_time_axis(axis, bottom)]
    y = _HEAD
    for part in shown:
        top = y
        shapes += _heading(part, top)
        y += _GROUP
        for number, row in enumerate(part.rows):
            shapes += _row(row, y, axis, striped=bool(number % 2))
            y += row.height
        shapes += _milestones(part, top, y, axis)
    return Drawing(WIDTH, bottom + _FOOT, tuple(shapes), "Schedule")


def _legend() -> Iterable[Shape]:
    x = 2.0
    for title, colour, _ in _CLASSES:
        yield Rect(x, 2, 9, 6, fill=colour)
        yield Label(x + 12, 8, title, size=7)
        x += 21 + width_of(title, 7)
    yield Line(((x, 7.5), (x + 9, 7.5)), stroke=RED, stroke_width=1.6)
    yield Label(x + 12, 8, "critical", size=7)
    for after, colour, text in ((44, TEAL, "plant ready"), (92, GREEN, "handed over")):
        yield _diamond(x + after, 5, colour)
        yield Label(x + after + 6, 8, text, size=7)
    yield Line(((x + 146, 1.5), (x + 146, 9)), stroke=AMBER, stroke_width=1, dash=(3, 2))
    yield Label(x + 150, 8, "asked for", size=7)


def _time_axis(axis: _Axis, bottom: float) -> Iterable[Shape]:
    months = []
    month = axis.first
    while month < axis.last:
        months.append(month)
        month = _next_month(month)
    step = 1 if len(months) <= 36 else 3
    for month in months:
        x = axis.x(month)
        january = month.month == 1
        if january or (month == axis.first and axis.x(date(month.year + 1, 1, 1)) - x > 24):
            yield Label(x + 2, 24, str(month.year), size=8.5, bold=True, colour=NAVY)
        if (month.month - 1) % step == 0:
            yield Line(
                ((x, 30 if not january else 16), (x, bottom)), stroke=RULE, stroke_width=0.9 if january else 0.35
            )
            name = _MONTHS[month.month - 1]
            yield Label(x + 2, 38, name[:1] if 24 < len(months) <= 36 else name, size=6.5, colour=GREY)
    yield Line(((0, _HEAD - 4), (WIDTH, _HEAD - 4)), stroke=NAVY, stroke_width=0.8)
    yield Line(((0, bottom), (WIDTH, bottom)), stroke=RULE)


def _heading(part: _Part, y: float) -> Iterable[Shape]:
    yield Rect(0, y + 1, WIDTH, _GROUP - 3, fill=NAVY, opacity_frac=0.1)
    yield Label(4, y + 11, fitted(part.title, WIDTH / 2, 8, bold=True), size=8, bold=True, colour=NAVY)


def _row(row: _Row, y: float, axis: _Axis, striped: bool) -> Iterable[Shape]:
    if striped:
        yield Rect(0, y, WIDTH, row.height, fill=ZEBRA, opacity_frac=0.6)
    middle = y + row.height / 2 + 2.4
    yield Label(8, middle, fitted(row.name, _NAMES - 16, 7), size=7, colour=INK)
    for number, lane in enumerate(row.lanes):
        top = y + _ROW_GAP / 2 + number * _LANE
        for bar in lane:
            x = axis.x(bar.start)
            width = max(1.2, axis.x(bar.finish + timedelta(days=1)) - x)
            title = f"{bar.titles}: {bar.start} to {bar.finish}"
            yield Rect(x, top, width, _LANE - 2.2, fill=_colour(bar.stage), title=title)
            name = _stage_title(bar.stage)
            if width_of(name, _BAR_TYPE) + 4 <= width:
                yield Label(x + 2, top + _LANE - 4.2, name, size=_BAR_TYPE, colour=WHITE)
            if bar.critical:
                yield Line(((x, top + _LANE - 2.4), (x + width, top + _LANE - 2.4)), stroke=RED, stroke_width=1.3)


def _stage_title(stage: str) -> str:
    return "Order and build" if stage == "procurement" else stage.replace("_", " ").capitalize()


def _colour(stage: str) -> str:
    return next((colour for _, colour, stages in _CLASSES if stage in stages), _OTHER)


def _milestones(part: _Part, top: float, bottom: float, axis: _Axis) -> Iterable[Shape]:
    """Diamonds on the phase's head line, the hand-over with its date, and the date asked for as a line below."""
    if part.asked:
        x = axis.x(part.asked + timedelta(days=1))
        yield Line(((x, top + _GROUP - 2), (x, bottom)), stroke=AMBER, stroke_width=1, dash=(3, 2), title="asked for")
    for task in part.milestones:
        handed = task.stage == "handover"
        x = axis.x(task.finish + timedelta(days=1))
        yield _diamond(x, top + 8, GREEN if handed else TEAL, f"{task.title}: {task.finish}")
        if handed:
            # Left of the diamond the name could cover that of the plant.
            texts = (f"{task.title} {task.finish}", f"{task.finish}")
            text = next((t for t in texts if x + 7 + width_of(t, 7, bold=True) < WIDTH), texts[-1])
            fits = x + 7 + width_of(text, 7, bold=True) < WIDTH
            yield Label(
                x + 7 if fits else x - 7, top + 10.5, text, size=7, bold=True, anchor="start" if fits else "end"
            )


def _diamond(x: float, y: float, fill: str, title: str = "") -> Line:
    points = ((x, y - 4), (x + 4, y), (x, y + 4), (x - 4, y))
    return Line(points, stroke=WHITE, stroke_width=0.5, closed=True, fill=fill, title=title)

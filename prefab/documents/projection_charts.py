"""Charts: energy and PUE by month, weeks of the year, TokEnergy from accelerators to site, and cost by item."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from math import floor, log10

from prefab.documents.drawing import Circle, Drawing, Label, Line, Rect, Shape
from prefab.documents.labels import kwh_per_mtok_text
from prefab.documents.style import AMBER, GREY, NAVY, RED, RULE, TEAL, WHITE, fitted, lines_of, width_of
from prefab.results import Projection, Step
from prefab.units import musd, number

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_OVERHEAD = "#8fbfc6"
_WIDTH = 480.0
_LEFT, _RIGHT = 44.0, 8.0


def make_monthly_chart(projection: Projection) -> Drawing:
    """Energy of IT and of everything else stacked by month; above it PUE on a scale of its own."""
    months = projection.months
    top, base, line_top, line_base = 92.0, 220.0, 22.0, 66.0
    step = (_WIDTH - _LEFT - _RIGHT) / len(months)
    scale = _Scale(max(m.facility_mwh for m in months), base, base - top)
    shapes: list[Shape] = [
        Label(0, 10, "PUE", size=8, bold=True, colour=RED),
        Label(0, 84, "MWh a month", size=8, bold=True, colour=NAVY),
        Rect(_WIDTH - 212, 77, 8, 8, fill=NAVY),
        Label(_WIDTH - 200, 84, "IT at the rack inputs", size=8),
        Rect(_WIDTH - 102, 77, 8, 8, fill=_OVERHEAD),
        Label(_WIDTH - 90, 84, "everything else (B2)", size=8),
        *scale.grid(),
    ]
    low, high = min(m.pue for m in months), max(m.pue for m in months)
    spread = max(high - low, 0.01)
    points = []
    for index, month in enumerate(months):
        x = _LEFT + step * (index + 0.5)
        it, site = scale.height(month.it_mwh), scale.height(month.facility_mwh)
        shapes += [
            Rect(x - step * 0.32, base - it, step * 0.64, it, fill=NAVY),
            Rect(x - step * 0.32, base - site, step * 0.64, site - it, fill=_OVERHEAD),
            Label(x, base + 11, _MONTHS[month.month - 1], size=8, anchor="middle"),
            Label(x, base + 21, f"{month.dry_bulb_mean_degc:.0f} °C", size=7, anchor="middle", colour=GREY),
        ]
        points.append((x, line_base - (month.pue - low) / spread * (line_base - line_top - 12)))
    shapes.append(Line(tuple(points), stroke=RED, stroke_width=1.4))
    for (x, y), month in zip(points, months, strict=True):
        shapes += [
            Circle(x, y, 2.2, fill=RED),
            Label(x, y - 5, f"{month.pue:.3f}", size=7.5, anchor="middle"),
        ]
    return Drawing(_WIDTH, 246, tuple(shapes), "Energy and PUE by month")


def make_waterfall(projection: Projection) -> Drawing:
    """What each part of the site adds to the energy of a million tokens, with the boundaries it ends at."""
    steps = [step for step in projection.waterfall if step.kwh_per_mtok]
    top, base = 24.0, 190.0
    columns = len(steps) + 1
    width = (_WIDTH - _LEFT - _RIGHT) / columns
    scale = _Scale(projection.b3_kwh_per_mtok, base, base - top)
    shapes: list[Shape] = [Label(0, 10, "kWh per million tokens", size=8, bold=True, colour=NAVY), *scale.grid()]
    total = 0.0
    for index, step in enumerate(steps):
        x = _LEFT + width * (index + 0.14)
        shapes += _step(step, x, width, total, scale, kwh_per_mtok_text(step.kwh_per_mtok, projection.b3_kwh_per_mtok))
        total += step.kwh_per_mtok
    x = _LEFT + width * (columns - 1 + 0.14)
    shapes += [
        Rect(x, base - scale.height(total), width * 0.72, scale.height(total), fill=NAVY),
        *_value(x + width * 0.36, base - scale.height(total) - 4, kwh_per_mtok_text(total, total), bold=True),
        Label(x + width * 0.36, base + 11, "Site (B3)", size=7.5, anchor="middle", bold=True),
    ]
    return Drawing(_WIDTH, 226, tuple(shapes), "TokEnergy from the accelerators to the site")


def make_weekly_chart(projection: Projection) -> Drawing:
    """Outdoor temperature and power of the site week by week: lowest, mean and highest hour."""
    hourly = projection.hourly
    shapes = [
        *_bands("Outdoor air, °C", hourly.dry_bulb_degc, 14, 66, AMBER),
        *_bands("Site, MW", tuple(kw / 1000 for kw in hourly.site_kw), 90, 152, NAVY),
    ]
    step = (_WIDTH - _LEFT - _RIGHT) / 12
    shapes += [Label(_LEFT + step * (i + 0.5), 164, m, size=8, anchor="middle") for i, m in enumerate(_MONTHS)]
    return Drawing(_WIDTH, 168, tuple(shapes), "Weeks of the year")


def _bands(title: str, hours: Sequence[float], top: float, base: float, colour: str) -> Iterable[Shape]:
    """A bar per week from its lowest to its highest hour, a tick at its mean."""
    low, high = min(hours), max(hours)
    low, high = (low, high) if high - low > 1e-6 else (low - 1, high + 1)
    digits = 1 if high - low < 20 else 0
    step = (_WIDTH - _LEFT - _RIGHT) / 52

    def y(value: float) -> float:
        return base - (value - low) / (high - low) * (base - top)

    yield Label(0, top - 5, title, size=8, bold=True, colour=colour)
    for index in range(4):
        value = low + (high - low) * index / 3
        yield Line(((_LEFT, y(value)), (_WIDTH - _RIGHT, y(value))), stroke=RULE, stroke_width=0.4)
        yield Label(_LEFT - 5, y(value) + 2.5, number(value, digits), size=7.5, anchor="end", colour=GREY)
    for week in range(52):
        own = hours[week * 168 : (week + 1) * 168]
        x, mean = _LEFT + step * week, sum(own) / len(own)
        height = max(y(min(own)) - y(max(own)), 0.8)
        yield Rect(x + 1.2, y(max(own)), step - 2.4, height, fill=colour, opacity_frac=0.45)
        yield Line(((x + 1.2, y(mean)), (x + step - 1.2, y(mean))), stroke=colour, stroke_width=1.4)


def make_cost_chart(items: Sequence[tuple[str, Decimal]]) -> Drawing:
    """Horizontal bars, the largest item first."""
    ordered = sorted(items, key=lambda item: (-item[1], item[0]))
    total = float(sum(amount for _, amount in ordered)) or 1.0
    most = max((float(amount) for _, amount in ordered), default=0.0) or 1.0
    left, line = 150.0, 11.5
    shapes: list[Shape] = []
    for index, (title, amount) in enumerate(ordered):
        y = 2 + line * index
        width = float(amount) / most * (_WIDTH - left - 90)
        shapes += [
            Label(left - 6, y + 7.5, fitted(title, left - 8, 8), size=8, anchor="end"),
            Rect(left, y + 0.5, max(width, 0.5), 8.5, fill=TEAL),
            Label(left + width + 5, y + 7.5, f"{musd(amount)}  {float(amount) / total:.1%}", size=8),
        ]
    return Drawing(_WIDTH, 4 + line * max(1, len(ordered)), tuple(shapes), "Cost by item")


def _step(step: Step, x: float, width: float, before: float, scale: "_Scale", figure: str) -> Iterable[Shape]:
    after = before + step.kwh_per_mtok
    bottom, top = scale.y(before), scale.y(after)
    middle = x + width * 0.36
    yield Rect(x, top, width * 0.72, max(bottom - top, 0.6), fill=TEAL if before else NAVY)
    yield Line(((x + width * 0.72, top), (x + width, top)), stroke=GREY, stroke_width=0.5, dash=(2, 1.5))
    sign = "+" if before else ""
    yield from _value(middle, top - 4, f"{sign}{figure}")
    for number_, line in enumerate(lines_of(step.title, width * 0.98, 7, most=3)):
        yield Label(middle, scale.base + 11 + 8.5 * number_, line, size=7, anchor="middle")


def _value(x: float, y: float, text: str, bold: bool = False) -> Iterable[Shape]:
    """A figure on a white ground, so that no grid line strikes it through."""
    width = width_of(text, 7.5, bold) + 3
    yield Rect(x - width / 2, y - 6.5, width, 8.5, fill=WHITE)
    yield Label(x, y, text, size=7.5, anchor="middle", bold=bold)


class _Scale:
    """Values to heights, with about five round grid lines."""

    def __init__(self, most: float, base: float, height: float) -> None:
        self.base = base
        rough = max(most, 1e-9) / 5
        power = 10.0 ** floor(log10(rough))
        self._step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * (1 - 1e-9))
        self._count = int(-(-most // self._step)) or 1
        self._per_unit = height / (self._step * self._count)

    def height(self, value: float) -> float:
        return value * self._per_unit

    def y(self, value: float) -> float:
        return self.base - self.height(value)

    def grid(self) -> Iterable[Shape]:
        digits = max(0, -floor(log10(self._step) + 1e-9))
        if round(self._step, digits) != self._step:
            digits += 1
        for index in range(self._count + 1):
            y = self.y(index * self._step)
            colour, weight = (NAVY, 0.8) if index == 0 else (RULE, 0.4)
            yield Line(((_LEFT, y), (_WIDTH - _RIGHT, y)), stroke=colour, stroke_width=weight)
            yield Label(_LEFT - 5, y + 2.5, number(index * self._step, digits), size=7.5, anchor="end", colour=GREY)

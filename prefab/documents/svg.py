"""Drawings as SVG 1.1: shapes of one layer in one group, true to scale in points, texts escaped."""

from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from prefab.documents.drawing import Circle, Drawing, Label, Line, Rect, Shape
from prefab.documents.style import RED, clean

_MARK_HEIGHT = 18.0
_FONTS = "'Source Sans Pro','Source Sans 3','Segoe UI',Arial,sans-serif"


def svg_of(drawing: Drawing, mark: str = "") -> str:
    """The drawing as the text of an SVG file; `mark` stands below it in red."""
    width, height = _number(drawing.width), _number(drawing.height + (_MARK_HEIGHT if mark else 0))
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}pt" height="{height}pt" '
        f'viewBox="0 0 {width} {height}" font-family="{_FONTS}">\n'
    )
    title = f"<title>{escape(clean(drawing.title))}</title>\n" if drawing.title else ""
    background = f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
    body = []
    for layer, shapes in groupby(drawing.shapes, key=lambda s: s.layer):
        drawn = "\n".join(_shape(s) for s in shapes)
        body.append(f"<g class={quoteattr(clean(layer))}>\n{drawn}\n</g>" if layer else drawn)
    if mark:
        body.append(_shape(Label(4, drawing.height + 12, mark, size=9, bold=True, colour=RED)))
    return head + title + background + "\n".join(body) + "\n</svg>\n"


def _shape(shape: Shape) -> str:
    match shape:
        case Rect():
            rounded = f' rx="{_number(shape.radius)}"' if shape.radius else ""
            place = f'x="{_number(shape.x)}" y="{_number(shape.y)}"'
            size = f'width="{_number(shape.width)}" height="{_number(shape.height)}"'
            faded = f' fill-opacity="{_number(shape.opacity_frac)}"' if shape.opacity_frac < 1 else ""
            return _element("rect", f"{place} {size}{rounded}{_paint(shape)}{faded}", shape.title)
        case Line():
            points = " ".join(f"{_number(x)},{_number(y)}" for x, y in shape.points)
            joined = ' stroke-linejoin="round"'
            return _element(
                "polygon" if shape.closed else "polyline", f'points="{points}"{_paint(shape)}{joined}', shape.title
            )
        case Circle():
            place = f'cx="{_number(shape.x)}" cy="{_number(shape.y)}" r="{_number(shape.radius)}"'
            return _element("circle", f"{place}{_paint(shape)}", shape.title)
        case Label():
            x, y = _number(shape.x), _number(shape.y)
            turned = f' transform="rotate(-90 {x} {y})"' if shape.turned else ""
            weight = ' font-weight="bold"' if shape.bold else ""
            anchor = f' text-anchor="{shape.anchor}"' if shape.anchor != "start" else ""
            style = f'font-size="{_number(shape.size)}" fill="{shape.colour}"{weight}{anchor}{turned}'
            return f'<text x="{x}" y="{y}" {style}>{escape(clean(shape.text))}</text>'


def _element(name: str, attributes: str, title: str) -> str:
    if title:
        return f"<{name} {attributes}><title>{escape(clean(title))}</title></{name}>"
    return f"<{name} {attributes}/>"


def _paint(shape: Rect | Line | Circle) -> str:
    parts = [f' fill="{shape.fill or "none"}"']
    if shape.stroke:
        parts.append(f'stroke="{shape.stroke}" stroke-width="{_number(shape.stroke_width)}"')
        dash = () if isinstance(shape, Circle) else shape.dash
        if dash:
            parts.append(f'stroke-dasharray="{" ".join(_number(d) for d in dash)}"')
    return " ".join(parts)


def _number(value: float) -> str:
    """Two decimals at most (a hundredth of a point), so that last-bit differences between machines vanish."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text

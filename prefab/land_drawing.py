"""Land from a DXF drawing: closed polylines and points on layers that are called by their purpose.

ezdxf is the extra `dxf`; it is imported when a drawing is read.
"""

import importlib
import math
from cmath import rect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prefab.errors import InputError
from prefab.land_shape import CORNERS_MAX, METRES, POINTS, PURPOSES, Corner, Shape
from prefab.tables import read_bytes

_MAX_BYTES = 20_000_000
_UNITS = {1: "inches", 2: "feet", 4: "millimetres", 5: "centimetres", 6: "metres", 21: "us_survey_feet"}
"""By $INSUNITS."""
_SAGITTA_M = 0.01
"""How far chords or tangents may leave an arc."""
_SAME_M = 0.001
_FARTHEST_M = 1e9
"""Grids of nations reach 1e7 m; larger figures would overflow."""
_STRAIGHT = 1e-7
"""A smaller bulge is half a millimetre in 10 km."""
_NOTES = {"TEXT", "MTEXT", "ATTDEF", "DIMENSION", "LEADER", "MULTILEADER"}
"""What may stand on these layers and is nothing of the land."""
_SPLINE, _MESHES = 4, 16 | 64
"""Flags of a POLYLINE."""

Bent = tuple[complex, float]
"""A corner, and the tangent of a quarter of the angle of the arc to the next one, positive counter-clockwise."""


def read_drawing(path: Path, unit: str = "") -> list[Shape]:
    """What the layers LAND, KEEP_OUT, BUILDING, EASEMENT, FLOOD, GATE and UTILITY hold, in metres.

    Case, hyphens, blanks and underscores in their names do not matter; other layers are left alone. Arcs become
    straight edges on the safe side, chords within the land and tangents around what must stay free, up to 10 mm off.
    `unit` is one of `METRES` and goes before the drawing's own.

    Raises:
        InputError: ezdxf is not installed, no drawing, larger than 20 MB, no unit, or with everything on these layers
            that is neither a closed polyline, circle nor point, with its layer and handle.
    """
    read_bytes(path, _MAX_BYTES, "a drawing of land")
    code, drawn = _drawn(path)
    metres = METRES[unit or _unit_of(path, code)]
    return [_shape(where, purpose, bent, metres) for where, purpose, bent in drawn]


def _plain(layer: str) -> str:
    return layer.casefold().translate({ord(letter): None for letter in "-_ "})


_LAYERS = {_plain(purpose): purpose for purpose in PURPOSES}
_DEEPEST = 8
"""Blocks within blocks that are looked into."""


def _drawn(path: Path) -> tuple[int, list[tuple[str, str, list[Bent]]]]:
    """The number of the drawing's unit; place, purpose and corners of what is of the land, in that unit."""
    try:
        ezdxf = importlib.import_module("ezdxf")
    except ImportError:
        raise InputError("ezdxf: is not installed; pip install 'prefab-dc[dxf]' brings it") from None
    found: list[tuple[str, str, list[Bent]]] = []
    mistakes: list[str] = []
    try:
        drawing = ezdxf.readfile(path)
        for entity in drawing.modelspace():
            layer = entity.dxf.layer
            purpose = _LAYERS.get(_plain(layer))
            if purpose is None and entity.dxftype() == "INSERT":
                mistakes += _hidden(drawing, entity.dxf.name, path, depth=0)
            if purpose is None or entity.dxftype() in _NOTES:
                continue
            where = f"{path}, layer {layer}, handle {entity.dxf.handle}"
            try:
                found.append((where, purpose, _held(entity, where, purpose)))
            except InputError as error:
                mistakes += error.mistakes
        code = int(drawing.header.get("$INSUNITS", 0))
    # Damaged drawings end in errors of any kind there, some of them late: of structure, values, indices, bytes.
    except Exception as error:
        raise InputError(f"{path}: no DXF drawing that can be read ({type(error).__name__})") from None
    if mistakes:
        raise InputError(mistakes)
    return code, found


def _hidden(drawing: Any, name: str, path: Path, depth: int) -> list[str]:
    """What a block holds on layers of the land, which is not read there; blocks of other drawings hold nobody knows."""
    block = drawing.blocks.get(name)
    if block is None or depth > _DEEPEST:
        return []
    if block.block.is_xref:
        return [f"{path}: block {name!r} is of another drawing; bind it and explode it, or leave it out"]
    layers = {e.dxf.layer for e in block if _plain(e.dxf.layer) in _LAYERS and e.dxftype() not in _NOTES}
    found = [f"{path}: block {name!r} holds something on layer {layer}; explode it" for layer in sorted(layers)]
    inside = dict.fromkeys(e.dxf.name for e in block if e.dxftype() == "INSERT")
    return [*found, *(m for other in inside for m in _hidden(drawing, other, path, depth + 1))]


def _unit_of(path: Path, code: int) -> str:
    if code not in _UNITS:
        said = "has no unit of length" if code == 0 else f"$INSUNITS {code} is no unit of land"
        raise InputError(f"{path}: {said}; write coordinates in [site.land]: {', '.join(METRES)}")
    return _UNITS[code]


def _held(entity: Any, where: str, purpose: str) -> list[Bent]:
    return [(_point(entity, where), 0.0)] if purpose in POINTS else _bent(entity, where)


def _shape(where: str, purpose: str, drawn: Sequence[Bent], metres: float) -> Shape:
    bent = [(at * metres, bulge) for at, bulge in drawn]
    if not all(abs(x) < _FARTHEST_M for at, bulge in bent for x in (at.real, at.imag, bulge)):
        raise InputError(f"{where}: holds a figure that is no place on Earth")
    if purpose in POINTS:
        return Shape(where, purpose, tuple(((at.real, at.imag),) for at, _ in bent))
    if len(bent) > 1 and abs(bent[0][0] - bent[-1][0]) < _SAME_M:
        bent.pop()
    return Shape(where, purpose, (straight(bent, within=purpose == "land"),))


def _point(entity: Any, where: str) -> complex:
    match entity.dxftype():
        case "POINT":
            at = entity.dxf.location
        case "INSERT":
            at = entity.ocs().to_wcs(entity.dxf.insert)
        case "CIRCLE":
            at = entity.ocs().to_wcs(entity.dxf.center)
        case other:
            raise InputError(f"{where}: {other}; a POINT, INSERT or CIRCLE is needed there")
    return complex(at.x, at.y)


def _bent(entity: Any, where: str) -> list[Bent]:
    """Corners and arcs of something closed, in the drawing's units."""
    kind = entity.dxftype()
    if kind == "CIRCLE":
        at, radius = _point(entity, where), entity.dxf.radius
        return [(at - radius, 1.0), (at + radius, 1.0)]
    if kind == "LWPOLYLINE":
        corners = [(x, y, bulge) for x, y, bulge in entity.get_points("xyb")]
    elif kind == "POLYLINE" and not entity.dxf.flags & (_SPLINE | _MESHES):
        corners = [(v.dxf.location.x, v.dxf.location.y, v.dxf.get("bulge", 0.0)) for v in entity.vertices]
    else:
        raise InputError(f"{where}: {kind}; a closed polyline is needed there, of straight edges and arcs")
    if not corners:
        raise InputError(f"{where}: {kind} without corners; delete it")
    facing = 1.0 if entity.dxf.extrusion.z > 0 else -1.0
    if not entity.dxf.extrusion.isclose((0, 0, facing)):
        raise InputError(f"{where}: lies in a tilted plane; draw it in plan")
    first, last = corners[0], corners[-1]
    if not entity.is_closed and (len(corners) < 4 or first[:2] != last[:2]):
        raise InputError(f"{where}: the polyline is open; close it")
    # Drawn on the back of the plane, x runs west.
    return [(complex(facing * x, y), facing * bulge) for x, y, bulge in corners]


def straight(bent: Sequence[Bent], within: bool) -> tuple[Corner, ...]:
    """Counter-clockwise corners of a closed line with arcs: none outside of it, or none `within`."""
    turns = list(zip(bent, [at for at, _ in [*bent[1:], *bent[:1]]], strict=True))
    rough = [p for (at, bulge), other in turns for p in (at, *_arc(at, other, bulge, chords=True))]
    doubled_area = sum((p.conjugate() * q).imag for p, q in zip(rough, [*rough[1:], *rough[:1]], strict=True))
    ahead = 1 if doubled_area >= 0 else -1
    corners = [
        p for (at, bulge), other in turns for p in (at, *_arc(at, other, bulge, chords=(bulge * ahead > 0) == within))
    ]
    return tuple((p.real, p.imag) for p in (corners if ahead > 0 else [corners[0], *reversed(corners[1:])]))


def _arc(at: complex, other: complex, bulge: float, *, chords: bool) -> list[complex]:
    """Corners between two corners: on the arc, or where its tangents meet."""
    if abs(bulge) < _STRAIGHT or at == other:
        return []
    angle = 4 * math.atan(bulge)
    centre = (at + other) / 2 + 1j * (other - at) / 2 * (1 - bulge**2) / (2 * bulge)
    arm = at - centre
    widest = 2 * math.acos(max(0.0, 1 - _SAGITTA_M / abs(arm))) if abs(arm) > _SAGITTA_M else math.pi / 2
    count = min(max(2, math.ceil(abs(angle) / min(widest, math.pi / 4))), CORNERS_MAX)
    step = angle / count
    if chords:
        return [centre + arm * rect(1, step * k) for k in range(1, count)]
    return [centre + arm / math.cos(step / 2) * rect(1, step * (k + 0.5)) for k in range(count)]

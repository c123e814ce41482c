"""`site.dxf`: the site plan for drawing programs, in millimetres and layers, every module a block with its tag.

ezdxf comes with the extra `dxf` and is loaded when a drawing is written.
"""

import importlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from prefab.documents.labels import faults_text
from prefab.documents.legend import FAMILIES, OTHER
from prefab.documents.standing import Box, areas_of, boxes_of, ends_of, make_stretches, rings_of
from prefab.errors import InputError
from prefab.plan import Plan
from prefab.proposal import Proposal
from prefab.units import day

LAYERS = {
    "SITE": 7, "SETBACK": 8, "KEEP_FREE": 30, "GATES": 5, "ROADS": 9, "BLOCKS": 4, "YARDS": 52, "TAGS": 7,
    "CLEARANCES": 8, "TRENCHES_A": 1, "TRENCHES_B": 5, "TRENCHES_PIPE": 3, "TITLE": 7,
}  # fmt: skip
"""Each with its colour of the AutoCAD index; the modules of each family have one more."""
_TRENCHES = {"A": "TRENCHES_A", "B": "TRENCHES_B", "pipe": "TRENCHES_PIPE"}
_TAG_MM, _NAME_MM, _TITLE_MM = 600, 1500, 2500
"""Heights of type."""


def is_installed() -> bool:
    """Whether drawings can be written."""
    return find_spec("ezdxf") is not None


def write(proposal: Proposal, path: Path) -> None:
    """Write the site plan as DXF R2010; equal plans give equal bytes.

    Raises:
        InputError: ezdxf is not installed.
    """
    ezdxf = _ezdxf()
    kept = ezdxf.options.write_fixed_meta_data_for_testing
    # Dates and random numbers in the head would make equal plans differ.
    ezdxf.options.write_fixed_meta_data_for_testing = True
    try:
        drawing = ezdxf.new("R2010", units=ezdxf.units.MM)
        _draw(drawing, proposal.plan, faults_text(proposal))
        # ezdxf adds the classes that it needs in another order in every process.
        drawing.classes.add_required_classes(drawing.dxfversion)
        drawing.classes.classes = dict(sorted(drawing.classes.classes.items()))
        drawing.saveas(path)
    finally:
        ezdxf.options.write_fixed_meta_data_for_testing = kept


def _ezdxf() -> Any:
    try:
        return importlib.import_module("ezdxf")
    except ImportError:
        raise InputError("ezdxf: is not installed; pip install 'prefab-dc[dxf]' brings it") from None


def _draw(drawing: Any, plan: Plan, faults: str) -> None:
    for name, colour in LAYERS.items():
        drawing.layers.add(name, color=colour)
    sheet = drawing.modelspace()
    _land(sheet, plan)
    for purpose, layer in (("road", "ROADS"), ("block", "BLOCKS"), ("yard", "YARDS")):
        for area in areas_of(plan, purpose):
            west, south, east, north = ends_of(area)
            _polygon(sheet, ((west, south), (east, south), (east, north), (west, north)), layer)
            if layer != "ROADS":
                _text(sheet, area.name, (west + 200, north + 200), _NAME_MM, layer)
    _modules(drawing, sheet, boxes_of(plan))
    for kind, corners in make_stretches(plan):
        sheet.add_lwpolyline(corners, dxfattribs={"layer": _TRENCHES[kind]})
    left, foot, *_ = plan.brief.site.parcel.polygon.bounds
    title = f"{plan.brief.name}, site plan of {day(plan.brief.as_of)}, in millimetres, north is up"
    for n, line in enumerate(filter(None, (title, faults))):
        _text(sheet, line, (left, foot - (n + 2) * 2 * _TITLE_MM), _TITLE_MM, "TITLE")


def _land(sheet: Any, plan: Plan) -> None:
    site = plan.brief.site
    land = site.parcel
    for ring in rings_of(land.polygon):
        _polygon(sheet, ring, "SITE")
    for ring in rings_of(land.buildable(site.setback_m)):
        _polygon(sheet, ring, "SETBACK")
    for keep_out in land.keep_out:
        for ring in rings_of(keep_out.polygon):
            _polygon(sheet, ring, "KEEP_FREE")
        at = keep_out.polygon.representative_point()
        _text(sheet, keep_out.name, (at.x, at.y), _NAME_MM, "KEEP_FREE")
    points = [(g.name, at) for g, at in zip(land.gate, land.gates_mm, strict=True)]
    for name, point in [*points, *([("Utility", land.entry_mm)] if land.utility_m else [])]:
        sheet.add_circle((point.x, point.y), 500, dxfattribs={"layer": "GATES"})
        _text(sheet, name, (point.x + 800, point.y), _NAME_MM, "GATES")


def _modules(drawing: Any, sheet: Any, boxes: Sequence[Box]) -> None:
    """Each SKU once as a block, as it stands unturned, and every module a reference with its tag, in its family's layer
    and colour."""
    for family in sorted({b.module.family for b in boxes}):
        drawing.layers.add(_layer(family)).rgb = tuple(bytes.fromhex(FAMILIES.get(family, OTHER)[1][1:]))
    for module in {b.module.sku: b.module for b in boxes}.values():
        block = drawing.blocks.new(module.sku)
        corners = ((0, 0), (module.length_mm, 0), (module.length_mm, module.width_mm), (0, module.width_mm))
        _polygon(block, corners, "0")  # the layer of the reference
        c = module.clearance_mm
        around = (
            (-c, -c),
            (module.length_mm + c, -c),
            (module.length_mm + c, module.width_mm + c),
            (-c, module.width_mm + c),
        )
        _polygon(block, around, "CLEARANCES")
        block.add_attdef("TAG", (200, 200), dxfattribs={"height": _TAG_MM, "layer": "TAGS"})
    for box in boxes:
        turned = box.width_mm != box.module.length_mm
        # A quarter turn about the south-west corner would swing it to the west.
        at = (box.x_mm + box.width_mm, box.y_mm) if turned else (box.x_mm, box.y_mm)
        reference = sheet.add_blockref(
            box.module.sku, at, dxfattribs={"layer": _layer(box.module.family), "rotation": 90 if turned else 0}
        )
        reference.add_auto_attribs({"TAG": _plain(box.tag)})


def _layer(family: str) -> str:
    return f"MODULES_{family.upper()}"


def _polygon(sheet: Any, points: Sequence[tuple[float, float]], layer: str) -> None:
    sheet.add_lwpolyline(points, close=True, dxfattribs={"layer": layer})


def _text(sheet: Any, words: str, at: tuple[float, float], height_mm: float, layer: str) -> None:
    sheet.add_text(_plain(words), height=height_mm, dxfattribs={"layer": layer}).set_placement(at)


def _plain(words: str) -> str:
    """As it is read: two per cent signs and carets begin codes in drawings."""
    return words.replace("%%", "%%%%%%").replace("^", "^ ")

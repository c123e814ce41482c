"""Blocks and yards: how many of each, and the least land they take."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import ceil, pi
from typing import NamedTuple

import shapely
from shapely.geometry.base import BaseGeometry

from prefab.basis import DesignBasis
from prefab.errors import Impossible
from prefab.module import Module
from prefab.plan import Equipment
from prefab.units import number

MARGIN_MM = 1000
"""From the outermost modules to the outline of their block or yard: room for trenches."""
VERGE_MM = 1500
"""From a road to the outline of a block or yard."""
AISLE_MM = 2000
"""Least distance of two outlines without a road between them."""
FENCE_MM = 1000
"""Least distance of a road to the fence, except at the gate."""
DEAD_END_MM = 45_000
"""Longer dead ends need a turnaround (International Fire Code 503.2.5: 150 ft)."""
DEAD_END_COST = 1.25
"""How much more land a scheme without long dead ends may take."""
ROAD_COST = 0.4
"""What a square metre of road costs on top of the land under it, over the price of prepared land."""
YARD_COUNT = 12
"""Most machines of one kind in a yard, so that roads reach all of them and a fire stays small."""
INTAKE_YARD, GENERATOR_YARD, BATTERY_YARD, PLANT_YARD = "Intake yard", "Generator yard", "Battery yard", "Plant yard"

YARDS = (INTAKE_YARD, PLANT_YARD, GENERATOR_YARD, BATTERY_YARD)
"""From the gate outwards."""

# From south to north within a lot.
_ORDER = (
    "hv_bay", "intake", "main_transformer", "house_transformer", "network", "control_room", "electrical_house", "power",
    "rotary_ups", "dc_power", "it_pod", "fabric", "cdu", "air_cooling", "control", "pump", "water", "buffer_tank",
    "transformer", "heat_rejection", "generator", "fuel", "battery_conversion", "battery",
)  # fmt: skip
# A transformer outside the blocks is one of the batteries.
_YARDS = {
    "intake": INTAKE_YARD,
    "hv_bay": INTAKE_YARD,
    "main_transformer": INTAKE_YARD,
    "generator": GENERATOR_YARD,
    "fuel": GENERATOR_YARD,
    "battery": BATTERY_YARD,
    "battery_conversion": BATTERY_YARD,
    "transformer": BATTERY_YARD,
}

Rect = tuple[int, int, int, int]
"""West, south, east, north in mm."""
Stack = tuple[tuple[str, ...], int]
"""SKUs that stand one behind the other, such as a transformer and its power module, and how many such columns."""
Gap = Callable[[tuple[str, ...], tuple[str, ...]], int]
"""Least distance in mm between any two modules of two sets, by SKU."""


class Lot(NamedTuple):
    """A block or yard; lots of equal stacks share their shapes."""

    name: str
    yard: str
    """Which yard it is; empty for a block."""
    stacks: tuple[Stack, ...]
    tags: tuple[str, ...]


class Shape(NamedTuple):
    """One layout of a lot within its outline: a footprint (turned or not) per tag of the lot."""

    width_mm: int
    depth_mm: int
    spots: tuple[tuple[Rect, bool], ...]


class Stand(NamedTuple):
    """A lot on the site."""

    lot: Lot
    shape: Shape
    x_mm: int
    y_mm: int
    flipped: bool
    """North and south swapped."""

    def footprints(self) -> Iterator[tuple[Rect, bool]]:
        """Its modules on the site, each turned or not."""
        for (west, south, east, north), turned in self.shape.spots:
            if self.flipped:
                south, north = self.shape.depth_mm - north, self.shape.depth_mm - south
            yield (self.x_mm + west, self.y_mm + south, self.x_mm + east, self.y_mm + north), turned

    @property
    def outline(self) -> Rect:
        """All of it."""
        return self.x_mm, self.y_mm, self.x_mm + self.shape.width_mm, self.y_mm + self.shape.depth_mm

    def on_land(self) -> "Standing":
        """The same in the coordinates of the land, where they are its own."""
        return Standing(self.lot.name, self.lot.yard, self.lot.tags, self.outline, tuple(self.footprints()))


class Standing(NamedTuple):
    """A lot on the land."""

    name: str
    yard: str
    tags: tuple[str, ...]
    outline: Rect
    footprints: tuple[tuple[Rect, bool], ...]
    """Of each tag, turned or not."""


Item = tuple[Lot, Shape, int]
"""A lot in a band and where it begins: its distance from the spine's verge, or from the band's west end."""


@dataclass
class Band:
    """A row of lots on the west and the east side of the spine, or all on one side."""

    sides: tuple[list[Item], ...]
    kinds: dict[tuple[Stack, ...], None] = field(default_factory=dict)
    """What lots stand in it, each once."""
    depth_mm: int = 0


def make_gap(basis: DesignBasis, modules: Mapping[str, Module]) -> Gap:
    """The larger of the modules' clearances and of every separation that names their classes."""

    @cache
    def pair(a: str, b: str) -> int:
        classes = modules[a].separation, modules[b].separation
        asked = [modules[a].clearance_mm, modules[b].clearance_mm]
        for s in basis.separation:
            for first, second in (classes, classes[::-1]):
                if s.a in ("*", first) and s.b in ("*", second):
                    asked.append(s.gap_mm)
        return max(asked)

    @cache
    def between(some: tuple[str, ...], others: tuple[str, ...]) -> int:
        return max((pair(a, b) for a in some for b in others), default=0)

    return between


def refuse_impossible(modules: Sequence[Module], inside: BaseGeometry, road_mm2: int) -> None:
    """Compare the least area that any layout takes with the buildable land, of which roads take at least `road_mm2`.

    Every two footprints are at least the mean of their clearances apart, so swept by discs of half their clearance
    they never meet: these areas add up, within the land grown by the largest disc (at most as Steiner's formula says).

    Raises:
        Impossible: a module is too long for the land, or all together are too much.
    """
    west, south, east, north = inside.bounds
    for m in modules:
        short, long = sorted((m.length_mm, m.width_mm))
        if short > min(east - west, north - south) or long > max(east - west, north - south):
            raise Impossible(
                f"land: {m.sku} is {m.length_mm / 1000:g} x {m.width_mm / 1000:g} m; within the set-back there are "
                f"{(east - west) / 1000:g} x {(north - south) / 1000:g} m"
            )
    bare = sum(m.length_mm * m.width_mm for m in modules) + road_mm2
    swept = sum(
        m.length_mm * m.width_mm + (m.length_mm + m.width_mm) * m.clearance_mm + pi * m.clearance_mm**2 / 4
        for m in modules
    )
    grow = max((m.clearance_mm for m in modules), default=0) / 2
    parts = shapely.get_num_geometries(inside)
    for taken, there, what in (
        (bare, inside.area, "footprints and the road at the gate" if road_mm2 else "footprints"),
        (
            swept,
            inside.area + inside.length * grow + parts * pi * grow**2,
            "footprints and the clearances they cannot share",
        ),
    ):
        if taken > there * (1 + 1e-12):  # one module that just fits takes just what there is
            raise Impossible(
                f"land: {what} take at least {number(taken / 1e6)} m2; there are {number(there / 1e6)} m2 for them"
            )


def make_lots(standing: Sequence[Equipment], modules: Mapping[str, Module]) -> list[Lot]:
    """Blocks in the order in which they are built, then yards of at most `YARD_COUNT` machines of one kind."""
    blocks: dict[int, list[Equipment]] = defaultdict(list)
    yards: dict[str, dict[str, list[Equipment]]] = defaultdict(lambda: defaultdict(list))
    for e in standing:
        if e.block:
            blocks[e.block].append(e)
        else:
            family = modules[e.sku].family
            yards[_YARDS.get(family, PLANT_YARD)][family].append(e)
    in_order = sorted(blocks.items(), key=lambda b: (min(e.phase for e in b[1]), b[0]))
    lots = [_lot(f"Block B{number:02d}", "", members, modules) for number, members in in_order]
    for yard, families in sorted(yards.items()):
        parts = ceil(max(len(members) for members in families.values()) / YARD_COUNT)
        by_phase = [
            sorted(machines, key=lambda e: (e.phase, len(e.tag), e.tag)) for _, machines in sorted(families.items())
        ]
        for part in range(parts):
            share = [
                e
                for machines in by_phase
                for e in machines[len(machines) * part // parts : len(machines) * (part + 1) // parts]
            ]
            lots.append(_lot(yard if parts == 1 else f"{yard} {part + 1}", yard, share, modules))
    return lots


def _lot(name: str, yard: str, members: Sequence[Equipment], modules: Mapping[str, Module]) -> Lot:
    groups: dict[tuple[str, str, str], list[Equipment]] = defaultdict(list)
    for e in sorted(members, key=lambda e: (len(e.tag), e.tag)):
        groups[e.carrier, e.sku, e.unit_for or ""].append(e)
    stacks: list[list[list[Equipment]]] = []
    left = dict(groups)
    for key, units in sorted(groups.items()):
        served = next((k for k in sorted(left) if k[0] == key[2] and len(left[k]) == len(units)), None)
        if served and key in left:
            stacks.append([left.pop(key), left.pop(served)])
    stacks += [[left[key]] for key in sorted(left)]

    def rank(stack: list[list[Equipment]]) -> tuple[int, str, str]:
        served = stack[-1][0]
        family = modules[served.sku].family
        return _ORDER.index(family) if family in _ORDER else len(_ORDER), served.sku, served.carrier

    stacks.sort(key=rank)
    tags = tuple(e.tag for stack in stacks for group in stack for e in group)
    return Lot(name, yard, tuple((tuple(g[0].sku for g in s), len(s[0])) for s in stacks), tags)

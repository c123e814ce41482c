"""Where everything stands: lots (blocks and yards) side by side in bands, with roads between them.

Bands lie west to east; their roads hang on a spine from the gate, on a spine with a loop around it, or on a ring.
Every scheme of roads, band depths and row lengths in a fixed list is tried and the one that takes the least land wins,
so the answer repeats.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from math import inf
from typing import Literal, NamedTuple

from prefab.basis import DesignBasis
from prefab.brief import SiteBrief
from prefab.errors import OutOfBudget
from prefab.lot_shapes import make_shapes
from prefab.lots import (
    BATTERY_YARD,
    GENERATOR_YARD,
    INTAKE_YARD,
    MARGIN_MM,
    PLANT_YARD,
    Band,
    Lot,
    Rect,
    Shape,
    Stack,
    Stand,
    make_gap,
    make_lots,
    refuse_impossible,
)
from prefab.module import Module
from prefab.plan import Area, Equipment, Placed, Position
from prefab.units import have, need

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
BLOCK_CAPS, YARD_CAPS, ROWS = 8, 4, 4
"""Depths of block bands, of yard bands, and lengths of rows tried."""
YARDS = (INTAKE_YARD, PLANT_YARD, GENERATOR_YARD, BATTERY_YARD)
"""From the gate outwards."""
_PATTERNS = (*product(("spine", "loop", "ring"), (1, 0), (2, 1)), ("spine", 0, 0))
"""Roads; boundary of the first cross road (0 is south of the first band); bands from one to the next."""


class Scheme(NamedTuple):
    """How rows are filled; the pattern of roads comes on top."""

    ring: bool
    front_bands: int
    """Bands that the road from the gate cuts in two where there is no spine."""
    block_cap_mm: int
    yard_cap_mm: int
    row_mm: int
    """Most length of a row on each side of the spine."""
    rear: tuple[str, ...]
    """Yards behind the blocks instead of between them and the gate."""


@dataclass(frozen=True)
class Arrangement:
    """A scheme worked out."""

    stands: tuple[Stand, ...]
    roads: tuple[Rect, ...]
    score: float
    north_mm: int
    """From the south fence to the last lot or road."""


class _Ground(NamedTuple):
    width_mm: int
    depth_mm: float
    setback_mm: int
    road_mm: int
    reach_mm: int

    @property
    def street_mm(self) -> int:
        """From outline to outline across a road."""
        return self.road_mm + 2 * VERGE_MM

    @property
    def outer_mm(self) -> int:
        """From the fence to an outline with a road before it."""
        return FENCE_MM + self.road_mm + VERGE_MM

    def side_mm(self, whole: bool) -> int:
        """Room for a row, from one side of the site to the other or on one side of the spine."""
        if whole:
            return self.width_mm - 2 * max(self.setback_mm, self.outer_mm)
        return self.spine_mm - VERGE_MM - self.setback_mm

    @property
    def spine_mm(self) -> int:
        """The west edge of the road from the gate."""
        return (self.width_mm - self.road_mm) // 2


def make_placed(
    brief: SiteBrief, basis: DesignBasis, modules: Mapping[str, Module], equipment: tuple[Equipment, ...]
) -> Placed:
    """Place every module that stands on the land.

    Raises:
        Impossible: a module, or the area of all of them with the room they cannot share, exceeds the land.
        OutOfBudget: no scheme tried fits; whether another would is not known.
    """
    ground = _Ground(
        width_mm=have(brief.site.width_m * 1000),
        depth_mm=have(brief.site.depth_m * 1000),
        setback_mm=need(brief.site.setback_m * 1000),
        road_mm=basis.road_width_mm,
        reach_mm=basis.road_reach_mm,
    )
    standing = tuple(e for e in equipment if modules[e.sku].stands == "site")
    # The road at the gate is as long as wide, so a part lies beyond the set-back, at worst half off a narrow site.
    width_mm, depth_mm = ground.width_mm - 2 * ground.setback_mm, int(ground.depth_mm) - 2 * ground.setback_mm
    stub_mm2 = max(0, ground.road_mm - ground.setback_mm) * min(ground.road_mm, width_mm // 2)
    refuse_impossible([modules[e.sku] for e in standing], width_mm, depth_mm, stub_mm2)
    search = _Search(modules, basis, make_lots(standing, modules))
    best = search.best(ground)
    if best is None:
        raise OutOfBudget(search.shortfall(ground))
    positions = {
        tag: Position(tag=tag, x_mm=x, y_mm=y, turned=turned)
        for stand in best.stands
        for tag, ((x, y, _, _), turned) in zip(stand.lot.tags, stand.footprints(), strict=True)
    }
    areas = [_area(f"Road {i}", "road", road) for i, road in enumerate(best.roads, 1)]
    for lot, shape, x, y, _ in best.stands:
        outline = (x, y, x + shape.width_mm, y + shape.depth_mm)
        areas.append(_area(lot.name, "yard" if lot.yard else "block", outline))
    return Placed(positions=tuple(positions[e.tag] for e in standing), areas=tuple(areas))


def _area(name: str, purpose: Literal["road", "block", "yard"], rect: Rect) -> Area:
    west, south, east, north = rect
    return Area(name=name, purpose=purpose, x_mm=west, y_mm=south, width_mm=east - west, depth_mm=north - south)


class _Search:
    """The lots of one site with their shapes; tries schemes on any ground."""

    def __init__(self, modules: Mapping[str, Module], basis: DesignBasis, lots: Sequence[Lot]) -> None:
        self.gap = make_gap(basis, modules)
        kinds = dict.fromkeys(lot.stacks for lot in lots)
        self.shapes = {stacks: make_shapes(stacks, modules, self.gap) for stacks in kinds}
        self.blocks = [lot for lot in lots if not lot.yard]
        self.yards = sorted((lot for lot in lots if lot.yard), key=lambda lot: YARDS.index(lot.yard))
        self.apart = cache(self._apart)
        self.pick = cache(self._pick)
        self.widest = max((self.apart(a, b) for a in kinds for b in kinds), default=0)

    def _apart(self, a: tuple[Stack, ...], b: tuple[Stack, ...]) -> int:
        """Least distance of the outlines of two lots for what stands in them; may be negative."""
        skus = [tuple(dict.fromkeys(sku for skus, _ in stacks for sku in skus)) for stacks in (a, b)]
        return self.gap(skus[0], skus[1]) - 2 * MARGIN_MM

    def _pick(self, stacks: tuple[Stack, ...], cap_mm: int) -> Shape:
        """The narrowest shape no deeper than the band, else the shallowest."""
        fitting = [s for s in self.shapes[stacks] if s.depth_mm <= cap_mm]
        return min(fitting or self.shapes[stacks][:1], key=lambda s: s.width_mm)

    def best(self, ground: _Ground) -> Arrangement | None:
        """The scheme that takes the least land, if any fits."""
        best: Arrangement | None = None
        for scheme in self._schemes(ground):
            beat = best.score if best else inf
            bands = self._fill(ground, scheme, beat)
            for road, first, step in _PATTERNS if bands else ():
                if (road == "ring") == scheme.ring and (not scheme.ring or first == scheme.front_bands):
                    best = self._lay_out(ground, bands, road, first, step, beat) or best
                    beat = best.score if best else inf
        return best

    def shortfall(self, ground: _Ground) -> str:
        """What the best arrangement needs where the land did not do."""
        there = f"{ground.width_mm / 1000:g} x {ground.depth_mm / 1000:g} m"
        for percent in (100, 115, 130, 150, 175, 200, 250, 300, 400):
            wider = ground._replace(width_mm=ground.width_mm * percent // 100, depth_mm=inf)
            if best := self.best(wider):
                asked = f"{wider.width_mm / 1000:.0f} x {(best.north_mm + ground.setback_mm) / 1000:.0f} m"
                return f"land: not found within the budget; best arrangement needs {asked}, there are {there}"
        return f"land: not found within the budget on {there}, nor on land four times as wide"

    def _schemes(self, ground: _Ground) -> Iterator[Scheme]:
        movable = [y for y in (GENERATOR_YARD, BATTERY_YARD) if any(lot.yard == y for lot in self.yards)]
        rears = [
            tuple(y for y, rear in zip(movable, bits, strict=True) if rear)
            for bits in product((0, 1), repeat=len(movable))
        ]
        block_caps = self._caps(self.blocks, BLOCK_CAPS)
        yard_caps = self._caps(self.yards, YARD_CAPS)
        for block_cap in block_caps or yard_caps[:1]:
            for yard_cap in dict.fromkeys([block_cap, *yard_caps]):
                for ring, front_bands in ((False, 0), (True, 0), (True, 1)):
                    for row in self._row_lengths(ground, block_cap, ring):
                        for rear in rears:
                            yield Scheme(ring, front_bands, block_cap, yard_cap, row, rear)

    def _caps(self, lots: Sequence[Lot], most: int) -> list[int]:
        """The band depths at which these lots take the least land."""
        depths = sorted({s.depth_mm for lot in lots for s in self.shapes[lot.stacks]})

        def area(cap_mm: int) -> int:
            return sum(
                max(cap_mm, shape.depth_mm) * shape.width_mm
                for shape in (self.pick(lot.stacks, cap_mm) for lot in lots)
            )

        return sorted(depths, key=area)[:most]

    def _row_lengths(self, ground: _Ground, cap_mm: int, ring: bool) -> list[int]:
        """Rows as long as the land, and those of one, two ... blocks that give the squarest sites that may fit."""
        full = ground.side_mm(ring)
        sides = 1 if ring else 2
        lengths: dict[int, tuple[float, int]] = {}
        if self.blocks:
            width = max(self.pick(lot.stacks, cap_mm).width_mm for lot in self.blocks) + AISLE_MM
            for count in range(1, min((full + AISLE_MM) // width, len(self.blocks)) + 1):
                rows = -(-len(self.blocks) // (sides * count))
                long, deep = sides * count * width, rows * cap_mm
                if deep <= ground.depth_mm:
                    lengths.setdefault(rows, (max(long / deep, deep / long), count * width - AISLE_MM))
        return sorted({full, *(length for _, length in sorted(lengths.values())[:ROWS])})

    def _fill(self, ground: _Ground, scheme: Scheme, beat: float) -> list[Band]:
        """Lots side by side, a new band when a row is full; nothing when the lots alone take too much land."""
        front = [(lot, scheme.yard_cap_mm) for lot in self.yards if lot.yard not in scheme.rear]
        blocks = [(lot, scheme.block_cap_mm) for lot in self.blocks]
        rear = [(lot, 0) for lot in self.yards if lot.yard in scheme.rear]
        picked = [self.pick(lot.stacks, asked) for lot, asked in front + blocks]
        if sum(shape.width_mm * shape.depth_mm for shape in picked) >= beat:
            return []
        bands: list[Band] = []
        cap = -1
        for lot, asked in front + blocks + rear:
            fresh = asked not in (0, cap) or not bands
            cap = asked or cap
            if not fresh and self._put(ground, scheme, bands[-1], lot, cap):
                continue
            if not asked:
                cap = scheme.yard_cap_mm
            bands.append(Band(([],) if scheme.ring and len(bands) >= scheme.front_bands else ([], [])))
            if not self._put(ground, scheme, bands[-1], lot, cap):
                return []
        return bands

    def _put(self, ground: _Ground, scheme: Scheme, band: Band, lot: Lot, cap_mm: int) -> bool:
        """Set a lot down where it ends nearest to the spine, if the row has room."""
        shape = self.pick(lot.stacks, cap_mm)
        row_mm, whole_mm = scheme.row_mm, ground.side_mm(len(band.sides) == 1)
        if scheme.ring and len(band.sides) > 1:
            row_mm = (row_mm - ground.street_mm) // 2
        best: tuple[int, int, int] | None = None
        for side, items in enumerate(band.sides):
            start = 0
            for other, its_shape, begin in reversed(items):
                start = max(start, begin + its_shape.width_mm + max(AISLE_MM, self.apart(other.stacks, lot.stacks)))
                if begin + self.widest <= start:
                    break
            for other, _, begin in band.sides[1 - side] if len(band.sides) > 1 else ():
                if begin + ground.street_mm >= self.widest:
                    break
                start = max(start, self.apart(other.stacks, lot.stacks) - ground.street_mm - begin)
            end = start + shape.width_mm
            if end <= (row_mm if items else whole_mm) and (best is None or end < best[0]):
                best = (end, side, start)
        if best is None:
            return False
        band.sides[best[1]].append((lot, shape, best[2]))
        band.kinds[lot.stacks] = None
        band.depth_mm = max(band.depth_mm, shape.depth_mm)
        return True

    def _lay_out(
        self, ground: _Ground, bands: list[Band], road: str, first: int, step: int, beat: float
    ) -> Arrangement | None:
        """Coordinates of lots and roads; nothing when they leave the site, miss a module or take more land."""
        cross = list(range(first, len(bands), step)) if step else []
        if step and (not cross or cross[-1] < len(bands) - 1):
            cross.append(len(bands))  # the last band needs a road too
        looped = road != "spine" and len(cross) > 1
        if road == "loop" and not looped:
            return None
        souths, norths = self._edges(ground, bands, cross)
        if norths[-1] > ground.depth_mm - ground.setback_mm:
            return None
        by_band = _stands(ground, bands, cross, souths, norths)
        stands = tuple(s for band in by_band for s in band)
        roads = _roads(ground, by_band, cross, souths, norths, road)
        west = min(s.x_mm for s in stands)
        east = max(s.x_mm + s.shape.width_mm for s in stands)
        if min(west, ground.width_mm - east) < ground.setback_mm:
            return None
        west = min(west, *(r[0] for r in roads))
        east = max(east, *(r[2] for r in roads))
        north = max(norths[-1], *(r[3] for r in roads))
        if min(west, ground.width_mm - east, ground.depth_mm - north) < FENCE_MM:
            return None
        score = (east - west) * north + ROAD_COST * sum((r[2] - r[0]) * (r[3] - r[1]) for r in roads)
        if not looped:
            arms = [max(ground.spine_mm - r[0], r[2] - ground.spine_mm - ground.road_mm) for r in roads]
            score *= DEAD_END_COST if max(*arms, 0 if cross else norths[-1]) > DEAD_END_MM else 1
        if score >= beat or not _reached(ground, stands, roads):
            return None
        return Arrangement(stands, tuple(roads), score, north)

    def _edges(self, ground: _Ground, bands: list[Band], cross: list[int]) -> tuple[list[int], list[int]]:
        """South and north edge of every band."""
        south = max(ground.setback_mm, ground.outer_mm) if 0 in cross else ground.setback_mm
        souths: list[int] = []
        norths: list[int] = []
        for b, band in enumerate(bands):
            if b:
                south = norths[-1] + (ground.street_mm if b in cross else AISLE_MM)
            for a in range(b - 1, -1, -1):
                if norths[a] + self.widest <= south:
                    break
                asked = max(self.apart(one, other) for one in bands[a].kinds for other in band.kinds)
                south = max(south, norths[a] + asked)
            souths.append(south)
            norths.append(south + band.depth_mm)
        return souths, norths


def _stands(
    ground: _Ground, bands: list[Band], cross: list[int], souths: list[int], norths: list[int]
) -> list[list[Stand]]:
    """Lots with their coordinates, band by band, against the road they share and facing it."""
    longest = max(
        (begin + s.width_mm for band in bands if len(band.sides) == 1 for _, s, begin in band.sides[0]), default=0
    )
    stands = []
    for b, band in enumerate(bands):
        flipped = b not in cross and b + 1 in cross
        found = []
        for side, items in enumerate(band.sides):
            for lot, shape, begin in items:
                if len(band.sides) == 1:
                    x = (ground.width_mm - longest) // 2 + begin
                elif side:
                    x = ground.spine_mm + ground.road_mm + VERGE_MM + begin
                else:
                    x = ground.spine_mm - VERGE_MM - begin - shape.width_mm
                found.append(Stand(lot, shape, x, norths[b] - shape.depth_mm if flipped else souths[b], flipped))
        stands.append(found)
    return stands


def _roads(
    ground: _Ground, stands: list[list[Stand]], cross: list[int], souths: list[int], norths: list[int], road: str
) -> list[Rect]:
    """The road from the gate, cross roads as long as their lots or as the loop, and the two sides of the loop."""
    wide = ground.road_mm
    south_of = {k: norths[k - 1] + VERGE_MM if k else souths[0] - VERGE_MM - wide for k in cross}
    end = south_of[cross[0] if road == "ring" else cross[-1]] + wide if cross else max(norths[-1], wide)
    roads = [(ground.spine_mm, 0, ground.spine_mm + wide, end)]
    looped = road != "spine" and len(cross) > 1
    for k in cross:
        first, last = (cross[0], cross[-1]) if looped else (max(0, k - 1), k + 1)
        near = [s for band in stands[first:last] for s in band]
        west = min(ground.spine_mm, *(s.x_mm for s in near))
        east = max(ground.spine_mm + wide, *(s.x_mm + s.shape.width_mm for s in near))
        beyond = VERGE_MM + wide if looped else 0
        roads.append((west - beyond, south_of[k], east + beyond, south_of[k] + wide))
    if looped:
        west, south, east, _ = roads[1]
        north = roads[-1][3]
        roads += [(west, south, west + wide, north), (east - wide, south, east, north)]
    return roads


def _reached(ground: _Ground, stands: Sequence[Stand], roads: Sequence[Rect]) -> bool:
    """Whether every footprint is near enough to a road."""
    for stand in stands:
        for (west, south, east, north), _ in stand.footprints():
            if all(
                max(0, r[0] - east, west - r[2]) ** 2 + max(0, r[1] - north, south - r[3]) ** 2 > ground.reach_mm**2
                for r in roads
            ):
                return False
    return True

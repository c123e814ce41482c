"""Lots on a rectangle of land: side by side in bands, with roads between them.

Bands lie west to east; their roads hang on a spine from the gate, on a spine with a loop around it, or on a ring.
Every scheme of roads, band depths and row lengths in a fixed list is tried and the one that takes the least land wins,
so the answer repeats.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import inf
from typing import NamedTuple

from prefab.lot_shapes import Stock
from prefab.lots import (
    AISLE_MM,
    DEAD_END_COST,
    DEAD_END_MM,
    FENCE_MM,
    ROAD_COST,
    VERGE_MM,
    Band,
    Lot,
    Rect,
    Stand,
)

BLOCK_CAPS, YARD_CAPS, ROWS = 8, 4, 4
"""Depths of block bands, of yard bands, and lengths of rows tried."""
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


class Ground(NamedTuple):
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


class Bands:
    """Tries schemes for the lots of one site on any ground."""

    def __init__(self, stock: Stock) -> None:
        self.stock = stock

    def best(self, ground: Ground) -> Arrangement | None:
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

    def shortfall(self, ground: Ground) -> str:
        """What the best arrangement needs where the land did not do."""
        there = f"{ground.width_mm / 1000:g} x {ground.depth_mm / 1000:g} m"
        for percent in (100, 115, 130, 150, 175, 200, 250, 300, 400):
            wider = ground._replace(width_mm=ground.width_mm * percent // 100, depth_mm=inf)
            if best := self.best(wider):
                asked = f"{wider.width_mm / 1000:.0f} x {(best.north_mm + ground.setback_mm) / 1000:.0f} m"
                return f"land: not found within the budget; best arrangement needs {asked}, there are {there}"
        return f"land: not found within the budget on {there}, nor on land four times as wide"

    def _schemes(self, ground: Ground) -> Iterator[Scheme]:
        movable = self.stock.movable
        rears = [
            tuple(y for y, rear in zip(movable, bits, strict=True) if rear)
            for bits in product((0, 1), repeat=len(movable))
        ]
        block_caps = self.stock.caps(self.stock.blocks, BLOCK_CAPS)
        yard_caps = self.stock.caps(self.stock.yards, YARD_CAPS)
        for block_cap in block_caps or yard_caps[:1]:
            for yard_cap in dict.fromkeys([block_cap, *yard_caps]):
                for ring, front_bands in ((False, 0), (True, 0), (True, 1)):
                    for row in self._row_lengths(ground, block_cap, ring):
                        for rear in rears:
                            yield Scheme(ring, front_bands, block_cap, yard_cap, row, rear)

    def _row_lengths(self, ground: Ground, cap_mm: int, ring: bool) -> list[int]:
        """Rows as long as the land, and those of one, two ... blocks that give the squarest sites that may fit."""
        full = ground.side_mm(ring)
        sides = 1 if ring else 2
        lengths: dict[int, tuple[float, int]] = {}
        if self.stock.blocks:
            width = max(self.stock.pick(lot.stacks, cap_mm).width_mm for lot in self.stock.blocks) + AISLE_MM
            for count in range(1, min((full + AISLE_MM) // width, len(self.stock.blocks)) + 1):
                rows = -(-len(self.stock.blocks) // (sides * count))
                long, deep = sides * count * width, rows * cap_mm
                if deep <= ground.depth_mm:
                    lengths.setdefault(rows, (max(long / deep, deep / long), count * width - AISLE_MM))
        return sorted({full, *(length for _, length in sorted(lengths.values())[:ROWS])})

    def _fill(self, ground: Ground, scheme: Scheme, beat: float) -> list[Band]:
        """Lots side by side, a new band when a row is full; nothing when the lots alone take too much land."""
        front = [(lot, scheme.yard_cap_mm) for lot in self.stock.yards if lot.yard not in scheme.rear]
        blocks = [(lot, scheme.block_cap_mm) for lot in self.stock.blocks]
        rear = [(lot, 0) for lot in self.stock.yards if lot.yard in scheme.rear]
        picked = [self.stock.pick(lot.stacks, asked) for lot, asked in front + blocks]
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

    def _put(self, ground: Ground, scheme: Scheme, band: Band, lot: Lot, cap_mm: int) -> bool:
        """Set a lot down where it ends nearest to the spine, if the row has room."""
        shape = self.stock.pick(lot.stacks, cap_mm)
        row_mm, whole_mm = scheme.row_mm, ground.side_mm(len(band.sides) == 1)
        if scheme.ring and len(band.sides) > 1:
            row_mm = (row_mm - ground.street_mm) // 2
        best: tuple[int, int, int] | None = None
        for side, items in enumerate(band.sides):
            start = 0
            for other, its_shape, begin in reversed(items):
                start = max(
                    start, begin + its_shape.width_mm + max(AISLE_MM, self.stock.apart(other.stacks, lot.stacks))
                )
                if begin + self.stock.widest <= start:
                    break
            for other, _, begin in band.sides[1 - side] if len(band.sides) > 1 else ():
                if begin + ground.street_mm >= self.stock.widest:
                    break
                start = max(start, self.stock.apart(other.stacks, lot.stacks) - ground.street_mm - begin)
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
        self, ground: Ground, bands: list[Band], road: str, first: int, step: int, beat: float
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

    def _edges(self, ground: Ground, bands: list[Band], cross: list[int]) -> tuple[list[int], list[int]]:
        """South and north edge of every band."""
        south = max(ground.setback_mm, ground.outer_mm) if 0 in cross else ground.setback_mm
        souths: list[int] = []
        norths: list[int] = []
        for b, band in enumerate(bands):
            if b:
                south = norths[-1] + (ground.street_mm if b in cross else AISLE_MM)
            for a in range(b - 1, -1, -1):
                if norths[a] + self.stock.widest <= south:
                    break
                asked = max(self.stock.apart(one, other) for one in bands[a].kinds for other in band.kinds)
                south = max(south, norths[a] + asked)
            souths.append(south)
            norths.append(south + band.depth_mm)
        return souths, norths


def _stands(
    ground: Ground, bands: list[Band], cross: list[int], souths: list[int], norths: list[int]
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
    ground: Ground, stands: list[list[Stand]], cross: list[int], souths: list[int], norths: list[int], road: str
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


def _reached(ground: Ground, stands: Sequence[Stand], roads: Sequence[Rect]) -> bool:
    """Whether every footprint is near enough to a road."""
    for stand in stands:
        for (west, south, east, north), _ in stand.footprints():
            if all(
                max(0, r[0] - east, west - r[2]) ** 2 + max(0, r[1] - north, south - r[3]) ** 2 > ground.reach_mm**2
                for r in roads
            ):
                return False
    return True

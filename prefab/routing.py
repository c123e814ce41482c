"""Cable and pipe runs for every feed, along right-angled trenches between modules, around blocks and beside roads.

Every lane (side A or B, cables or pipes) has lines of its own, so A and B lie apart and pipes do not warm cables. A
run inside a block or yard follows the lines between its modules; one to another yard leaves by a corner and follows
the outlines and the road edges. Blocks of one layout are worked out once.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from itertools import pairwise, product
from typing import NamedTuple

import shapely
from shapely.geometry.base import BaseGeometry

from prefab.basis import DesignBasis
from prefab.brief import SiteBrief
from prefab.carrier import Carrier
from prefab.land import ROUNDED_MM
from prefab.module import Module
from prefab.plan import GRID, Equipment, Feed
from prefab.site import Site
from prefab.site_layout import Placed, Routed, Run, Side
from prefab.trench_lines import Exit, Grid, Point, Points, Rect, Tree, length, spread, tidy
from prefab.units import need

STRIP_MM = 1000
"""Beside every module and around every outline, shared by the lanes."""
VERGE_MM = 1500
"""Beside every road, likewise."""
Lane = tuple[Side, bool]
"""A or B; a cable or a pipe."""
_CABLES = ("electric", "storage", "signal")
_RING = "mv_ac"
"""One outgoing way of an intake feeds a block's consumers, or the batteries, one after the other."""
# Where in a strip the lane's trench lies, from its west or south edge.
_LANES: dict[Lane, float] = {("A", True): 0.2, ("A", False): 0.4, ("B", False): 0.6, ("B", True): 0.8}

_CORNERS = _SOUTH, _NORTH = -1, -2


class _Lot(NamedTuple):
    """A block or yard seen from its south-west corner; equal ones share their ways."""

    width_mm: int
    depth_mm: int
    strip_mm: int
    """Room for trenches around the outline; none where the fence is near."""
    footprints: tuple[Rect, ...]

    def corner(self, lane: Lane, item: int) -> Point:
        """Where the lane leaves the lot: west of it for A, east of it for B."""
        off = int(self.strip_mm * _LANES[lane])
        return -off if lane[0] == "A" else self.width_mm + off, -off if item == _SOUTH else self.depth_mm + off


class _Ways:
    """Shortest ways between what stands on the site, kept because equal blocks ask for equal ones."""

    def __init__(self, site: Site, placed: Placed, places: Mapping[str, Rect]) -> None:
        self.land = site.parcel
        self.gate = (round(self.land.connection_mm.x), round(self.land.connection_mm.y))
        # Without set-backs nothing may lie along the fence, where trenches of a rectangle begin.
        self.is_rectangle = site.size_m is not None and site.setback_m * 1000 >= STRIP_MM
        # The point of connection lies on a whole millimetre, the outline need not.
        self.ground = self.land.drivable(0.0).buffer(ROUNDED_MM, join_style="mitre")
        shapely.prepare(self.ground)
        self.places = places
        rects = [(a.purpose, (a.x_mm, a.y_mm, a.x_mm + a.width_mm, a.y_mm + a.depth_mm)) for a in placed.areas]
        self.roads = [r for purpose, r in rects if purpose == "road"]
        members: dict[Rect, list[str]] = {r: [] for purpose, r in rects if purpose != "road"}
        outlines = list(members)
        for tag, (west, south, east, north) in places.items():
            around = (o for o in outlines if o[0] <= west and o[1] <= south and east <= o[2] and north <= o[3])
            alone = (west - STRIP_MM, south - STRIP_MM, east + STRIP_MM, north + STRIP_MM)
            members.setdefault(next(around, alone), []).append(tag)
        self.outline: dict[str, Rect | None] = {tag: o for o, tags in members.items() for tag in tags}
        self.outline[GRID] = None
        self.index = {tag: i for tags in members.values() for i, tag in enumerate(tags)}
        self.lots = {o: _lot(o, [places[tag] for tag in tags], self.ground) for o, tags in members.items()}
        # Corners are only looked up among the outlines, so a lot's grid and the site's agree on them.
        self.grid, self.site_grid = cache(self._grid), cache(self._site_grid)
        self.tree, self.site_tree = cache(self._tree), cache(self._site_tree)
        self.inner, self.outer = cache(self._inner), cache(self._outer)

    def way(self, lane: Lane, start: str, end: str) -> Points:
        """From one standing module to another, or from or to the gate."""
        a, b = self.outline[start], self.outline[end]
        if a == b and a is not None:
            points = _shifted(self.inner(self.lots[a], lane, self.index[start], self.index[end]), a)
            return points or self._straight(start, end)
        for fine in (False,) if self.is_rectangle else (False, True):
            found = []
            for corner_a, corner_b in product(_CORNERS if a else _CORNERS[:1], _CORNERS if b else _CORNERS[:1]):
                parts = [self.outer(lane, a, corner_a, b, corner_b, fine)]
                if a:
                    parts.insert(0, _shifted(self.inner(self.lots[a], lane, self.index[start], corner_a), a))
                if b:
                    parts.append(_shifted(self.inner(self.lots[b], lane, corner_b, self.index[end]), b))
                if all(parts):
                    found.append(tidy([point for part in parts for point in part]))
            if found:
                return min(found, key=lambda points: (length(points), points))
        return self._straight(start, end)

    def _straight(self, start: str, end: str) -> Points:
        """Round one corner whatever is in the way: for plans moved by hand so that no line is clear."""
        a, b = (_middle(self.places[t]) if t in self.places else self.gate for t in (start, end))
        return tidy([a, (b[0], a[1]), b])

    def _grid(self, lot: _Lot, lane: Lane) -> Grid:
        """Lines beside every module of a lot and beyond those edges of its outline that the lane uses."""
        share = int(STRIP_MM * _LANES[lane])
        xs = [lot.corner(lane, _SOUTH)[0]]
        ys = [lot.corner(lane, item)[1] for item in _CORNERS]
        for west, south, east, north in lot.footprints:
            xs += [max(0, west - STRIP_MM + share), min(lot.width_mm, east + share)]
            ys += [max(0, south - STRIP_MM + share), min(lot.depth_mm, north + share)]
        return Grid(xs, ys, lot.footprints)

    def _exits(self, lot: _Lot, lane: Lane, item: int) -> list[Exit]:
        if item in _CORNERS:
            return self.grid(lot, lane).corner(lot.corner(lane, item))
        return self.grid(lot, lane).exits(lot.footprints[item], _LANES[lane])

    def _tree(self, lot: _Lot, lane: Lane, item: int) -> Tree:
        return self.grid(lot, lane).tree(self._exits(lot, lane, item))

    def _inner(self, lot: _Lot, lane: Lane, start: int, end: int) -> Points:
        """Within a lot, between modules and corners; empty when there is no way."""
        return self.grid(lot, lane).way(self._exits(lot, lane, start), self.tree(lot, lane, end))

    def _site_grid(self, lane: Lane, fine: bool) -> Grid:
        """Lines along the outlines and, A on the west and south side, B on the others, beside every road; where they
        are too few to lead everywhere also in roads and across the land, finest about the point of connection."""
        off = int(VERGE_MM * _LANES[lane])
        xs: list[int] = []
        ys: list[int] = []
        for west, south, east, north in self.roads:
            along_x = east - west > north - south
            line = (
                (south if along_x else west) - VERGE_MM + off if lane[0] == "A" else (north if along_x else east) + off
            )
            (ys if along_x else xs).append(line)
        for outline in self.lots:
            for item in _CORNERS:
                x, y = self._corner(lane, outline, item)
                xs.append(x)
                ys.append(y)
        if not self.is_rectangle:
            xs += [x for x, _ in self._around_connection(lane, fine)]
            ys += [y for _, y in self._around_connection(lane, fine)]
        bounds = self.land.polygon.bounds
        if fine:
            for west, south, east, north in self.roads:
                along_x = east - west > north - south
                low, high = (south, north) if along_x else (west, east)
                (ys if along_x else xs).append(low + int((high - low) * _LANES[lane]))
            xs += spread(bounds[0], bounds[2], self.gate[0], _LANES[lane])
            ys += spread(bounds[1], bounds[3], self.gate[1], _LANES[lane])
        lines = [x for x in xs if bounds[0] <= x <= bounds[2]], [y for y in ys if bounds[1] <= y <= bounds[3]]
        return Grid(*lines, list(self.lots), None if self.is_rectangle else self.ground)

    def _site_exits(self, lane: Lane, outline: Rect | None, item: int, fine: bool) -> list[Exit]:
        grid = self.site_grid(lane, fine)
        if outline:
            return grid.corner(self._corner(lane, outline, item))
        return grid.gate(self.gate[0]) if self.is_rectangle else self._from_connection(grid, lane, fine)

    def _around_connection(self, lane: Lane, fine: bool) -> list[Point]:
        """Where a lane begins beside the utility's point of connection, on lines that no other lane has: A west of it
        and B east, or on either side where the fence leaves no other way."""
        x, y = self.gate
        off, east = int(VERGE_MM * _LANES[lane]), int(VERGE_MM * (2 * _LANES[lane] - 1))
        return [(x + east, y + north) for east, north in product((-off, off) if fine else (east,), (-off, off))]

    def _from_connection(self, grid: Grid, lane: Lane, fine: bool) -> list[Exit]:
        found = []
        for corner in self._around_connection(lane, fine):
            for bend in ((corner[0], self.gate[1]), (self.gate[0], corner[1])):
                if shapely.covers(self.ground, shapely.LineString([self.gate, bend, corner])):
                    found += [
                        Exit(e.node, self.gate, bend, length((self.gate, bend, corner))) for e in grid.corner(corner)
                    ]
        return found

    def _corner(self, lane: Lane, outline: Rect, item: int) -> Point:
        x, y = self.lots[outline].corner(lane, item)
        return x + outline[0], y + outline[1]

    def _site_tree(self, lane: Lane, outline: Rect | None, item: int, fine: bool) -> Tree:
        return self.site_grid(lane, fine).tree(self._site_exits(lane, outline, item, fine))

    def _outer(self, lane: Lane, a: Rect | None, corner_a: int, b: Rect | None, corner_b: int, fine: bool) -> Points:
        """From a corner of one lot to a corner of another."""
        exits, tree = self._site_exits(lane, a, corner_a, fine), self.site_tree(lane, b, corner_b, fine)
        return self.site_grid(lane, fine).way(exits, tree)


def _lot(outline: Rect, places: Sequence[Rect], ground: BaseGeometry) -> _Lot:
    x, y = outline[:2]
    footprints = tuple((west - x, south - y, east - x, north - y) for west, south, east, north in places)
    around = shapely.box(x - STRIP_MM, y - STRIP_MM, outline[2] + STRIP_MM, outline[3] + STRIP_MM)
    return _Lot(outline[2] - x, outline[3] - y, STRIP_MM if shapely.covers(ground, around) else 0, footprints)


def _shifted(points: Points, outline: Rect) -> Points:
    return tuple((x + outline[0], y + outline[1]) for x, y in points)


def _middle(rect: Rect) -> Point:
    return (rect[0] + rect[2]) // 2, (rect[1] + rect[3]) // 2


def make_routed(
    brief: SiteBrief,
    basis: DesignBasis,
    modules: Mapping[str, Module],
    carriers: Mapping[str, Carrier],
    equipment: tuple[Equipment, ...],
    feeds: tuple[Feed, ...],
    placed: Placed,
) -> Routed:
    """Each consumer's run to its nearest supplier or the next in its ring; runs that join the suppliers of one bus."""
    skus = {e.tag: modules[e.sku] for e in equipment}
    equipment_at = {e.tag: e for e in equipment}
    doubled = {e.carrier for e in equipment if e.side == "B" and e.block == 0}
    places: dict[str, Rect] = {}
    for p in placed.positions:
        along, across = skus[p.tag].sides_mm(turned=p.turned)
        places[p.tag] = (p.x_mm, p.y_mm, p.x_mm + along, p.y_mm + across)
    hosts = _hosts(equipment, modules, places)
    ways = _Ways(brief.site, placed, places)
    runs: dict[tuple[str, str, str, Side], Run] = {}

    def spot(tag: str) -> Point:
        return _middle(places[hosts[tag][0]]) if tag in hosts else ways.gate

    def join(start: str, end: str, carrier: str, side: Side) -> None:
        if (start, end, carrier, side) in runs:
            return
        lane = (side, carriers[carrier].medium in _CABLES)
        one, other = hosts.get(start, (GRID, 0.0)), hosts.get(end, (GRID, 0.0))
        inside = one[0] == other[0]
        host = places.get(one[0])
        points = _within(host, one[1], other[1], _LANES[lane]) if inside and host else ways.way(lane, one[0], other[0])
        laid_mm = need(length(points) * (1 + basis.run_slack_frac) + 2 * basis.riser_mm)
        run = Run(start=start, end=end, carrier=carrier, side=side, points_mm=points, length_mm=laid_mm)
        runs[start, end, carrier, side] = run

    def nearest(tag: str, others: Iterable[str]) -> str:
        x, y = spot(tag)
        return min(others, key=lambda t: (abs(spot(t)[0] - x) + abs(spot(t)[1] - y), t))

    rings = _rings(equipment, feeds)
    for feed in (f for f in feeds if carriers[f.carrier].laid):
        carrier, side, tie_side = _laid(feed, equipment_at, skus, doubled)
        if feed.carrier != _RING:
            join(feed.consumer, nearest(feed.consumer, feed.suppliers), carrier, side)
        elif waiting := rings.pop((equipment_at[feed.consumer].block, side, feed.suppliers), None):
            last = nearest(feed.suppliers[0], waiting)
            join(last, nearest(last, feed.suppliers), carrier, side)
            while waiting := [tag for tag in waiting if tag != last]:
                last, before = nearest(last, waiting), last
                join(last, before, carrier, side)
        spots = {tag: spot(tag) for tag in feed.suppliers}
        wide, deep = (max(axis) - min(axis) for axis in zip(*spots.values(), strict=True))
        chain = sorted(spots, key=lambda t: (spots[t] if wide >= deep else spots[t][::-1], t))
        for a, b in pairwise(chain):
            join(a, b, carrier, tie_side)
    return Routed(runs=tuple(runs.values()))


def _rings(equipment: Iterable[Equipment], feeds: Iterable[Feed]) -> dict[tuple[int, Side, tuple[str, ...]], list[str]]:
    """The consumers that share an outgoing way: those of one block, or the batteries, on one side of one intake."""
    blocks = {e.tag: e.block for e in equipment}
    found: dict[tuple[int, Side, tuple[str, ...]], list[str]] = defaultdict(list)
    for feed in feeds:
        if feed.carrier == _RING:
            found[blocks[feed.consumer], feed.side, feed.suppliers].append(feed.consumer)
    return found


def _laid(
    feed: Feed, at: Mapping[str, Equipment], skus: Mapping[str, Module], doubled: Collection[str]
) -> tuple[str, Side, Side]:
    """Carrier and side of a feed's runs, and the side of the ties between its suppliers.

    A and B of an intake's own supply mean utility and standby. On the ground its runs lie on the side of the intake,
    so that one cut leaves the other intake its supply; the bus of the generators serves both and is laid once.
    """
    consumer = at[feed.consumer]
    need = skus[feed.consumer].needed(feed.carrier)
    if need is None or need.alternate is None:
        return feed.carrier, feed.side, feed.side
    givers = [at[tag] for tag in feed.suppliers if tag != GRID]
    carrier = need.alternate if any(g.carrier == need.alternate for g in givers) else feed.carrier
    side = consumer.cord if consumer.carrier in doubled else feed.side
    return carrier, side, "A" if consumer.carrier in doubled else side


def _hosts(
    equipment: Iterable[Equipment], modules: Mapping[str, Module], places: Mapping[str, Rect]
) -> dict[str, tuple[str, float]]:
    """The module on the land in which each stands, and where along it; indoor ones spread over their block or pod."""
    standing: dict[int, list[Equipment]] = defaultdict(list)
    indoor: dict[int, list[Equipment]] = defaultdict(list)
    for e in equipment:
        (standing if e.tag in places else indoor)[e.block].append(e)
    found = {e.tag: (e.tag, 0.0) for members in standing.values() for e in members}
    for block, guests in indoor.items():
        inside: dict[str, list[str]] = defaultdict(list)
        used: dict[str, int] = defaultdict(int)
        for guest in guests:
            own = [e for e in standing[block] if guest.cell in (0, e.cell)]
            rooms = [e for e in own if modules[e.sku].family == modules[guest.sku].inside] or standing[block]
            inside[rooms[used[guest.carrier] % len(rooms)].tag].append(guest.tag)
            used[guest.carrier] += 1
        for host, tags in inside.items():
            found |= {tag: (host, (i + 1) / (len(tags) + 1)) for i, tag in enumerate(tags)}
    return found


def _within(host: Rect, start: float, end: float, share: float) -> Points:
    """From one place along a host to another; A and B, cables and pipes side by side."""
    west, south, east, north = host
    if east - west >= north - south:
        y = south + int((north - south) * share)
        return (west + int((east - west) * start), y), (west + int((east - west) * end), y)
    x = west + int((east - west) * share)
    return (x, south + int((north - south) * start)), (x, south + int((north - south) * end))

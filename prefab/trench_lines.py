"""Lines along which trenches may lie, and the shortest ways along them."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import ceil
from typing import NamedTuple

import networkx as nx
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

Point = tuple[int, int]
Points = tuple[Point, ...]
Rect = tuple[int, int, int, int]
"""West, south, east, north in mm."""
Node = tuple[int, int]
"""A crossing of two lines, by their numbers from west and from south."""
_START: Node = (-1, -1)
_SPREAD_MM, _SPREAD_COUNT = 5_000, 80
"""Least distance of lines across all of the land, and the most of them."""
_CLOSE_MM, _WIDENING = 1_500, 1.25
"""Distance of lines close to a place, and how it grows."""


class Exit(NamedTuple):
    """A way onto the lines: the crossing, a point on the module's edge and the bend where it meets the line."""

    node: Node
    edge: Point
    bend: Point
    length_mm: int


class Tree(NamedTuple):
    """For every crossing the one before it on the shortest way from a place, and that way's length."""

    before: Mapping[Node, Sequence[Node]]
    length_mm: Mapping[Node, float]
    exits: Mapping[Node, Exit]


class Grid:
    """Lines clear of obstacles and their crossings."""

    def __init__(
        self, xs: Iterable[int], ys: Iterable[int], obstacles: Sequence[Rect], ground: BaseGeometry | None = None
    ) -> None:
        self.xs, self.ys = sorted(set(xs)), sorted(set(ys))
        self.graph: nx.Graph[Node] = nx.Graph()
        for j, y in enumerate(self.ys):
            walls = [r for r in obstacles if r[1] < y < r[3]]
            for i, (x, after) in enumerate(pairwise(self.xs)):
                if not any(r[0] < after and x < r[2] for r in walls):
                    self.graph.add_edge((i, j), (i + 1, j), weight=after - x)
        for i, x in enumerate(self.xs):
            walls = [r for r in obstacles if r[0] < x < r[2]]
            for j, (y, after) in enumerate(pairwise(self.ys)):
                if not any(r[1] < after and y < r[3] for r in walls):
                    self.graph.add_edge((i, j), (i, j + 1), weight=after - y)
        if ground is not None:
            edges = list(self.graph.edges)
            lines = shapely.linestrings([(self.point(a), self.point(b)) for a, b in edges])
            self.graph.remove_edges_from([edges[n] for n in np.flatnonzero(~shapely.covers(ground, lines))])

    def point(self, node: Node) -> Point:
        """Where a crossing lies."""
        return self.xs[node[0]], self.ys[node[1]]

    def corner(self, point: Point) -> list[Exit]:
        """The crossing at a point where two lines meet."""
        return [Exit((bisect_left(self.xs, point[0]), bisect_left(self.ys, point[1])), point, point, 0)]

    def exits(self, rect: Rect, share: float) -> list[Exit]:
        """From each edge of a module to the line beside it and along it to the next crossings."""
        west, south, east, north = rect
        x, y = west + int((east - west) * share), south + int((north - south) * share)
        i, j = bisect_right(self.xs, x) - 1, bisect_right(self.ys, y) - 1
        found = []
        for edge, line in ((south, bisect_right(self.ys, south) - 1), (north, bisect_left(self.ys, north))):
            if self.graph.has_edge((i, line), (i + 1, line)):
                found += [self._exit((k, line), (x, edge), (x, self.ys[line])) for k in (i, i + 1)]
        for edge, line in ((west, bisect_right(self.xs, west) - 1), (east, bisect_left(self.xs, east))):
            if self.graph.has_edge((line, j), (line, j + 1)):
                found += [self._exit((line, k), (edge, y), (self.xs[line], y)) for k in (j, j + 1)]
        return found

    def gate(self, x: int) -> list[Exit]:
        """From the gate along the fence to the lines on either side, and up."""
        i = bisect_right(self.xs, x)
        return [self._exit((k, 0), (x, 0), (self.xs[k], 0)) for k in (i - 1, i) if (k, 0) in self.graph]

    def _exit(self, node: Node, edge: Point, bend: Point) -> Exit:
        return Exit(node, edge, bend, length((edge, bend, self.point(node))))

    def tree(self, exits: Sequence[Exit]) -> Tree:
        """The shortest ways from a place with these exits."""
        shortest = {e.node: e for e in sorted(exits, key=lambda e: (-e.length_mm, e))}
        self.graph.add_node(_START)
        for node, e in shortest.items():
            self.graph.add_edge(_START, node, weight=e.length_mm)
        before, lengths = nx.dijkstra_predecessor_and_distance(self.graph, _START)
        self.graph.remove_node(_START)
        return Tree(before, lengths, shortest)

    def way(self, exits: Sequence[Exit], tree: Tree) -> Points:
        """The shortest way from a place with these exits to the one of the tree; empty when there is none."""
        reached = [e for e in exits if e.node in tree.length_mm]
        if not reached:
            return ()
        first = min(reached, key=lambda e: (tree.length_mm[e.node] + e.length_mm, e))
        nodes = [first.node]
        while (before := tree.before[nodes[-1]][0]) != _START:
            nodes.append(before)
        last = tree.exits[nodes[-1]]
        return tidy([first.edge, first.bend, *map(self.point, nodes), last.bend, last.edge])


def spread(low: float, high: float, at: int, share: float) -> list[int]:
    """Lines at even distances, and ever closer ones about a place; those of another share lie beside them."""
    step = max(_SPREAD_MM, ceil((high - low) / _SPREAD_COUNT))
    lines, off = list(range(int(low + step * share), int(high), step)), _CLOSE_MM * share
    while off < 2 * step:
        off *= _WIDENING
        lines += [at - int(off), at + int(off)]
    return lines


def length(points: Sequence[Point]) -> int:
    """Of right-angled segments, in mm."""
    return sum(abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in pairwise(points))


def tidy(points: Iterable[Point]) -> Points:
    """Without repeated points and those between neighbours on one line; two points even where all are the same."""
    kept: list[Point] = []
    for point in points:
        if kept and point == kept[-1]:
            continue
        while len(kept) > 1 and (kept[-2][0] == kept[-1][0] == point[0] or kept[-2][1] == kept[-1][1] == point[1]):
            kept.pop()
        if not kept or point != kept[-1]:
            kept.append(point)
    return tuple(kept) if len(kept) > 1 else (kept[0], kept[0])
